"""How much better the network is on examples it has seen than on others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from whynet.doctor.examination import Examination
from whynet.doctor.facts.train_score import train_score
from whynet.doctor.remembered import remembered
from whynet.engine.history import SplitName

CLEAR = 0.1  # of the way from chance to the metric on the training examples
ROSE = 1.1  # times the least held-out loss: a little is the noise of having picked the least
PERFECT = 0.98  # metric, accuracy or R²
FEW = 20  # held-out examples, below which they say nothing


@dataclass(frozen=True)
class Generalisation:
    """Metrics at the end, and the held-out loss on the way."""

    seen: float  # metric on the training examples
    held_out: float
    noise: float  # three standard errors of the held-out metric
    chance: float
    least: float  # held-out loss, at its least
    last: float  # and at the end
    learned_on: bool  # whether the training loss still fell from there on

    @property
    def gap(self) -> bool:
        """Whether the training examples are answered clearly better: beyond noise, and by a tenth of the way from chance."""
        apart = self.seen - self.held_out
        return apart > self.noise and apart > CLEAR * (self.seen - self.chance)

    @property
    def memorised(self) -> bool:
        """Whether the training examples are answered all but perfectly: nothing is left to learn from them."""
        return self.seen > PERFECT

    @property
    def turned(self) -> bool:
        """Whether the held-out loss rose by more than a tenth after its least while the training loss fell."""
        return self.last > ROSE * self.least and self.learned_on


@remembered
def generalisation(seen: Examination) -> Generalisation | None:
    """On the validation examples, or the test examples where there are too few; None where there are too few of either."""
    data, history = seen.fitted.dataset, seen.fitted.history
    split: SplitName = "validation" if len(data.validation) >= FEW else "test"
    n = len(getattr(data, split))
    losses, train = history.curve(split, "loss")[1], history.curve("train", "loss")[1]
    if seen.diverged or n < FEW or not len(train) or not len(losses):
        return None
    own, held = train_score(seen), history.final(split)
    if not (math.isfinite(own) and math.isfinite(held)):
        return None
    at = int(np.argmin(losses))
    learned_on = len(train) == len(losses) and bool(train[-1] < train[at])
    noise = 9 / n if data.task.kind == "regress" else 3 * math.sqrt(max(held * (1 - held), 1 / n) / n)
    return Generalisation(own, held, noise, seen.chance, float(losses[at]), float(losses[-1]), learned_on)
