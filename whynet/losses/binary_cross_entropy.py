"""Binary cross-entropy on logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from whynet.losses._shapes import check_labels, choose, targets_like, two_classes
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task


@register(
    "loss",
    year=1958,
    source="Cox, The regression analysis of binary sequences",
    accepts=("classify",),
    en="Minus the log of the probability given to the right one of two classes: the gradient is the plain error p - y.",
    ko="두 클래스 가운데 정답에 준 확률의 로그에 음수를 붙인 값이다. 기울기가 오차 p - y 그 자체다.",
)
@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """``mean(-y log p - (1 - y) log(1 - p))``, ``p = sigmoid(f)``, for one logit f and labels y = 0 or 1.

    Computed as ``max(f, 0) - f y + log(1 + exp(-|f|))``, which neither overflows nor loses the gradient. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "logits"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_labels(outputs, targets)
        return F.binary_cross_entropy_with_logits(outputs, targets_like(outputs, targets))

    def units(self, task: Task) -> int:
        return two_classes("binary_cross_entropy", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.0)
