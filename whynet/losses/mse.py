"""Mean squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor
from torch.nn import functional as F

from whynet.losses._shapes import choose, targets_like
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task


@register(
    "loss",
    year=1805,
    source="Legendre, Nouvelles méthodes pour la détermination des orbites des comètes",
    accepts=("classify", "regress"),
    en="The squared distance to the target: large errors count most, and the best constant answer is the mean.",
    ko="타깃까지 거리의 제곱이다. 큰 오차를 가장 무겁게 보며, 가장 좋은 상수 답은 평균이다.",
)
@dataclass(frozen=True)
class MSE(Loss):
    """``mean((f - y)²)`` over the batch and the outputs; ``reduction="sum"`` adds instead.

    On a classification task K units are compared with one-hot targets, and one unit with 0 or 1. Behind a sigmoid or softmax
    the gradient carries the factor f (1 - f) and dies where the network is surely wrong. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "values"
    reduction: Literal["mean", "sum"] = "mean"  # a sum makes the gradient grow with the batch size

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(outputs, targets_like(outputs, targets), reduction=self.reduction)

    def units(self, task: Task) -> int:
        return task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.5) if task.kind == "classify" else outputs
