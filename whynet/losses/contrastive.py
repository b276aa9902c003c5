"""The contrastive loss of Hadsell, Chopra and LeCun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from whynet.losses._shapes import check_labels, choose, targets_like, two_classes
from whynet.losses.loss import Loss
from whynet.registry import Range, register
from whynet.task import Task


@register(
    "loss",
    year=2006,
    source="Hadsell, Chopra and LeCun, Dimensionality reduction by learning an invariant mapping",
    accepts=("classify",),
    en="Pulls what is the same together, and pushes what is different apart until a margin lies between: then it lets go.",
    ko="같은 것은 끌어당기고, 다른 것은 여백(margin)만큼 벌어질 때까지 밀어낸 뒤 놓아준다.",
)
@dataclass(frozen=True)
class Contrastive(Loss):
    """``mean((1 - y) d²/2 + y max(0, margin - d)²/2)`` for one output, the distance d of a pair; y = 0 same, 1 different.

    ``margin``: how far apart is far enough; half of it is where the answer changes. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "distances"
    margin: Annotated[float, Range(above=0)] = 1.0

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_labels(outputs, targets)
        different = targets_like(outputs, targets)
        margin = torch.as_tensor(self.margin, dtype=outputs.dtype, device=outputs.device)
        lacking = (margin - outputs).clamp(min=0)
        return ((1 - different) * outputs.square() + different * lacking.square()).mean() / 2

    def units(self, task: Task) -> int:
        return two_classes("contrastive", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, float(self.margin) / 2)
