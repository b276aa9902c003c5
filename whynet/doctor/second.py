"""A second look: the network as its remedy leaves it, examined and tried as the first was."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.examination import Examination, examine
from whynet.doctor.plan import suspected
from whynet.doctor.running import run_trial
from whynet.doctor.trial import Trial
from whynet.doctor.tried import Tried, worth
from whynet.doctor.yardstick import Yardstick
from whynet.engine.plan import Workers
from whynet.engine.population import Tier
from whynet.experiment.progress import Progress
from whynet.recipe import Recipe

ROUNDS = 2  # looks after the first
LEAST = 0.25  # of the time for the whole, that a second look may take though the first has used it up


@dataclass(frozen=True)
class Second:
    """What was seen of the mended network, and what became of the remedies of what still points to a cause there.

    A fault that still shows its signs once another is mended was not explained by that one; where mending it as well gains what is worth
    mentioning, over the mended network and under the same seeds, there were two faults. One whose signs are gone was a
    consequence. Asked are causes whose signs were there in the first place, and what is proved: a remedy that helps a network along
    without any sign before is a better recipe, not a fault found.
    """

    mended: Recipe
    examination: Examination
    suspicions: list[Suspicion]  # those asked
    trial: Trial | None  # None where no sign was left that a remedy goes with

    @cached_property
    def gains(self) -> list[Tried]:
        """The remedies that gain more, the one that gains most first."""
        trial = self.trial
        if trial is None:
            return []
        found = [one for one in trial.tried if one.helps]
        names = {one.cause.name for one in found}
        found = [one for one in found if not names & set(one.cause.follows)]
        return sorted(found, key=lambda one: -trial.way(one))

    @property
    def causes(self) -> list[Cause]:
        """The causes that are behind them."""
        return list({one.cause.name: one.cause for one in self.gains}.values())


def room(stick: Yardstick, metric: float, reference: float) -> bool:
    """Whether anything is left to gain that would be worth mentioning: that a perfect answer would be worth it."""
    return worth(stick, metric, 1.0, reference)


def look_again(
    recipe: Recipe,
    first: Examination,
    before: Sequence[Suspicion],
    look: Callable[[Examination], Sequence[Suspicion]],
    seeds: int,
    left: float | None,
    listen: Callable[[Any | Progress], None] | None,
    workers: Workers,
    tier: Tier,
) -> Second:
    """Examine a mended recipe, and try on it what still is suspected.

    first: the examination of the recipe as it was. before: its suspicions. look: what all causes make of an examination. left: seconds.
    """
    started = time.monotonic()
    seen = examine(recipe, None, left, first.baseline)
    known = {one.cause.name for one in before if suspected(one)}
    asked = [one for one in look(seen) if suspected(one) and (one.proved or one.cause.name in known)]
    rest = None if left is None else max(left - (time.monotonic() - started), left / 2)
    trial = run_trial(seen, asked, seeds, rest, listen, workers, tier, combine=True) if asked else None
    return Second(recipe, seen, asked, trial)
