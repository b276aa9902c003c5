"""One example's input reaches another example's output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop, quiet_copy
from whynet.doctor.tracing import tensors
from whynet.text import Text

Call = Callable[[Tensor], Any]
ANSWERS = ("label", "num_items")  # what a model that computes its own loss is given for it
EXAMPLES = 6  # of a batch that are looked at
CHANGED = 1e-3  # of the spread of an output; rounding moves it by 1e-6


@wiring_fault(
    year=2019,
    source="Karpathy, A recipe for training neural networks (2019): use backprop to chart dependencies",
    en="Examples of a batch are mixed with each other, as by view in place of permute.",
    ko="permute 대신 view를 쓸 때처럼 배치의 예제들이 서로 섞인다.",
)
class BatchLeakage(Fault):
    """∂ output_i / ∂ input_j ≠ 0 for examples i ≠ j, in evaluation mode (Karpathy 2019).

    Proved on a copy: examples that are independent have a gradient of exactly zero. Whole-number inputs have no gradient; there one
    example is put in place of another, and an output that it is not the input of moves by more than 10⁻³ of its spread (rounding:
    10⁻⁶). Batch normalisation mixes examples by design, so the copy uses its stored statistics; where it has none it is passed by.
    A sequence may have time before batch, so leakage counts only if no axis of the input is independent. Networks given more than
    one tensor, as a graph and its edges, are not looked at.
    """

    name = "batch-leakage"
    title = Text("examples mixed within the batch", "배치 안에서 섞인 예제")
    explanation = Text(
        "view and reshape only lay the numbers out anew; they do not swap axes. Used in place of permute or transpose they hand "
        "pieces of one example to another, and no output belongs to its input any more.",
        "view와 reshape는 수를 새로 나눌 뿐 축을 바꾸지 않는다. permute나 transpose 대신 쓰면 한 예제의 조각이 다른 예제로 넘어가고, "
        "어떤 출력도 더는 자기 입력의 것이 아니다.",
    )
    place = "network"

    def notice(self, loop: Loop) -> Suspicion:
        if loop.batch is None:
            return self.nothing()
        module = quiet_copy(loop.batch_of or loop.module)
        _without_batch_statistics(module)
        how = _call(module, *loop.batch, loop.own_loss)
        if how is None:
            return self.nothing()
        leaks = _leaks(*how)
        if leaks is None:
            return self.nothing()
        pairs, n = leaks
        seen = _PAIRS.fill(pairs=pairs, n=n)
        return self.held([Evidence(_WHAT, seen, _NONE, "for" if pairs else "against")], PROVED if pairs else 0.0)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("- x = x.view(N, T, D)", "+ x = x.permute(1, 0, 2)  # swaps axes, keeps examples whole"))


def _call(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], own_loss: bool) -> tuple[Call, Tensor] | None:
    """How the model is called with other inputs, and those it had; None where these are not one tensor.

    A model that computes its own loss is called without the labels, and its masks stay: only the tokens are exchanged.
    """
    given = list(tensors([args, kwargs]))
    if len(args) == 1 and len(given) == 1 and given[0].ndim >= 2:
        return lambda x: module(x, **kwargs), given[0]
    tokens = kwargs.get("input_ids")
    if own_loss and not args and isinstance(tokens, Tensor) and tokens.ndim == 2:
        rest = {name: value for name, value in kwargs.items() if name != "input_ids" and not name.startswith(ANSWERS)}
        return lambda x: module(input_ids=x, **rest), tokens
    return None


def _leaks(call: Call, x: Tensor) -> tuple[int, int] | None:
    """Pairs of examples that reach each other, of how many; for the axis with the fewest. None where no axis can be told."""
    found: list[tuple[int, int]] = []
    few = x
    if x.shape[0] > EXAMPLES and x.ndim != 3 and not _is_tokens(x):
        few = x[:EXAMPLES]  # time may stand first in others
    for axis in range(min(2, few.ndim)):
        with torch.enable_grad():
            counted = _along(call, few, axis)
        if counted is not None:
            if counted[0] == 0:
                return counted
            found.append(counted)
        if few.ndim != 3 and not _is_tokens(x):
            break
    return min(found) if found else None


def _is_tokens(x: Tensor) -> bool:
    return not x.is_floating_point() and x.ndim == 2


def _along(call: Call, x: Tensor, axis: int) -> tuple[int, int] | None:
    n = x.shape[axis]
    looked = min(n, EXAMPLES)
    if n < 2:
        return None
    x = x.detach().clone()
    if x.is_floating_point():
        x.requires_grad_(True)
    out = next(tensors(call(x)), None)
    if out is None or not out.is_floating_point() or not bool(out.isfinite().all()):
        return None
    places = [place for place in range(out.ndim) if out.shape[place] == n][:2]
    best: tuple[int, int] | None = None
    for place in places:
        if x.is_floating_point():
            if not out.requires_grad:
                return None
            reached = _by_gradient(x, out, axis, place, looked)
        else:
            reached = _by_exchange(call, x, out, axis, place, looked)
        if best is None or reached < best[0]:
            best = (reached, looked * (n - 1))
    return best


def _by_gradient(x: Tensor, out: Tensor, axis: int, place: int, looked: int) -> int:
    reached = 0
    for i in range(looked):
        part = out.select(place, i)
        weights = torch.linspace(1.0, 2.0, part.numel(), dtype=part.dtype, device=part.device).view_as(
            part
        )  # softmax sums to 1
        (gradient,) = torch.autograd.grad((part * weights).sum(), x, retain_graph=True, allow_unused=True)
        if gradient is None:
            continue
        sound = gradient.nan_to_num(0.0, 0.0, 0.0)  # weights beyond all bounds say nothing of who reaches whom
        touched = sound.movedim(axis, 0).flatten(1).ne(0).any(dim=1)
        touched[i] = False
        reached += int(touched.sum())
    return reached


def _by_exchange(call: Call, x: Tensor, out: Tensor, axis: int, place: int, looked: int) -> int:
    reached = 0
    with torch.no_grad():
        before = out.detach().movedim(place, 0).flatten(1)
        spread = float(before.std()) + 1e-12
        for j in range(looked):
            changed = x.clone().movedim(axis, 0)
            changed[j] = changed[(j + 1) % len(changed)]
            after = next(tensors(call(changed.movedim(0, axis)))).movedim(place, 0).flatten(1)
            touched = (after - before).abs().amax(dim=1) > CHANGED * spread
            touched[j] = False
            reached += int(touched.sum())
    return reached


def _without_batch_statistics(module: nn.Module) -> None:
    """Evaluation mode, and no normalisation over the batch."""
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(True)
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.modules.batchnorm._BatchNorm) and child.running_mean is None:
                setattr(parent, name, nn.Identity())
    for child in module.modules():
        if isinstance(child, nn.RNNBase):
            child.dropout = 0.0


_WHAT = Text("pairs of examples of which one reaches the other's output", "한쪽이 다른 쪽의 출력에 닿는 예제 쌍")
_PAIRS = Text("{pairs} of {n}", "{n}쌍 가운데 {pairs}쌍")
_NONE = Text("none", "없음")
_MEND = Text("swap axes with permute, not with view", "축은 view가 아니라 permute로 바꾼다")
