"""The learning rate along half a cosine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from whynet.optimizers.schedules.schedule import Schedule
from whynet.registry import Range, register


@register(
    "schedule",
    year=2017,
    source="Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts",
    en="Glide from the full rate to the floor along half a cosine: long at both ends, no moment to choose.",
    ko="반쪽 코사인을 따라 처음 학습률에서 바닥까지 내려온다. 양 끝에 오래 머물고, 낮출 때를 고를 필요가 없다.",
)
@dataclass(frozen=True)
class Cosine(Schedule):
    """``floor + (1 - floor) (1 + cos(π t / T)) / 2``, t in steps, T all of them."""

    floor: Annotated[float, Range(least=0, most=1)] = 0.0  # share of the rate it ends at

    def __call__(self, step: int, total: int, per_epoch: int) -> float:
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * step / total)) / 2
