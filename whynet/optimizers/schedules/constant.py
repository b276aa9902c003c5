"""The learning rate as it is."""

from __future__ import annotations

from dataclasses import dataclass

from whynet.optimizers.schedules.schedule import Schedule
from whynet.registry import register


@register(
    "schedule",
    en="The same learning rate all along: fast at first, then it circles the minimum at a distance set by the rate.",
    ko="끝까지 같은 학습률이다. 처음에는 빠르지만 나중에는 학습률이 정하는 거리에서 최저점 둘레를 맴돈다.",
)
@dataclass(frozen=True)
class Constant(Schedule):
    """``1``"""

    def __call__(self, step: int, total: int, per_epoch: int) -> float:
        return 1.0
