"""Follows what a user's code does with the outputs of a model: which loss it calls on them, and how it counts right answers."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack, _pop_mode, _push_mode

from whynet.doctor.log_likelihood import Likelihoods
from whynet.doctor.loop import LossCall, Operation, looks_like_distribution
from whynet.doctor.reach import CLASSES, targets_of

LOSSES = {
    "cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss", "soft_margin_loss", "multi_margin_loss",
}  # fmt: skip
READS_LOGITS = {"cross_entropy", "binary_cross_entropy_with_logits"}
OF_CLASSES = {"cross_entropy", "nll_loss", "multi_margin_loss"}
ELEMENTWISE = {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"}  # these broadcast input and target
ALIAS = {
    "__eq__": "eq", "__gt__": "gt", "__ge__": "ge", "__lt__": "lt", "__le__": "le", "__rsub__": "sub", "__sub__": "sub",
    "special_log_softmax": "log_softmax", "special_softmax": "softmax", "_log_softmax": "log_softmax", "__neg__": "neg",
    "negative": "neg", "special_expit": "sigmoid", "log2": "log", "log10": "log", "true_divide": "div", "__truediv__": "div",
    "clip": "clamp", "__mul__": "mul", "__rmul__": "mul", "__add__": "add", "__radd__": "add", "multiply": "mul",
}  # fmt: skip
TOLD = {"eq", "gt", "ge", "lt", "le", "argmax", "max", "topk", "softmax", "log_softmax", "log", "round", "sub", "add", "mul"}
KEPT = 2000  # records of loss calls and other operations that are kept
Again = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]  # a function, and what it is given after the outputs


class Following(TorchFunctionMode):
    """Between a model's forward pass and the next: every operation on its outputs, and what came of it."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self.told = told
        self.paused = False
        self._followed: dict[int, tuple[Tensor, tuple[str, ...]]] = {}  # by id, which the kept tensor holds on to
        self._last: tuple[Tensor, float] | None = None  # the value of the last loss call
        self._likelihoods: Likelihoods | None = None  # where a loss may be sent back

    def follow(self, outputs: Any, learning: bool) -> None:
        """From here on, what is made of these; learning: whether a loss may be sent back."""
        self.paused = False
        self._followed = {id(one): (one, ()) for one in tensors(outputs)}
        self._last = None
        self._likelihoods = Likelihoods() if learning else None
        if self._likelihoods is not None:
            with contextlib.suppress(RuntimeError), torch.no_grad():
                self._likelihoods.begin(tensors(outputs))

    def forget(self) -> None:
        """Let go of every tensor."""
        self._followed, self._last, self._likelihoods = {}, None, None

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        try:
            result = func(*args, **kwargs)
        except (RuntimeError, IndexError):
            if name in LOSSES and not self.paused:
                self._refused(name, args, kwargs)
            raise
        if not self.paused and name != "__get__":
            try:
                with torch.no_grad():
                    self._note(ALIAS.get(name, name), func, args, kwargs, result)
            except Exception as error:  # a user's loop goes on, whatever cannot be looked at
                self.told.trouble(f"{name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
        return result

    def _note(self, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if name == "backward":
            if args and isinstance(args[0], Tensor):
                self._backward(args[0])
            return
        given = [*args, *kwargs.values()]
        found = next((self._followed[id(one)] for one in given if id(one) in self._followed), None)
        if found is None:
            return
        _, after = found
        if name in LOSSES:
            self._loss(name, func, args, kwargs, result)
        elif name in TOLD:
            self._operation(name, after, args, kwargs, result)
        if name == "broadcast_tensors":  # each is one of those given, in another shape
            made = [one for one, source in zip(result, args[-len(result) :], strict=True) if id(source) in self._followed]
        else:
            made = list(tensors(result))
        if self._likelihoods is not None:
            self._likelihoods.note(name, args, kwargs, result, self._followed)
        for one in made:
            if id(one) not in self._followed:
                self._followed[id(one)] = (one, (*after, name))

    def _loss(self, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], result: Tensor) -> None:
        received = args[0] if args else kwargs["input"]
        target = args[1] if len(args) > 1 else kwargs["target"]
        value = float(result.detach().float().mean())
        self._last = (result, value)
        labels = None
        if not target.is_floating_point() and target.ndim == 1:
            labels = target.detach().clone()
        elif name.startswith("binary") and target.numel() == target.shape[0]:
            labels = target.detach().reshape(-1).round().long()
        reduction = kwargs.get("reduction", "mean")
        if kwargs.get("reduce") is False:
            reduction = "none"
        elif kwargs.get("size_average") is False:
            reduction = "sum"
        after = self._followed.get(id(received), (None, ()))[1]
        self.told.loss(
            LossCall(
                self.told.step, name, tuple(received.shape), tuple(target.shape), reduction,
                last_operation(received) or next((o for o in reversed(after) if o not in RESHAPES), ""),
                looks_like_distribution(received.detach(), -1) if received.ndim == 2 else False,
                looks_like_distribution(received.detach(), 0) if received.ndim == 2 else False,
                result.requires_grad, value, labels, self.told.fingerprints,
                targets_of(name, received.grad_fn, target, _weight(args, kwargs))
                if result.requires_grad and reduction != "none" and not OF_CLASSES & {name} else None,
            ),
            target.detach(), received, (func, args[1:], {key: value for key, value in kwargs.items() if key != "input"}),
        )  # fmt: skip

    def _refused(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A loss that raised an error: the targets may be why."""
        with contextlib.suppress(Exception), torch.no_grad():
            received, target = args[0] if args else kwargs["input"], args[1] if len(args) > 1 else kwargs["target"]
            classes, weight = 0, _weight(args, kwargs)
            if name in CLASSES and not target.is_floating_point():
                classes, weight = received.shape[min(1, received.ndim - 1)], None
                target = target[target != kwargs.get("ignore_index", -100)]
            seen = targets_of(name, received.grad_fn, target, weight, classes)
            if seen is not None and id(received) in self._followed:
                shapes = tuple(received.shape), tuple(target.shape)
                self.told.refused(LossCall(self.told.step, name, *shapes, "", "", False, False, False, math.nan, targets=seen))

    def _operation(self, name: str, after: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        one = next(a for a in args if id(a) in self._followed)
        beside = [a for a in args if a is not one]
        other: Tensor | None = next((a for a in (*beside, kwargs.get("other")) if isinstance(a, Tensor)), None)
        number = next((float(a) for a in beside if isinstance(a, int | float) and not isinstance(a, bool)), None)
        axis = kwargs.get("dim", kwargs.get("axis"))
        if axis is None and name in ("argmax", "max", "softmax", "log_softmax") and number is not None:
            axis = int(number)
        made = next(iter(tensors(result)), None)
        plain = one.detach()
        spread = (float(plain.min()), float(plain.max())) if plain.numel() and not plain.is_complex() else (0.0, 0.0)
        self.told.operation(
            Operation(
                self.told.step, name, after, tuple(one.shape), None if other is None else tuple(other.shape),
                tuple(made.shape) if made is not None else (), axis, number, one.is_floating_point(),
                None if other is None else other.is_floating_point(), spread, other is not None and id(other) in self._followed,
            ),
            one.detach(), None if other is None else other.detach(),
        )  # fmt: skip

    def _backward(self, sent: Tensor) -> None:
        if sent.numel() != 1:
            return
        value = float(sent.detach())
        opposite = self._last is not None and value != 0 and value == -self._last[1] and sent is not self._last[0]
        self.told.backward(value, opposite, self._likelihoods.sent(sent) if self._likelihoods is not None else None)


class Told:
    """Who is told what was seen. The listener of a loop is one."""

    step: int = 0
    fingerprints: tuple[int, ...] = ()

    def trouble(self, what: str) -> None:
        """Something could not be looked at."""

    def loss(self, call: LossCall, target: Tensor, received: Tensor, again: Again) -> None:
        """A known loss function was called on what it received, and what else it takes to call it again."""

    def refused(self, call: LossCall) -> None:
        """A known loss function raised an error."""

    def operation(self, one: Operation, worked_on: Tensor, other: Tensor | None) -> None:
        """Something else was done with the outputs."""

    def backward(self, value: float, opposite: bool, likely: float | None) -> None:
        """A scalar was sent back; whether it is the opposite of the loss just computed, or log-probabilities times a positive factor."""


# --- the stack of modes, which a user may use too ----------------------------------------------------------------------


def switch_on(mode: TorchFunctionMode) -> None:
    """Put a mode on top."""
    _push_mode(mode)


def switch_off(mode: TorchFunctionMode) -> None:
    """Take a mode away, wherever it stands by now, and leave the others as they are."""
    above: list[Any] = []
    while _get_current_function_mode_stack():
        top = _pop_mode()
        if top is mode:
            break
        above.append(top)
    for one in reversed(above):
        _push_mode(one)


@contextlib.contextmanager
def switched_on(mode: TorchFunctionMode) -> Iterator[None]:
    """On inside the ``with`` block."""
    switch_on(mode)
    try:
        yield
    finally:
        switch_off(mode)


# --- small readings ----------------------------------------------------------------------------------------------------

RESHAPES = {"view", "reshape", "squeeze", "unsqueeze", "flatten", "float", "to", "__getitem__", "contiguous", "double", "ravel"}
_MADE_BY = {
    "SoftmaxBackward0": "softmax", "LogSoftmaxBackward0": "log_softmax", "ReluBackward0": "relu", "SigmoidBackward0": "sigmoid",
    "TanhBackward0": "tanh", "EluBackward0": "elu", "GeluBackward0": "gelu", "LeakyReluBackward0": "leaky_relu",
    "SoftplusBackward0": "softplus", "HardtanhBackward0": "hardtanh", "SiluBackward0": "silu", "ClampMinBackward0": "relu",
    "LogSigmoidBackward0": "logsigmoid",
}  # fmt: skip


def _weight(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """What a loss weighs its targets with, one by one."""
    given = kwargs.get("weight", args[2] if len(args) > 2 else None)
    return given if isinstance(given, Tensor) else None


_SHAPES_ONLY = ("View", "Squeeze", "Unsqueeze", "Alias", "ToCopy", "Reshape", "UnsafeView")


def last_operation(made: Tensor) -> str:
    """The activation that made a tensor, read from its graph, past changes of shape; empty where it was none."""
    return made_by(made.grad_fn)


def made_by(node: Any) -> str:
    """The activation that a node of a graph stands for, past changes of shape; empty where it is none."""
    return _MADE_BY.get(past_shapes(node).name(), "") if node is not None else ""


def past_shapes(node: Any) -> Any:
    """The first node from here back that does more than change a shape."""
    while node.name().startswith(_SHAPES_ONLY) and node.next_functions and node.next_functions[0][0] is not None:
        node = node.next_functions[0][0]
    return node


def tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in what a model gives back: itself, a tuple, a dictionary, or an object with attributes such as logits."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from tensors(one)
