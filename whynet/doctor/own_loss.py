"""Reads the loss that a model computes inside of its own forward pass, as Hugging Face's models do, from the graph behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from whynet.doctor.loop import LossCall, looks_like_distribution
from whynet.doctor.reach import targets_of
from whynet.doctor.tracing import made_by, past_shapes

REDUCTIONS = ("none", "mean", "sum")  # as torch numbers them
LOSSES = {
    "NllLossBackward0": "nll_loss", "NllLoss2DBackward0": "nll_loss", "MseLossBackward0": "mse_loss",
    "L1LossBackward0": "l1_loss", "SmoothL1LossBackward0": "smooth_l1_loss", "HuberLossBackward0": "huber_loss",
    "BinaryCrossEntropyWithLogitsBackward0": "binary_cross_entropy_with_logits",
    "BinaryCrossEntropyBackward0": "binary_cross_entropy", "KlDivBackward0": "kl_div",
}  # fmt: skip
LOG_SOFTMAX = "LogSoftmaxBackward0"
ON_THE_WAY = ("Add", "Sub", "Mul", "Div", "Mean", "Sum", "View", "Squeeze", "Unsqueeze", "ToCopy", "Stack", "Reshape")
FURTHEST = 64  # nodes looked at, from the loss back


def own_loss(outputs: Sequence[Tensor]) -> int | None:
    """Which of a model's outputs is a loss: the first that is one number with a graph."""
    return next(
        (i for i, one in enumerate(outputs) if one.ndim == 0 and one.is_floating_point() and one.grad_fn is not None), None
    )


def losses_behind(
    outputs: Sequence[Tensor], own: int, step: int, fingerprints: tuple[int, ...]
) -> Iterator[tuple[LossCall, Tensor]]:
    """The known loss functions that made it, each with its target; a sum that is divided later counts as a mean."""
    value = float(outputs[own].detach())
    made_from: dict[Any, Tensor] = {one.grad_fn: one for one in outputs if one.grad_fn is not None}
    for node, divided in _known(outputs[own].grad_fn):
        name = LOSSES[node.name()]
        received = node.next_functions[0][0] if node.next_functions else None
        target = node._saved_target
        shape = tuple(node._saved_self.shape)
        if name == "nll_loss" and received is not None and past_shapes(received).name() == LOG_SOFTMAX:
            inside = past_shapes(received)  # cross_entropy is the two together
            name, received = "cross_entropy", inside.next_functions[0][0] if inside.next_functions else None
        if received is not None and received.name().startswith("Expand"):
            shape, target = tuple(received._saved_self_sym_sizes), _unexpanded(target)
            received = received.next_functions[0][0]
        reduction = REDUCTIONS[node._saved_reduction] if hasattr(node, "_saved_reduction") else "mean"
        seen = made_from.get(received)
        flat = seen is not None and seen.ndim == 2
        labels = target.detach().clone() if not target.is_floating_point() and target.ndim == 1 else None
        call = LossCall(
            step, name, shape, tuple(target.shape), "mean" if divided and reduction == "sum" else reduction,
            made_by(received), flat and looks_like_distribution(seen.detach(), -1) if seen is not None else False,
            flat and looks_like_distribution(seen.detach(), 0) if seen is not None else False,
            True, value, labels, fingerprints,
            targets_of(name, received, target, getattr(node, "_saved_weight", None)) if reduction != "none" else None,
        )  # fmt: skip
        yield call, target.detach()


def _known(loss: Any) -> Iterator[tuple[Any, bool]]:
    """The nodes of known losses behind a number, past sums, products and means, and whether a division lies between."""
    waiting, looked = [(loss, False)], 0
    while waiting and looked < FURTHEST:
        node, divided = waiting.pop(0)
        looked += 1
        if node is None:
            continue
        if node.name() in LOSSES:
            yield node, divided
        elif node.name().startswith(ON_THE_WAY):
            waiting += [(child, divided or node.name().startswith(("Div", "Mul"))) for child, _ in node.next_functions]


def _unexpanded(target: Tensor) -> Tensor:
    """A target before it was stretched to fit: an axis of stride 0 had one entry, and leading ones were not there."""
    for axis, stride in enumerate(target.stride()):
        if stride == 0:
            target = target.narrow(axis, 0, 1)
    while target.ndim > 1 and target.shape[0] == 1:
        target = target.squeeze(0)
    return target
