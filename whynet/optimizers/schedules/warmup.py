"""The learning rate raised from small, then another schedule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from whynet.optimizers.schedules.schedule import Schedule
from whynet.registry import Range, bind, make, register
from whynet.spec import Spec

AS_IT_IS = Spec("constant")


@register(
    "schedule",
    year=2017,
    source="Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour",
    en="Raise the rate from small to full over the first steps: the first gradients, of random weights, are not to be trusted.",
    ko="처음 몇 걸음 동안 학습률을 조금씩 올린다. 무작위 가중치에서 나온 첫 기울기는 믿을 것이 못 되기 때문이다.",
)
@dataclass(frozen=True)
class Warmup(Schedule):
    """``(t + 1) / n`` for the first n steps, then ``then``, which begins at its own step 0.

    n is ``steps`` where given, else the ``fraction`` of the training, at least one step. Raises `OptionError` or
    `UnknownNameError` for a ``then`` that is no schedule.
    """

    steps: Annotated[int, Range(least=1)] | None = None
    fraction: Annotated[float, Range(above=0, below=1)] = 0.05
    then: Spec = AS_IT_IS

    def __post_init__(self) -> None:
        bind("schedule", self.then)

    def __call__(self, step: int, total: int, per_epoch: int) -> float:
        n = self.steps if self.steps is not None else max(1, round(self.fraction * total))
        if step < n:
            return (step + 1) / n
        return self._then(step - n, total - n, per_epoch)

    @cached_property
    def _then(self) -> Schedule:
        made: Schedule = make("schedule", self.then)
        return made
