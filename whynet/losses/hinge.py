"""The hinge loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from whynet.losses._margin import margin
from whynet.losses._shapes import choose, classes
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task


@register(
    "loss",
    year=1995,
    source="Cortes and Vapnik, Support-vector networks; several classes: Crammer and Singer 2001",
    accepts=("classify",),
    en="Pushes until the right answer leads by a margin of 1, then leaves the example alone: only the hard ones teach.",
    ko="정답이 1만큼 앞설 때까지만 밀고 그다음에는 그 예제를 내버려 둔다. 어려운 예제만 가르친다.",
)
@dataclass(frozen=True)
class Hinge(Loss):
    """``mean(max(0, 1 - m))``, ``m = y f`` with y = -1 or +1 for one unit, ``m = f_y - max_{j≠y} f_j`` for K units.

    Several classes are taken as Crammer and Singer do: one margin, against the strongest rival. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "scores"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (1 - margin(outputs, targets)).clamp(min=0).mean()

    def units(self, task: Task) -> int:
        return 1 if classes("hinge", task) == 2 else task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.0)
