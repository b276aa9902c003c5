"""How far a number would move on other examples, where it is no mean of theirs: delete a block, compute it again."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from whynet.experiment.statistics.interval import LEVEL, Interval

BLOCKS = 20


def jackknife(value: Callable[[np.ndarray], float], n: int, blocks: int = BLOCKS, level: float = LEVEL) -> Interval:
    """θ̂ ± t(g − 1) · √((g − 1)/g Σ_b (θ_b − θ̄)²), θ_b being ``value`` of all n examples but those of block b.

    ``value`` is given the places (n',) of the examples to count. The n examples are dealt in turn to g = min(n, ``blocks``)
    blocks; with a block for each example and a mean for a value it is Student's interval (Quenouille 1956, Tukey 1958). Fewer
    than two examples, or a value that is no number, have no interval.
    """
    everything = np.arange(n)
    whole = float(value(everything))
    g = min(n, blocks)
    if g < 2 or not math.isfinite(whole):
        return Interval(whole, math.nan, math.nan, n)
    parts = np.array([value(everything[everything % g != block]) for block in range(g)])
    if not np.isfinite(parts).all():
        return Interval(whole, math.nan, math.nan, n)
    error = math.sqrt((g - 1) / g * float(np.square(parts - parts.mean()).sum()))
    reach = float(special.stdtrit(g - 1, (1 + level) / 2)) * error
    return Interval(whole, whole - reach, whole + reach, n)
