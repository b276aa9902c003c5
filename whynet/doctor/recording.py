"""Records what a loop trained on, a few batches of it, so that the loop can be run again on copies after it has ended."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

MOST_BATCHES = 16
MOST_BYTES = 64 * 2**20  # of batches, and as many of weights
OWN_KEYS = {"params", "initial_lr"}  # of a parameter group, that no optimizer is made with


@dataclass(frozen=True)
class Recorded:
    """One training batch, and the loss that was sent back for it."""

    step: int
    part: nn.Module  # that was called: the whole model, or a part of it that the loop runs
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: int  # which of the tensors that the part gave back went into the loss, or is the loss
    shape: tuple[int, ...]  # in which the loss received it
    loss: Callable[..., Tensor] | None  # None: the model computes its own
    given: tuple[Any, ...]  # to the loss, after the outputs
    named: Mapping[str, Any]
    value: float
    flipped: bool  # minus the loss was sent back


@dataclass(frozen=True)
class Setting:
    """How an optimizer was made: its kind, what each group was given, and the names of the parameters in it."""

    kind: type[torch.optim.Optimizer]
    groups: Sequence[tuple[Sequence[str], Mapping[str, Any]]]

    @property
    def again(self) -> bool:
        """Whether another like it can be made: one of torch's own, whose step needs no closure."""
        return self.kind.__module__.startswith("torch.optim") and self.kind is not torch.optim.LBFGS


@dataclass
class Recorder:
    """Puts together, over one watched step, the batch, its loss and what was sent back; keeps it if these three agree."""

    batches: list[Recorded] = field(default_factory=list)
    start: dict[str, Tensor] = field(
        default_factory=dict
    )  # weights and buffers before the first step; empty: too large to keep
    flags: dict[str, bool] = field(default_factory=dict)  # module to whether it was in training mode
    settings: list[Setting] = field(default_factory=list)
    passes: int = 0  # watched steps of which one could have been kept
    _bytes: int = 0
    _heard: list[Recorded] = field(default_factory=list)  # the losses of the step at hand
    _sent: list[float] = field(default_factory=list)

    def begin(self, module: nn.Module) -> None:
        """Before the first step: where the weights start."""
        held = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        plain = all(type(t) in (Tensor, nn.Parameter) and not t.is_meta and not t.is_sparse for t in held.values())
        if plain and sum(t.numel() * t.element_size() for t in held.values()) <= MOST_BYTES:
            self.start = {name: value.detach().clone() for name, value in held.items()}

    def setting(self, optimizer: torch.optim.Optimizer, names: Mapping[int, str]) -> None:
        """How an optimizer is made, while its rate still is the one it starts with."""
        takes = set(inspect.signature(type(optimizer).__init__).parameters)
        groups = [
            (
                [names[id(p)] for p in group["params"] if id(p) in names],
                {key: value for key, value in group.items() if key in takes and key not in OWN_KEYS},
            )
            for group in optimizer.param_groups
        ]
        self.settings.append(Setting(type(optimizer), groups))

    @property
    def full(self) -> bool:
        """Whether no more batches are kept."""
        return len(self.batches) >= MOST_BATCHES or self._bytes >= MOST_BYTES or not self.start

    def loss(self, one: Recorded) -> None:
        """A loss of the step at hand."""
        self._heard.append(one)

    def sent(self, value: float) -> None:
        """What was sent back."""
        self._sent.append(value)

    def step(self, module: nn.Module, passes: int) -> None:
        """The watched step was taken, after so many forward passes: keep its batch, if it was one batch and its loss alone."""
        heard, sent = self._heard, self._sent
        self._heard, self._sent = [], []
        self.passes += 1
        if passes != 1 or len(heard) != 1 or len(sent) != 1 or self.full:
            return
        one = heard[0]
        if abs(abs(sent[0]) - abs(one.value)) > 1e-4 * abs(one.value) + 1e-8:
            return
        self._bytes += _size([one.args, one.kwargs, one.given, one.named])
        if not self.flags:
            self.flags = {name: child.training for name, child in module.named_modules()}
        self.batches.append(one if sent[0] * one.value >= 0 else _flipped(one))


def _flipped(one: Recorded) -> Recorded:
    return Recorded(**{**vars(one), "flipped": True})


def _size(value: Any) -> int:
    if isinstance(value, Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 0


def which(outputs: Sequence[Tensor], received: Tensor) -> int | None:
    """Which of the outputs the loss received, at most in another shape; None where something else was done with it first."""
    for i, one in enumerate(outputs):
        same = one.numel() == received.numel() and one.dtype == received.dtype
        if same and (one is received or torch.equal(one.detach().reshape(received.shape), received.detach())):
            return i
    return None


def copied(value: Any) -> Any:
    """The value, with tensors of their own."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, Mapping):
        return {key: copied(one) for key, one in value.items()}
    return type(value)(map(copied, value)) if type(value) in (list, tuple) else value
