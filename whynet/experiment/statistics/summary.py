"""One row for each level of a factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from whynet.errors import ComparisonError, nearest
from whynet.experiment.statistics.correction import holm
from whynet.experiment.statistics.diverged import count_diverged, settle
from whynet.experiment.statistics.interval import Bounds, Interval, interval
from whynet.experiment.statistics.paired import Paired, paired
from whynet.experiment.statistics.verdict import OUTCOMES, Outcome, outcome, verdict
from whynet.text import Text, join


@dataclass(frozen=True)
class LevelSummary:
    """What one level did. ``difference``, ``superiority`` and both p are None for the baseline itself."""

    level: str
    mean: Interval  # of the metric
    difference: Interval | None  # to the baseline, seed by seed
    p: float | None  # of the paired test alone
    adjusted_p: float | None  # after Holm's correction over all levels
    superiority: Interval | None  # chance of beating the baseline on a seed
    diverged: int  # runs that ended in NaN or infinity
    outcome: Outcome
    verdict: Text


def summarise(
    values_by_level: Mapping[str, Sequence[float] | np.ndarray],
    baseline: str,
    bounds: Bounds | None = None,
    higher_is_better: bool = True,
    chance: float | None = None,
    left: int = 0,
) -> list[LevelSummary]:
    """A row per level, in the order given: interval, paired difference to the baseline, p after `holm`, verdict.

    ``values_by_level``: the metric of each seed, the same seeds in the same order for every level. Diverged runs count as the
    worst value of any arm, or as ``chance`` where that is worse (`settle`), and are named in the verdict. ``left``: levels that were
    compared as well and gave up early, for which nothing is claimed; each counts in the correction with p = 1, so that leaving can
    only make the others harder to tell from luck, never easier.
    Raises `ComparisonError` where the baseline is not among the levels, or a level has other seeds than it.
    """
    if baseline not in values_by_level:
        raise ComparisonError(_NO_BASELINE, baseline=baseline, near=nearest(baseline, values_by_level))
    arms = settle(values_by_level, chance, higher_is_better)
    others = [name for name in arms if name != baseline]
    pairs: dict[str, Paired] = {
        name: paired(arms[name], arms[baseline], bounds=bounds, higher_is_better=higher_is_better) for name in others
    }
    adjusted = dict(zip(others, holm([*(pairs[name].p for name in others), *[1.0] * left])[: len(others)], strict=True))
    all_levels = len(others) + left
    rows = []
    for name, values in arms.items():
        pair, p, lost = pairs.get(name), adjusted.get(name), count_diverged(values_by_level[name])
        found: Outcome = "baseline"
        words = OUTCOMES["baseline"]
        if pair is not None:
            found = outcome(pair, p, higher_is_better=higher_is_better, levels=all_levels)
            words = verdict(pair, p, higher_is_better=higher_is_better, levels=all_levels)
        if lost > 0 and np.isfinite(values).all():
            words = join([words, _DIVERGED.fill(lost=lost, n=len(values))], "; ")
        rows.append(
            LevelSummary(
                level=name,
                mean=interval(values, bounds=bounds),
                difference=pair.difference if pair else None,
                p=pair.p if pair else None,
                adjusted_p=p,
                superiority=pair.superiority if pair else None,
                diverged=lost,
                outcome=found,
                verdict=words,
            )
        )
    return rows


_NO_BASELINE = Text(
    "The baseline {baseline!r} is not among the levels. {near}",
    "기준(baseline) {baseline!r:은} 비교하는 수준(level)에 없다. {near}",
)
_DIVERGED = Text(
    "diverged runs: {lost} of {n}, counted as the worst value seen",
    "발산한 학습: {n}번 가운데 {lost}번, 관측된 가장 나쁜 값으로 친다",
)
