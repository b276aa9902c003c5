"""One training on several processes, each with its share of every batch.

    torchrun --nproc-per-node 2 -m whynet fit digits mlp

The training equals that of one process up to rounding. Every process gathers the whole batch and draws the noise of all of it, then
works on its own rows; its loss and gradient count by their share of the examples and are added up, in one message of P + 1 numbers,
before clipping and the update, which all do alike. Batch norm takes its statistics over the whole batch. The first process alone
evaluates, and tells the others, so that all stop at the same step.

Not `DistributedDataParallel`: it listens to autograd filling ``.grad`` of a module's parameters, and the functional step has neither.
The sum is a functional collective, an operation like any other, so that a traced step contains it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from whynet.engine.arm import Arm
from whynet.engine.network import clone
from whynet.engine.noise import Rows
from whynet.errors import RecipeError, TrainingError
from whynet.text import Text

T = TypeVar("T")
CLOSE = 1e-4  # relative; of the loss of a batch and the mean of its parts'


@dataclass(frozen=True)
class Ranks:
    """The processes that train together, and which of them this is."""

    rank: int
    world: int
    group: str

    def rows(self, whole: int) -> Rows:
        """This process's share of a batch; all of one with fewer examples than there are processes, which then all do the same."""
        if whole < self.world:
            return Rows(0, whole, whole)
        return Rows(whole * self.rank // self.world, whole * (self.rank + 1) // self.world, whole)

    def counted(self, whole: int) -> int:
        """Rows of a batch that all processes work on together."""
        return whole if whole >= self.world else whole * self.world

    def sum(self, value: Tensor) -> Tensor:
        """The sum of a tensor over all processes, the same bits in each."""
        collective = torch.ops._c10d_functional
        return collective.wait_tensor(collective.all_reduce(value.contiguous(), "sum", self.group))


_ranks: ContextVar[Ranks | None] = ContextVar("ranks", default=None)


def ranks() -> Ranks | None:
    """The processes this one trains together with; None where it trains alone."""
    return _ranks.get()


def launched() -> int:
    """How many processes ``torchrun`` started together with this one; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", 1)) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def leads() -> bool:
    """Whether this process is the one that evaluates, stores and prints."""
    return int(os.environ.get("RANK", 0)) == 0 or launched() == 1


@contextmanager
def together() -> Iterator[Ranks | None]:
    """Inside the block a training is shared with the processes that ``torchrun`` started; an ordinary one where it did not."""
    if launched() == 1:
        yield None
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend)
    made = Ranks(dist.get_rank(), dist.get_world_size(), str(dist.group.WORLD.group_name))  # type: ignore[union-attr]
    before = _ranks.set(made)
    try:
        yield made
        dist.barrier()  # whoever ends while others still talk takes their connections down
    finally:
        _ranks.reset(before)
        dist.destroy_process_group()


def leave(code: int) -> NoReturn:
    """End a process that ``torchrun`` started, with everything written and nothing taken down.

    Python's own way out destroys what PyTorch's communication threads still run on, and now and then one of them aborts the process
    after all is done ("terminate called without an active exception").
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def told(find: Callable[[], T]) -> T:
    """What the first process finds, in every process."""
    if (here := ranks()) is None:
        return find()
    box = [find() if here.rank == 0 else None]
    dist.broadcast_object_list(box, src=0, device=torch.device("cpu"))
    return box[0]  # type: ignore[return-value]


def check(arms: list[Arm], here: Ranks) -> None:
    """Raise where a training cannot be shared: several arms, too small a batch, or a loss that is no mean over examples."""
    if len(arms) > 1:
        raise TrainingError(SEVERAL, world=here.world)
    arm = arms[0]
    if arm.batch_size < here.world:
        raise RecipeError(_SMALL, batch=arm.batch_size, world=here.world)
    index = arm.order(0)[0]
    x, y = arm.dataset.train.pool_x[index], arm.dataset.train.pool_y[index]
    arm.network.eval()
    with torch.no_grad():
        answers = arm.network(arm.network.initial, clone(arm.network.buffers), x)
        whole, parts = float(arm.loss(answers, y)), 0.0
        for rank in range(here.world):
            own = Ranks(rank, here.world, "").rows(len(x))
            parts += float(arm.loss(answers[own.start : own.stop], y[own.start : own.stop])) * (own.stop - own.start) / len(x)
    if abs(whole - parts) > CLOSE * abs(whole):
        raise RecipeError(_NO_MEAN, loss=str(arm.recipe.loss), whole=whole, parts=parts)


class SharedStatistics(TorchFunctionMode):
    """Inside the block `torch.nn.functional.batch_norm` takes its statistics over the rows of all processes."""

    def __init__(self, here: Ranks, whole: int) -> None:
        super().__init__()
        self.here, self.whole = here, whole

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function is F.batch_norm:
            return self._batch_norm(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))

    def _batch_norm(
        self, input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
        bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
    ) -> Tensor:  # fmt: skip
        """As `whynet.engine.batch_norm`; n is the number of values of a channel in the whole batch."""
        if not training:
            return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
        axes = [0, *range(2, input.ndim)]
        channels = [1, -1] + [1] * (input.ndim - 2)
        places = input.numel() // (input.shape[0] * input.shape[1])
        n = self.here.counted(self.whole) * places
        mean = _summed(input.sum(axes), self.here) / n  # (C,)
        centred = input - mean.view(channels)
        var = _summed(centred.square().sum(axes), self.here) / n  # (C,)
        distinct = self.whole * places  # what torch's unbiased estimate counts
        with torch.no_grad():
            if running_mean is not None:
                running_mean.mul_(1 - momentum).add_(mean.detach(), alpha=momentum)
            if running_var is not None:
                running_var.mul_(1 - momentum).add_(var.detach(), alpha=momentum * distinct / (distinct - 1))
        output = centred * (var + eps).rsqrt().view(channels)
        if weight is not None:
            output = output * weight.view(channels)
        return output if bias is None else output + bias.view(channels)


def _summed(value: Tensor, here: Ranks) -> Tensor:
    return _Sum.apply(value, here)  # type: ignore[no-untyped-call]


class _Sum(torch.autograd.Function):
    """The sum over processes. Every process's loss depends on it, so its gradient is summed over them as well."""

    @staticmethod
    def forward(value: Tensor, here: Ranks) -> Tensor:
        return here.sum(value)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Ranks], output: Tensor) -> None:
        ctx.here = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _summed(
            gradients[0], ctx.here
        ), None  # below the transform that asks, as the collective itself cannot run in one


SEVERAL = Text(
    "{world} processes of torchrun share one training, and this is about several. Without torchrun, --workers N trains them side by "
    "side on one machine, --on ray on many.",
    "torchrun의 프로세스 {world}개는 학습 하나를 나누어 하는데, 여기서는 여러 학습이 필요하다. torchrun 없이 --workers N을 쓰면 "
    "한 컴퓨터에서, --on ray를 쓰면 여러 컴퓨터에서 나란히 학습한다.",
)
_SMALL = Text(
    "A batch of {batch} examples cannot be shared by {world} processes. Give a batch_size of {world} or more, or start fewer processes.",
    "예제 {batch}개짜리 배치는 프로세스 {world}개가 나눌 수 없다. batch_size를 {world} 이상으로 하거나 프로세스를 줄인다.",
)
_NO_MEAN = Text(
    "The loss {loss} is not a mean over examples ({whole:.6g} for a batch, {parts:.6g} as the mean of its parts), so processes cannot "
    "share its batches. Train it in one process.",
    "손실 함수 {loss:은} 예제에 대한 평균이 아니어서(배치 전체 {whole:.6g}, 나눈 것의 평균 {parts:.6g}) 여러 프로세스가 배치를 나눌 수 "
    "없다. 프로세스 하나에서 학습한다.",
)
