"""The learning rate in stairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from whynet.optimizers.schedules.schedule import Schedule
from whynet.registry import Range, register


@register(
    "schedule",
    name="step",
    year=2012,
    source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks",
    en="Keep the rate, then cut it: each cut lets the weights settle into what the larger steps jumped across.",
    ko="학습률을 유지하다가 한 번씩 낮춘다. 낮출 때마다 큰 걸음으로는 뛰어넘던 곳에 가중치가 자리 잡는다.",
)
@dataclass(frozen=True)
class StepDecay(Schedule):
    """``factor ^ ⌊t / every⌋``, t counted in epochs (begun ones) or in steps, by ``unit``."""

    every: Annotated[int, Range(least=1)] = 10
    factor: Annotated[float, Range(above=0)] = 0.1
    unit: Literal["epoch", "step"] = "epoch"

    def __call__(self, step: int, total: int, per_epoch: int) -> float:
        t = step // per_epoch if self.unit == "epoch" else step
        return self.factor ** (t // self.every)
