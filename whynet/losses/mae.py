"""Mean absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from whynet.losses._shapes import choose, targets_like
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task


@register(
    "loss",
    year=1757,
    source="Boscovich, De litteraria expeditione per pontificiam ditionem",
    accepts=("classify", "regress"),
    en="The distance to the target: every error pulls equally hard, so outliers do not rule; the best constant is the median.",
    ko="타깃까지의 거리다. 모든 오차가 같은 힘으로 당기므로 이상치에 휘둘리지 않으며, 가장 좋은 상수 답은 중앙값이다.",
)
@dataclass(frozen=True)
class MAE(Loss):
    """``mean(|f - y|)`` over the batch and the outputs.

    The gradient is -1 or +1 however small the error, so a fixed learning rate never settles. On a classification task K units
    are compared with one-hot targets, and one unit with 0 or 1. Raises `ShapeError` where shapes differ.
    """

    reads: ClassVar[str] = "values"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.l1_loss(outputs, targets_like(outputs, targets))

    def units(self, task: Task) -> int:
        return task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.5) if task.kind == "classify" else outputs
