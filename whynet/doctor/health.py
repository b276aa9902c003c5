"""Whether a network is healthy, as far as one training tells: what is plainly sick, and what a trial has to decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from whynet.doctor.baseline import LINEAR
from whynet.doctor.cause import Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.plan import suspected
from whynet.doctor.yardstick import RECOVERED

Health = Literal["healthy", "doubtful", "sick"]

SURE = 2.0  # standard errors of the paired difference to a simple model on the same examples
STRONG = 0.6  # strength of a suspicion that is worth a trial even where the network learns


def health(seen: Examination, suspicions: Sequence[Suspicion]) -> Health:
    """Held against chance, and against the best of a constant, a linear model, neighbours and boosted trees.

    Sick: it diverged, it is no better than chance, or it is short of 0.8 of the way to the best simple model by more than the examples it
    is judged by can explain; or it errs twice as much as a line does (`Yardstick.short`), which every network for values contains,
    and there are signs why: without any, a line on data that lie on a line is only hard to beat.
    Doubtful, so that a trial has to show that one change gains clearly: a fault that is proved or has strong signs of its own, or any
    shortfall that those examples cannot explain. A simple model can be beaten by a network that still is far from what it could be, so
    signs count where comparisons do not.
    """
    stick = seen.yardstick
    if seen.diverged or not math.isfinite(seen.metric) or seen.metric - seen.chance <= seen.noise:
        return "sick"
    finds = seen.baseline.metric - seen.chance > seen.noise
    lagging = stick.short(seen.metric, seen.baseline.metric)
    far = stick.way(seen.metric, seen.baseline.metric) < RECOVERED
    told = any_signs(suspicions)
    short = finds and (far or (lagging and told and seen.baseline.name is LINEAR))
    if short and seen.shortfall > SURE:
        return "sick"
    return "doubtful" if told or (finds and _lacks(seen)) else "healthy"


def any_signs(suspicions: Sequence[Suspicion]) -> bool:
    """Whether a fault is proved, or has strong signs of its own."""
    return any(one.proved or (suspected(one) and one.strength >= STRONG) for one in suspicions)


def _lacks(seen: Examination) -> bool:
    """Whether the best simple model errs at most half as much as this network, and that is no luck."""
    stick, best = seen.yardstick, seen.baseline.metric
    halved = 1 - stick.scale(best) <= 0.5 * (1 - stick.scale(seen.metric))
    return halved and stick.way(seen.metric, best) < 0.95 and seen.shortfall > SURE
