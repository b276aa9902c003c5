"""What was seen of a user's training loop: plain facts, gathered while it ran, for every fault to look at."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from whynet.doctor.hidden import Hidden, hidden_at_start
from whynet.doctor.inputs_seen import AtTheDoor, InputsSeen
from whynet.doctor.reach import Targets
from whynet.doctor.recording import Recorder

MODE_SENSITIVE = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
BELONGS_TO = ("_trainer", "_fabric")  # attributes of a Lightning module that hold who trains it
MOST_EXAMPLES = 100_000  # whose fingerprints are kept


@dataclass(frozen=True)
class LossCall:
    """One call of a known loss function on something computed from the model's outputs."""

    step: int
    name: str  # as in torch.nn.functional
    input_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    reduction: str
    last_operation: str  # that made what the loss received: softmax, relu, …; empty where it is something else
    rows_sum: bool  # what it received are probabilities, in every row
    columns_sum: bool  # …or down every column of the batch
    training: bool  # a gradient can flow back from it
    value: float
    labels: Tensor | None = None  # whole-number targets, (N,)
    fingerprints: tuple[int, ...] = ()  # of the inputs they belong to
    targets: Targets | None = None  # where something bounds what can reach them, and a gradient can flow back


@dataclass(frozen=True)
class Operation:
    """One operation on something computed from the model's outputs, outside of the model."""

    step: int
    name: str
    after: tuple[str, ...]  # the operations between the outputs and it
    shape: tuple[int, ...]  # of what it worked on
    other_shape: tuple[int, ...] | None  # of the tensor beside it, where there is one
    result_shape: tuple[int, ...]
    axis: int | None
    number: float | None  # the number beside it: x > 0.5
    floating: bool  # what it worked on holds no whole numbers
    other_floating: bool | None
    spread: tuple[float, float]  # least and greatest of what it worked on
    other_followed: bool = False  # the tensor beside it comes from the outputs too


@dataclass(frozen=True)
class Judged:
    """A forward pass that no update followed, and whose outputs were held against targets."""

    after_step: int
    training: bool  # some batch normalisation or dropout was in training mode
    examples: tuple[int, ...] = ()  # fingerprints


@dataclass(frozen=True)
class Reported:
    """An accuracy that the loop itself reports, and what was counted."""

    name: str
    said: float
    measured: float
    batches: int


@dataclass
class Loop:
    """Everything seen so far."""

    module: nn.Module
    names: dict[int, str]  # id of a parameter to its name
    trainable: frozenset[str]  # that ask for a gradient, at the start
    fresh: frozenset[str]  # that hold what torch's own initialisation puts there, at the start
    owners: dict[str, str]  # parameter to the name of the module that holds it
    held: set[str] = field(default_factory=set)  # parameters in some optimizer
    hidden: tuple[Hidden, ...] = ()  # parameters in plain containers, which the model does not know as its own
    held_by_key: set[int] = field(default_factory=set)  # identities of all that some optimizer moves
    foreign: int = 0  # parameters in the given optimizers that are none of the model's
    optimizers: list[torch.optim.Optimizer] = field(default_factory=list)

    steps: int = 0
    carried: int = 0  # steps whose gradient still held that of the step before
    checked: int = 0  # steps for which that is known
    negative_rates: list[tuple[int, float]] = field(default_factory=list)
    along: list[float] = field(default_factory=list)  # cosine of update and gradient
    maximizes: bool = False
    negated: list[int] = field(default_factory=list)  # steps at which the opposite of a loss was sent back
    likelihoods: list[tuple[int, float]] = field(
        default_factory=list
    )  # steps at which log-probabilities of targets were sent back as they are, and the factor before them
    graded: set[str] = field(default_factory=set)  # parameters that had a gradient at some step
    watched_grades: int = 0  # steps at which that was looked at
    called: set[str] = field(default_factory=set)  # modules that took part in some forward pass
    without_graph: int = 0  # training forward passes whose outputs know no graph
    with_graph: int = 0

    calls: list[LossCall] = field(default_factory=list)
    refused: list[LossCall] = field(default_factory=list)  # that raised an error, for their targets
    operations: list[Operation] = field(default_factory=list)
    outputs: list[OutputFacts] = field(default_factory=list)
    losses: list[tuple[int, float]] = field(default_factory=list)  # of the watched steps: what was sent back
    labels: dict[int, list[Tensor]] = field(default_factory=dict)  # by step
    label_of: dict[int, set[float]] = field(default_factory=lambda: defaultdict(set))  # fingerprint to the labels it came with
    visits: Counter[int] = field(default_factory=Counter)  # how often a fingerprint came with a label

    modes: list[tuple[int, bool]] = field(default_factory=list)  # step from which on training ran in training mode or not
    judged: list[Judged] = field(default_factory=list)
    trained_on: set[int] = field(default_factory=set)  # fingerprints
    train_visits: int = 0  # how often one of them was trained on
    looked: int = 0  # examples whose batch was looked through for equal ones
    twins: int = 0  # of them, those that equal another of their batch
    reported: list[Reported] = field(default_factory=list)

    recorder: Recorder = field(default_factory=Recorder)  # what it takes to run the loop again
    door: AtTheDoor = field(default_factory=AtTheDoor)  # sees what reaches the first layer
    own_loss: bool = False  # whether the model computes its loss itself
    batch: tuple[tuple[Any, ...], dict[str, Any]] | None = None  # the last watched training input
    batch_of: nn.Module | None = None  # the module that it went into: the whole, or the part that the loop calls
    target: Tensor | None = None
    probes: dict[str, dict[str, list[tuple[int, float]]]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # file and line of step
    error: BaseException | None = None
    troubles: list[str] = field(default_factory=list)  # what could not be looked at, and why

    @property
    def training_calls(self) -> list[LossCall]:
        """The loss calls that were trained on."""
        return [call for call in self.calls if call.training]

    @property
    def trained_towards(self) -> list[tuple[LossCall, Targets]]:
        """The calls that were trained on, or would have been, with their targets where something bounds what can reach them."""
        return [(call, call.targets) for call in (*self.training_calls, *self.refused) if call.targets is not None]

    @property
    def inputs(self) -> InputsSeen | None:
        """What reached the first layer, where that is linear and takes rows of features."""
        return self.door.seen

    @property
    def sensitive(self) -> list[nn.Module]:
        """The modules that act differently in training and evaluation."""
        return [m for m in self.module.modules() if isinstance(m, MODE_SENSITIVE) and getattr(m, "p", 1.0) > 0]

    def measure(self, probe: str, layer: str, value: float) -> None:
        """Keep one reading of this step."""
        self.probes.setdefault(probe, {}).setdefault(layer, []).append((self.steps + 1, value))


@dataclass(frozen=True)
class OutputFacts:
    """What the model put out in one watched forward pass."""

    step: int
    shape: tuple[int, ...]
    last_operation: str
    rows_sum: bool
    columns_sum: bool


def loop_of(module: nn.Module, optimizers: list[torch.optim.Optimizer]) -> Loop:
    """An empty record, with what is known before the first step."""
    names = {id(p): name for name, p in module.named_parameters()}
    owners = {name: name.rpartition(".")[0] for name in names.values()}
    trainable = frozenset(name for name, p in module.named_parameters() if p.requires_grad)
    loop = Loop(module, names, trainable, fresh_parameters(module), owners, optimizers=list(optimizers))
    loop.hidden = hidden_at_start(module)
    known = {*names, *(one.key for one in loop.hidden)}
    for optimizer in optimizers:
        hold(loop, optimizer)
        loop.foreign += sum(id(p) not in known for group in optimizer.param_groups for p in group["params"])
    return loop


def hold(loop: Loop, optimizer: torch.optim.Optimizer) -> None:
    """Note which parameters an optimizer moves."""
    for group in optimizer.param_groups:
        loop.held_by_key.update(id(p) for p in group["params"])
        loop.held.update(loop.names[id(p)] for p in group["params"] if id(p) in loop.names)


def quiet_copy(module: nn.Module) -> nn.Module:
    """A copy that runs none of the user's hooks; those of torch itself, such as weight normalisation, stay.

    The trainer that a Lightning module holds on to is not copied with it: all data and all callbacks hang on that.
    """
    held = [one for child in module.modules() for name in BELONGS_TO if (one := vars(child).get(name)) is not None]
    made = copy.deepcopy(module, {id(one): one for one in held})
    for child in made.modules():
        for hooks in (child._forward_hooks, child._forward_pre_hooks, child._backward_hooks, child._backward_pre_hooks):
            for key in [key for key, hook in hooks.items() if not type(hook).__module__.startswith("torch.")]:
                del hooks[key]
    return made


# --- what torch's own initialisation leaves ---------------------------------------------------------------------------


def fresh_parameters(module: nn.Module) -> frozenset[str]:
    """The parameters of linear, convolution, recurrent, embedding and normalisation layers that were never trained.

    torch draws weights of linear and convolution layers from U(-1/√n, 1/√n) for n inputs of a unit (He et al. 2015 with a = √5), those
    of recurrent layers with n hidden units: none is beyond the bound, and their spread is 1/√(3n). Trained weights leave the
    bound. Embeddings are drawn from N(0, 1); normalisation starts at ones, with no batch counted.
    """
    found: set[str] = set()
    with torch.no_grad():
        for path, child in module.named_modules():
            for name, parameter in child.named_parameters(recurse=False):
                if not parameter.is_meta and parameter.is_floating_point() and _is_fresh(child, name, parameter.detach()):
                    found.add(f"{path}.{name}" if path else name)
    return frozenset(found)


def _is_fresh(owner: nn.Module, name: str, value: Tensor) -> bool:
    if isinstance(owner, nn.Linear | nn.modules.conv._ConvNd):
        return _uniform(value, 1 / max(1, owner.weight[0].numel()) ** 0.5)
    if isinstance(owner, nn.RNNBase):
        return _uniform(value, 1 / owner.hidden_size**0.5)
    if isinstance(owner, nn.Embedding):
        return value.numel() >= 100 and abs(float(value.std()) - 1) < 0.15 and abs(float(value.mean())) < 0.3
    if isinstance(owner, nn.modules.batchnorm._NormBase):
        return not int(getattr(owner, "num_batches_tracked", None) or 0) and bool((value == (name == "weight")).all())
    return False


def _uniform(value: Tensor, bound: float) -> bool:
    """Within the bound, and spread out in it as a uniform draw is, as far as the number of draws tells (3 standard errors)."""
    if float(value.abs().max()) > bound * (1 + 1e-5):
        return False
    if value.numel() < 8:
        return float(value.abs().max()) > 0
    spread = float(value.square().mean().sqrt()) / (bound / 3**0.5)
    return (
        abs(spread - 1) < 3 * 0.45 / value.numel() ** 0.5 + 0.02
    )  # the standard error of a uniform draw's spread is 0.45 / √n


def looks_like_distribution(values: Tensor, axis: int) -> bool:
    """Whether the values along one axis of (N, K) are probabilities: not negative, summing to 1."""
    if values.ndim != 2 or values.shape[axis] < 2 or not values.is_floating_point():
        return False
    return bool(((values >= 0).all() & ((values.sum(dim=axis) - 1).abs() < 1e-3).all()).item())
