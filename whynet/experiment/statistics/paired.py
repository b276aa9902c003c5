"""Whether a level differs from the baseline, judged on the same seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from whynet.errors import ComparisonError
from whynet.experiment.statistics.diverged import settle
from whynet.experiment.statistics.interval import ERROR_RATE, LEVEL, ROUNDING, Bounds, Interval, interval, standard_error
from whynet.text import Text


@dataclass(frozen=True)
class Paired:
    """A level against the baseline, seed by seed."""

    difference: Interval  # level - baseline, the mean over seeds
    p: float  # two-sided, of "the two do not differ"
    superiority: Interval  # chance that the level beats the baseline on a seed; a tie counts half
    wins: int  # seeds on which the level was better
    ties: int  # seeds on which both were equal
    n: int  # pairs


def paired(
    level_values: Sequence[float] | np.ndarray,
    baseline_values: Sequence[float] | np.ndarray,
    *,
    level: float = LEVEL,
    bounds: Bounds | None = None,
    higher_is_better: bool = True,
) -> Paired:
    """p = max(2 · P(T ≥ |d̄| / (s_d / √n)), 2 · 4^-n): the paired t test (Student 1908) with a floor for few seeds.

    The test is for normal differences. Networks that learn on some seeds and not on others are not so: two equal arms that
    learn with probability q are told apart completely, all n pairs in one direction, with probability 2·(q(1 - q))^n ≤ 2·4^-n
    by luck alone, and then t is huge or infinite. No p may therefore be lower: 0.031 for 3 seeds, 0.002 for 5. So differences
    that are all equal and not zero have p = 2·4^-n; differences that are all zero have p = 1, and so has a single pair.

    False positives at 5 %, measured on equal arms: normal values 5 %; log-normal values 3 %; all or nothing, learning in 60 %
    of seeds: 3.4 % with 3 seeds, 2.1 % with 5, 5.5 % with 10, which is the most seen. With `holm` over ten levels that share a
    baseline: at most 4.6 %; without the floor it would be 17 % with 3 seeds. The interval of the difference holds the true one
    in 94 to 98 % of samples of these. Why pairs and a test: Bouthillier et al., *Accounting for variance in machine learning
    benchmarks* (2021); Colas et al., *How many random seeds?* (2018).

    A diverged run counts as the worst value of the two arms (`settle`). Where not a single run is finite the difference is
    unknown and p = 1. Raises `ComparisonError` where the arms have different numbers of seeds, or none.
    """
    if len(level_values) != len(baseline_values) or len(level_values) == 0:
        raise ComparisonError(_UNPAIRED, level=len(level_values), baseline=len(baseline_values))
    settled = settle({"level": level_values, "baseline": baseline_values}, higher_is_better=higher_is_better)
    ours, theirs = settled["level"], settled["baseline"]
    n = len(ours)
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return Paired(interval(ours - theirs), 1.0, superiority(0, n, n, level), 0, n, n)
    gaps = _gaps(ours, theirs)
    least, most = bounds or (None, None)
    reach = most - least if least is not None and most is not None else None
    difference = interval(gaps, level, (-reach, reach) if reach is not None else None)
    wins, ties = int(np.sum(gaps > 0 if higher_is_better else gaps < 0)), int(np.sum(gaps == 0))
    return Paired(difference, _p(gaps), superiority(wins, ties, n, level), wins, ties, n)


def superiority(wins: int, ties: int, n: int, level: float = LEVEL) -> Interval:
    """P(level beats baseline) = (wins + ties / 2) / n, with Wilson's interval (Wilson 1927) on n pairs.

    (p̂ + z²/2n ± z·√(p̂(1 - p̂)/n + z²/4n²)) / (1 + z²/n). Recommended as the size of an effect by
    Bouthillier et al. (2021), who call it meaningful from 0.75 on. Ties vary less than wins and losses do, so with ties the
    interval is wider than it need be.
    """
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    share, z = (wins + ties / 2) / n, float(special.ndtri((1 + level) / 2))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Interval(share, min(share, max(0.0, centre - reach)), max(share, min(1.0, centre + reach)), n)


def least_p(n: int) -> float:
    """2 · 4^-n: the lowest p that n pairs can have, see `paired`."""
    return min(1.0, 2 * 4.0**-n)


def seeds_needed(levels: int) -> int:
    """The fewest seeds with which any of so many levels can be told from the baseline: 3 for one level, 4 to 6, 5 to 25."""
    n = 2
    while max(levels, 1) * least_p(n) > ERROR_RATE:
        n += 1
    return n


def _gaps(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """level - baseline for each seed; exactly 0 where the two differ by rounding only."""
    gaps = ours - theirs
    return np.where(np.abs(gaps) <= ROUNDING * np.maximum(np.abs(ours), np.abs(theirs)), 0.0, gaps)


def _p(gaps: np.ndarray) -> float:
    n, error = len(gaps), standard_error(gaps)
    if n < 2 or not gaps.any():
        return 1.0
    if error == 0:
        return least_p(n)
    return max(2 * float(special.stdtr(n - 1, -abs(float(np.mean(gaps))) / error)), least_p(n))


_UNPAIRED = Text(
    "A level is compared with the baseline on the same seeds, so both need as many values, one at least. "
    "Received: {level} and {baseline}. Train both on the same seeds.",
    "수준(level)과 기준(baseline)은 같은 시드에서 비교하므로 값이 같은 개수만큼, 적어도 하나는 있어야 한다. "
    "받은 것: {level}개와 {baseline}개. 둘을 같은 시드로 학습시킨다.",
)
