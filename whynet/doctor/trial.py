"""The trial: what every remedy of every suspect did, trained beside the original, paired, under the same seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from whynet.doctor.cause import Cause
from whynet.doctor.tried import ORIGINAL, Tried, label, mean
from whynet.doctor.yardstick import RECOVERED, Yardstick
from whynet.experiment.compare import Comparison
from whynet.experiment.statistics import LevelSummary
from whynet.text import Text

__all__ = ["ORIGINAL", "POOR", "Trial", "Tried", "label"]

POOR = 0.2  # of the way from chance to the reference: below it a network does not learn at all


@dataclass(frozen=True)
class Trial:
    """The comparison behind a diagnosis, with what each of its levels stands for."""

    comparison: Comparison  # of all arms; the metric and statistics that count are those of ``tried`` and ``original``
    tried: list[Tried]
    original: LevelSummary  # the recipe as it was given
    values: dict[str, list[float]]  # the metric by level, a value for each seed
    stick: Yardstick
    chance: float  # of ignoring the input, averaged over the seeds
    reference: float  # the metric that counts as healthy: the best seen of simple models and remedies
    steps: int | None = None  # of each training in place of the whole, where the time did not allow it
    improves: bool = False  # nothing came near the reference, so that the best of the remedies counts as mended
    left_out: tuple[Cause, ...] = ()  # causes whose remedies the time did not allow
    partial: bool = False  # whether it was interrupted
    notes: list[Text] = field(default_factory=list)
    line: float = (
        -math.inf
    )  # the metric of a linear model where no other simple one is better, and signs say why it was not reached

    def of(self, cause: Cause) -> list[Tried]:
        """The remedies of one cause."""
        return [one for one in self.tried if any(against.name == cause.name for against in one.causes)]

    def helps(self, one: Tried) -> bool:
        """Whether a remedy gains what is worth mentioning, mended or not."""
        return one.helps

    def way(self, one: Tried) -> float:
        """How far a remedy brought the network from chance to the reference."""
        return self.stick.way(mean(one.values, self.chance), self.reference)

    def levels(self, one: Tried) -> bool:
        """Whether a remedy brings a network that does worse than ignoring the input, by more than luck, 0.8 of the way up to that."""
        lacked, lacks = self.chance - self.original.mean.mean, self.chance - mean(one.values, self.chance)
        return (
            lacked > self.stick.noise and not one.left and one.summary.outcome == "better" and lacks <= (1 - RECOVERED) * lacked
        )

    @property
    def sick(self) -> bool:
        """Whether the original falls short of the reference, over all seeds."""
        own = self.original.mean.mean
        far = self.stick.way(own, self.reference) < RECOVERED
        return far or own - self.chance <= self.stick.noise or self.stick.short(own, self.line)
