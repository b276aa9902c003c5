"""The Hebbian rule with a teacher, written as a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from whynet.losses._shapes import check_labels, choose, classes, is_hit
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task


@register(
    "loss",
    year=1949,
    source="Hebb, The organization of behavior; as a loss: Widrow and Stearns, Adaptive signal processing (1985)",
    accepts=("classify",),
    en="Strengthens each weight by the product of input and wanted output, without ever asking what the answer was.",
    ko="입력과 원하는 출력의 곱만큼 가중치를 키운다. 답이 무엇이었는지는 묻지 않는다.",
)
@dataclass(frozen=True)
class Hebbian(Loss):
    """``-mean(t f)``, ``t = +1`` for the unit of the right class and ``-1`` for all others; one unit: ``t = ±1``.

    Descent on it moves a linear layer by ``η t xᵀ``: what is active together is wired together. The outputs do not enter the gradient,
    so it corrects no error and has no least value: weights grow for as long as it lasts. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "scores"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_labels(outputs, targets)
        hit = targets[:, None] if outputs.shape[1] == 1 else is_hit(outputs, targets)
        wanted = 2 * hit.to(outputs.dtype) - 1  # (B, units)
        return -(wanted * outputs).mean()

    def units(self, task: Task) -> int:
        return 1 if classes("hebbian", task) == 2 else task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.0)
