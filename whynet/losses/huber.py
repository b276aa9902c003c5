"""Huber's loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from whynet.losses._shapes import choose, targets_like
from whynet.losses.loss import Loss
from whynet.registry import Range, register
from whynet.task import Task


@register(
    "loss",
    year=1964,
    source="Huber, Robust estimation of a location parameter",
    accepts=("classify", "regress"),
    en="Squared near the target and straight far from it: settles like mse, shrugs off outliers like mae.",
    ko="타깃 가까이에서는 제곱, 멀리서는 직선이다. mse처럼 차분히 수렴하고 mae처럼 이상치에 흔들리지 않는다.",
)
@dataclass(frozen=True)
class Huber(Loss):
    """``mean(h)`` with ``h = e²/2`` where ``e = |f - y| <= delta``, else ``h = delta (e - delta/2)``.

    ``delta``: the error, in units of the target, from which on an example counts as an outlier. Raises `ShapeError` where
    shapes differ.
    """

    reads: ClassVar[str] = "values"
    delta: Annotated[float, Range(above=0)] = 1.0

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        error = (outputs - targets_like(outputs, targets)).abs()
        delta = torch.as_tensor(self.delta, dtype=outputs.dtype, device=outputs.device)
        near = torch.minimum(error, delta)  # e, or delta where the error is beyond it
        return (near * (error - near / 2)).mean()

    def units(self, task: Task) -> int:
        return task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.5) if task.kind == "classify" else outputs
