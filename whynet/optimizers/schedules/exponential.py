"""The learning rate multiplied again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from whynet.optimizers.schedules.schedule import Schedule
from whynet.registry import Range, register


@register(
    "schedule",
    en="Multiply the rate by the same factor every epoch: it falls fast at first and never quite ends.",
    ko="에포크(epoch)마다 학습률에 같은 수를 곱한다. 처음에는 빨리 떨어지고 0이 되지는 않는다.",
)
@dataclass(frozen=True)
class Exponential(Schedule):
    """``gamma ^ t``, t counted in epochs (begun ones) or in steps, by ``unit``."""

    gamma: Annotated[float, Range(above=0)] = 0.95
    unit: Literal["epoch", "step"] = "epoch"

    def __call__(self, step: int, total: int, per_epoch: int) -> float:
        return self.gamma ** (step // per_epoch if self.unit == "epoch" else step)
