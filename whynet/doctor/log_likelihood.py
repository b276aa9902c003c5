"""Follows log-probabilities through a loss that is written by hand, to tell whether they are sent back without their minus."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

MAKES = {"softmax", "log_softmax", "log", "sub", "exp"}  # that may put out (log-)probabilities of classes
MOVES = {
    "view", "reshape", "squeeze", "unsqueeze", "flatten", "float", "double", "to", "contiguous", "ravel", "permute", "transpose", "clone",
    "movedim", "swapaxes", "view_as", "expand",
}  # fmt: skip
REDUCES = {"mean", "sum", "nanmean", "nansum"}
PICKS = {"gather", "take_along_dim", "__getitem__", "diagonal", "diag"}
ADDS = {"add", "__iadd__", "add_"}
LEAST = 1e-3  # a number this small, added to a probability, only keeps its logarithm finite


@dataclass(frozen=True)
class State:
    """What a tensor is known to be."""

    logs: bool  # log-probabilities, else probabilities
    axis: int | None  # of the classes; None once the target's class has been picked
    factor: float = 1.0  # it was multiplied by since
    several: bool = True  # there is more than one


class Likelihoods:
    """Between a forward pass and the next: which tensors are (log-)probabilities of classes, and which of the target's class alone.

    Only what leaves no doubt is followed: picking by whole numbers that do not come from the outputs themselves, sums and means, changes of
    shape, and positive numbers. A product with a tensor is followed where its rows are shares of classes that add up to 1; any other is a
    weight that may be negative, such as an advantage, and ends it.
    """

    def __init__(self) -> None:
        self._known: dict[int, State] = {}

    def begin(self, outputs: Iterable[Tensor]) -> None:
        """From these outputs on."""
        self._known = {id(one): state for one in outputs if (state := read(one)) is not None}

    def sent(self, loss: Tensor) -> float | None:
        """The factor before the log-probabilities, where nothing else was sent back; None where something was, or they have a minus."""
        state = self._known.get(id(loss))
        return state.factor if state is not None and state.logs and state.axis is None else None

    def note(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any, followed: Container[int]) -> None:
        """One operation on something that comes from the outputs; followed: the identities of all that does."""
        if not isinstance(result, Tensor) or not result.is_floating_point():
            return
        given = next((one for one in (*args, *kwargs.values()) if isinstance(one, Tensor) and id(one) in self._known), None)
        made = None if given is None else _after(Done(name, given, args, kwargs, result, followed), self._known)
        if made is None and name in MAKES:
            made = read(result)
        self._known.pop(id(result), None)  # what works in place gives back what it was given
        if made is not None:
            self._known[id(result)] = made


@dataclass(frozen=True)
class Done:
    """One operation."""

    name: str
    source: Tensor
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Tensor
    followed: Container[int]

    @property
    def other(self) -> Any:
        """What stands beside the source, where that is one thing."""
        others = [one for one in (*self.args, *self.kwargs.values()) if one is not self.source]
        return others[0] if len(others) == 1 else None

    def chooses(self, index: Any) -> bool:
        """Whether these are whole numbers that do not come from the outputs: classes that were given, not ones that were drawn."""
        whole = isinstance(index, Tensor) and not index.is_floating_point() and index.dtype is not torch.bool
        return whole and id(index) not in self.followed


def read(values: Tensor) -> State | None:
    """Whether they are probabilities of classes or logarithms of them, along the last axis or the second. O(B K)."""
    if not values.is_floating_point() or values.ndim < 2 or not values.numel():
        return None
    plain = values.detach()
    low, high = (float(v) for v in torch.aminmax(plain))
    logs = high <= 1e-6 and low < 0
    if not logs and not (low >= 0 and high <= 1 + 1e-3):
        return None
    shares = plain.exp() if logs else plain
    for axis in dict.fromkeys((values.ndim - 1, 1)):
        if values.shape[axis] > 1 and bool(((shares.sum(dim=axis) - 1).abs() < 1e-3).all()):
            return State(logs, axis)
    return None


def _after(done: Done, known: Mapping[int, State]) -> State | None:
    """What an operation makes of it; None where that is no longer certain."""
    name, state = done.name, known[id(done.source)]
    if name in MOVES:
        return read(done.result) if state.axis is not None else state
    if name == "log" and not state.logs:
        return replace(state, logs=True)
    if name in ("mul", "div"):
        return _scaled(done, state)
    if name in ADDS:
        return _added(done, state, known)
    if name == "clamp" and not state.logs:
        return state
    if state.axis is None:
        return state if name in REDUCES or name == "__getitem__" else None
    if name == "__getitem__":
        return _indexed(done, state, state.axis)
    return _picked(done, state, state.axis) if name in PICKS else None


def _indexed(done: Done, state: State, axis: int) -> State | None:
    """The target's class by ``p[range(n), y]`` or by a mask with one place in each row; else what part of the rows is left."""
    chosen = replace(state, axis=None, several=done.result.numel() > 1)
    index, shape = done.args[1], done.source.shape
    if isinstance(index, Tensor) and index.dtype is torch.bool and index.shape == shape:
        return chosen if id(index) not in done.followed and bool((index.sum(dim=axis) == 1).all()) else None
    last = index[-1] if isinstance(index, tuple) and len(index) == len(shape) and axis == len(shape) - 1 else None
    if last is None or not done.chooses(last):
        return read(done.result)
    return chosen if done.result.numel() == last.numel() else None


def _picked(done: Done, state: State, axis: int) -> State | None:
    """The target's class by gathering, or each example's own partner among those of the batch, on the diagonal."""
    chosen = replace(state, axis=None, several=done.result.numel() > 1)
    if done.name in ("diagonal", "diag"):
        return chosen if done.source.ndim == 2 and done.source.shape[0] == done.source.shape[1] else None
    beside = (*done.args[1:], *done.kwargs.values())
    index = next((one for one in beside if isinstance(one, Tensor)), None)
    dim = next((one for one in beside if isinstance(one, int)), None)
    along = dim is not None and dim % done.source.ndim == axis and done.result.shape[dim] == 1
    return chosen if along and done.chooses(index) else None


def _scaled(done: Done, state: State) -> State | None:
    """Times or over a positive number, or times shares of classes."""
    other, number = done.other, done.other
    if isinstance(other, Tensor):
        if id(other) in done.followed or other.requires_grad:
            return None
        if other.numel() > 1:
            shares = state.logs and state.axis is not None and done.name == "mul" and other.shape == done.source.shape
            if not shares or bool((other < 0).any()) or not bool(((other.sum(dim=state.axis) - 1).abs() < 1e-3).all()):
                return None
            return replace(state, axis=None)
        number = float(other)
    if not isinstance(number, int | float) or isinstance(number, bool) or not number > 0 or state.axis is not None:
        return None
    if done.name == "div":
        return state  # by how many there are
    return replace(state, factor=state.factor * number) if state.several else None  # of one alone it may be a reward


def _added(done: Done, state: State, known: Mapping[int, State]) -> State | None:
    """More of the same, a constant, or what keeps a logarithm finite."""
    other = done.other
    if isinstance(other, Tensor):
        if state.axis is not None:
            return None
        node = done.result.grad_fn
        learns = 0 if node is None else sum(before is not None for before, _ in node.next_functions)
        constant = (
            id(other) not in done.followed and learns == 1
        )  # asked of the graph, for the sum may have been taken in place
        return state if known.get(id(other)) == state or (constant and state.logs) else None
    if not isinstance(other, int | float):
        return None
    harmless = state.axis is None if state.logs else abs(other) <= LEAST
    return state if harmless else None
