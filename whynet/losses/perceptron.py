"""The perceptron criterion."""

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
    year=1958,
    source="Rosenblatt, The perceptron; several classes: Crammer and Singer 2003",
    accepts=("classify",),
    en="Learns from mistakes alone: an example on the right side, however barely, teaches nothing more.",
    ko="틀린 예제에서만 배운다. 아슬아슬하게라도 맞은 예제는 더 가르치지 않는다.",
)
@dataclass(frozen=True)
class Perceptron(Loss):
    """``mean(max(0, -m))``, ``m = y f`` with y = -1 or +1 for one unit, ``m = f_y - max_{j≠y} f_j`` for K units.

    A tie counts as a mistake, as in Rosenblatt's rule, so that learning can begin at zero weights: the gradient of ``clamp`` at
    0 is 1, that of ``relu`` would be 0. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "scores"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (-margin(outputs, targets)).clamp(min=0).mean()

    def units(self, task: Task) -> int:
        return 1 if classes("perceptron", task) == 2 else task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.0)
