"""A user's own module with another ending, though its last activation may be a call inside ``forward``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

CALLS = (  # activations by the names under which torch knows them; a trailing _ is the one in place
    "relu", "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "elu", "selu", "gelu", "silu", "mish", "leaky_relu", "prelu",
    "hardtanh", "relu6", "hardsigmoid", "logsigmoid", "clamp", "clamp_min", "exp",
)  # fmt: skip


class Calls(TorchFunctionMode):
    """Counts the calls of one activation during a forward pass, and leaves the ``left_out``-th out."""

    def __init__(self, name: str, left_out: int | None = None) -> None:
        super().__init__()
        self.name, self.left_out, self.count = name, left_out, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if getattr(func, "__name__", "").rstrip("_") in (self.name, SAME.get(self.name)):
            self.count += 1
            if self.count == self.left_out:
                return args[0] if args else (kwargs or {})["input"]
        return func(*args, **(kwargs or {}))


SAME = {"hardtanh": "relu6", "log_sigmoid": "logsigmoid"}


class Rewired(nn.Module):
    """``ending(inner(x))``, with one call of an activation inside left out: its place among the calls of that name, from 1."""

    def __init__(self, inner: nn.Module, ending: nn.Module | None, name: str = "", left_out: int | None = None) -> None:
        super().__init__()
        self.inner, self.ending = inner, ending
        self.name, self.left_out = name, left_out

    def forward(self, x: Tensor) -> Tensor:
        if self.left_out is None:
            outputs = self.inner(x)
        else:
            with Calls(self.name, self.left_out):
                outputs = self.inner(x)
        answer: Tensor = outputs if self.ending is None else self.ending(outputs)
        return answer


def last_call(module: nn.Module, name: str, x: Tensor) -> int | None:
    """Which call of an activation in a forward pass is the last, counted from 1; None where there is none."""
    with torch.no_grad(), Calls(name) as calls:
        module(x)
    return calls.count or None
