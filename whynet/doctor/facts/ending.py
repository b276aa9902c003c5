"""What the network does last before its answer leaves it: read off the graph of one forward pass, however it is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.engine.network import clone

LINEAR = ("Addmm", "Mm", "Bmm", "Addbmm", "Baddbmm", "Convolution", "MkldnnConvolution", "Mv", "Dot", "Linear")
SHAPES = (  # what moves numbers about and leaves them as they are
    "View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Alias", "T", "Transpose", "Permute", "Select", "Slice", "Clone",
    "ToCopy", "Expand", "Index",
)  # fmt: skip
TOP = 2**63  # torch keeps an axis counted from the end as a number without a sign


@dataclass(frozen=True)
class Ending:
    """The last operation: an activation by name, ``linear``, or ``other``; and which numbers can come out of it."""

    name: str
    low: float = -math.inf
    high: float = math.inf
    axis: int | None = None  # of a softmax: the axis along which it adds up to 1, counted from 0; None where that is not known
    along: int | None = None  # how many entries that axis has

    @property
    def is_activation(self) -> bool:
        return self.name not in ("linear", "other")

    @property
    def bounded(self) -> bool:
        """Whether outputs cannot leave a finite range."""
        return math.isfinite(self.low) and math.isfinite(self.high)


@remembered
def ending(seen: Examination) -> Ending:
    """The last operation of the untrained network in use (dropout off), from the graph that autograd keeps of it."""
    network = seen.fitted.arm.network
    network.eval()
    weights = network.initial.detach().clone().requires_grad_()
    with torch.enable_grad():
        outputs = network(weights, clone(network.buffers), seen.inputs[:4])
    node, cut = outputs.grad_fn, False
    while node is not None and (kind := _kind(node)) in SHAPES:
        cut = cut or kind in ("Select", "Slice", "Index")
        node = next((following for following, _ in node.next_functions if following is not None), None)
    if node is None:
        return Ending("other")
    kind = _kind(node)
    if kind == "Log":
        before = _kind(node.next_functions[0][0]) if node.next_functions[0][0] is not None else ""
        return Ending("log_of_softmax", high=0.0) if before in ("Softmax", "Sigmoid") else Ending("other")
    if kind in LINEAR:
        return Ending("linear")
    if kind in ("Softmax", "LogSoftmax"):
        return _softmax(kind, node, tuple(outputs.shape), cut)
    found = KNOWN.get(kind)
    return found(node) if found else Ending("other")


def _softmax(kind: str, node: Any, shape: tuple[int, ...], cut: bool) -> Ending:
    saved = int(node._saved_dim)
    result = node._saved_result
    axis = saved - 2**64 + result.ndim if saved >= TOP else saved % result.ndim
    alike = tuple(result.shape) == shape and not cut
    low, high, name = (0.0, 1.0, "softmax") if kind == "Softmax" else (-math.inf, 0.0, "log_softmax")
    return Ending(name, low, high, axis if alike else None, int(result.shape[axis]))


def _kind(node: Any) -> str:
    return str(node.name()).removeprefix("torch::autograd::").rstrip("0123456789").removesuffix("Backward")


def _fixed(name: str, low: float, high: float = math.inf) -> Callable[[Any], Ending]:
    return lambda node: Ending(name, low, high)


def _elu(node: Any) -> Ending:
    scale = float(node._saved_scale)
    return Ending("elu" if scale == 1 else "selu", -float(node._saved_alpha) * scale)


def _between(name: str) -> Callable[[Any], Ending]:
    def found(node: Any) -> Ending:
        if name == "hardtanh":
            return Ending(name, float(node._saved_min_val), float(node._saved_max_val))
        low, high = node._saved_min, node._saved_max
        return Ending(name, -math.inf if low is None else float(low), math.inf if high is None else float(high))

    return found


KNOWN: dict[str, Callable[[Any], Ending]] = {
    "Sigmoid": _fixed("sigmoid", 0, 1),
    "Tanh": _fixed("tanh", -1, 1),
    "Relu": _fixed("relu", 0),
    "LeakyRelu": _fixed("leaky_relu", -math.inf),
    "Prelu": _fixed("prelu", -math.inf),
    "PreluKernel": _fixed("prelu", -math.inf),
    "Softplus": _fixed("softplus", 0),
    "Elu": _elu,
    "Gelu": _fixed("gelu", -0.17),  # min x Φ(x) = -0.16997
    "Silu": _fixed("silu", -0.2785),  # min x sigmoid(x) = -0.27846
    "Mish": _fixed("mish", -0.3089),
    "Hardtanh": _between("hardtanh"),
    "Clamp": _between("clamp"),
    "ClampMin": lambda node: Ending("clamp", float(node._saved_min)),
    "Hardsigmoid": _fixed("hardsigmoid", 0, 1),
    "LogSigmoid": _fixed("log_sigmoid", -math.inf, 0),
    "Exp": _fixed("exp", 0),
}
