"""Where the mean lies: Student's interval for a few seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

LEVEL = 0.95  # confidence of every interval
ERROR_RATE = 0.05  # of every verdict: how often equal levels may be called different
ROUNDING = 1e-12  # values that differ by less, relative to their size, differ by rounding only

Bounds = tuple[float | None, float | None]  # the least and greatest value a metric can take; None: unbounded


@dataclass(frozen=True)
class Interval:
    """A mean of n values and the interval that holds the true one; ``low`` and ``high`` are NaN where it cannot be known."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def known(self) -> bool:
        """Whether there is an interval: two values at least, all of them finite."""
        return not math.isnan(self.low)

    @property
    def half_width(self) -> float:
        """How far the true mean may lie from the measured one; clipping at a bound does not shrink it on the other side."""
        return max(self.high - self.mean, self.mean - self.low) if self.known else math.nan

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}]" if self.known else f"{self.mean:.3g}"


def interval(values: Sequence[float] | np.ndarray, level: float = LEVEL, bounds: Bounds | None = None) -> Interval:
    """mean ± t(n - 1, level) · s / √n, clipped to the metric's bounds: Student's interval for the mean (Student 1908).

    One value has a mean and no interval; no value at all has neither. A NaN or infinite value makes all three unknown: settle
    diverged runs first (`settle`). Equal values have an interval of width zero: these seeds show no spread, which
    is all they say.

    Exact for normal values. It cannot know of a rare failure that these seeds did not meet: where a network reaches 0.95 in
    60 % of seeds and stays at 0.1 in the others, the nominal 95 % holds the true mean in 72 % of samples of 3 seeds, 91 % of 5
    and 94 % of 10; where it learns in 90 % of seeds, only in 27, 41 and 65 %; log-normal values: about 83 %. Measured on
    200 000 samples of each. The interval of a paired difference does better, since the difference of equal arms is symmetric.
    """
    data = np.asarray(values, dtype=float)
    n = len(data)
    if n == 0 or not np.isfinite(data).all():
        return Interval(math.nan, math.nan, math.nan, n)
    mean = _mean(data)
    if n == 1:
        return Interval(mean, math.nan, math.nan, n)
    reach = float(special.stdtrit(n - 1, (1 + level) / 2)) * standard_error(data)
    least, most = bounds or (None, None)
    low = mean - reach if least is None else max(mean - reach, least)
    high = mean + reach if most is None else min(mean + reach, most)
    return Interval(mean, min(low, mean), max(high, mean), n)


def standard_error(data: np.ndarray) -> float:
    """s / √n with s² = Σ(x - x̄)² / (n - 1); exactly 0 where all values are equal, rounding aside."""
    spread = float(np.ptp(data))
    if spread <= ROUNDING * float(np.abs(data).max()):
        return 0.0
    scale = spread if spread > 1e-150 else 1.0  # squares of tiny numbers would vanish
    return scale * float(np.std(data / scale, ddof=1)) / math.sqrt(len(data))


def _mean(data: np.ndarray) -> float:
    """The mean, never outside the values themselves: three times 0.1 is 0.1."""
    return float(np.clip(np.mean(data), data.min(), data.max()))
