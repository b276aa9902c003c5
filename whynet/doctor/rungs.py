"""Who may leave a trial early: arms that plainly go nowhere (successive halving: Jamieson and Talwalkar 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whynet.doctor.yardstick import Yardstick

RUNG = 1 / 4  # of the steps, after which arms may leave
GAIN = 0.05  # of the way from chance to healthy: less is no promise
AWAKE = 0.2  # of that way, from which on a network is learning
FALLS = 0.01  # of its level, by which a loss has to fall from the second to the last third of the rung
SURE = 2.0  # standard errors


def hopeless(
    values: Sequence[float], original: Sequence[float], losses: Sequence[Sequence[float]], stick: Yardstick, healthy: float
) -> bool:
    """Whether an arm goes nowhere: not above the original, hardly above chance, and its loss has stopped falling, on every seed.

    values, original: the metric of each seed after the rung. losses: the training loss of every step, by seed. An arm that learns stays
    whatever the original does, since what helps late (a rule against overfitting, a smaller rate) cannot be seen yet; one whose loss
    is on its way stays, since it may be about to. An arm that leaves is claimed to have done nothing; that a network which rests at chance
    for a quarter of its training would have woken later is what this rule can miss.
    """
    floor = stick.chance
    own, theirs = (np.array([stick.way(v if np.isfinite(v) else floor, healthy) for v in each]) for each in (values, original))
    if (own - theirs).mean() > GAIN or own.max() > AWAKE:
        return False
    return not any(falling(one) for one in losses)


def falling(losses: Sequence[float]) -> bool:
    """Whether a loss still falls: its last third lies below its second by 1 % of its level and by two standard errors."""
    values = np.asarray(losses, float)
    if len(values) < 6 or not np.isfinite(values).all():
        return False
    _, middle, last = np.array_split(values, 3)
    level = max(abs(float(middle.mean())), 1e-30)
    fall = float(middle.mean() - last.mean())
    error = float(np.sqrt(middle.var(ddof=1) / len(middle) + last.var(ddof=1) / len(last)))
    return fall > FALLS * level and fall > SURE * error
