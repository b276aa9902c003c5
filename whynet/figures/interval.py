"""The 95 % interval of a mean, as drawn around every line and dot that stands for several seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Band:
    """A mean with its interval at each place; NaN where it cannot be known."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def band(values: np.ndarray, log: bool = False) -> Band:
    """mean ± t(n − 1, 0.975) · s / √n over the first axis; ``values``: (seeds, places).

    A place where a seed is missing or not finite has no mean: the mean of the survivors would flatter. With ``log`` the mean
    is the geometric one and the interval is taken on the logarithms. One seed has a mean and no interval.
    """
    values = np.atleast_2d(np.asarray(values, float))
    whole = np.isfinite(values).all(axis=0)
    if log:
        whole &= (values > 0).all(axis=0)
    used = np.where(whole, values, 1.0)  # placeholders, blanked below
    used = np.log(used) if log else used
    n = len(used)
    mean = used.mean(axis=0)
    reach = stats.t.ppf(0.975, n - 1) * used.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(mean), np.nan)
    parts = [mean, mean - reach, mean + reach]
    mean, low, high = (np.where(whole, np.exp(part) if log else part, np.nan) for part in parts)
    return Band(mean, low, high)
