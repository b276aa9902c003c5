"""Pictures that several questions draw of a comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from whynet.experiment.compare import Comparison
from whynet.experiment.statistics import OUTCOMES, Interval
from whynet.figures import Level, trial
from whynet.questions.numbers import METRICS
from whynet.text import Text


def forest(
    comparison: Comparison, names: Mapping[str, Text], title: Text, verdicts: Mapping[str, Text] | None = None
) -> Figure:
    """Every level with its seeds, its interval and its paired difference to the baseline.

    ``names``: what readers call the levels; ``verdicts``: what is said of each, otherwise the comparison's own outcome.
    """
    levels = [
        Level(
            label=names[row.level],
            values=[float(value) for value in comparison.values[row.level]],
            mean=row.mean.mean,
            interval=_ends(row.mean),
            difference=None if row.difference is None else row.difference.mean,
            difference_interval=None if row.difference is None else _ends(row.difference),
            verdict="" if row.level == comparison.baseline else (verdicts or {}).get(row.level, OUTCOMES[row.outcome]),
            baseline=row.level == comparison.baseline,
            decided=None if verdicts else row.outcome in ("better", "worse"),  # the mark says what the words say
        )
        for row in comparison.summaries
    ]
    return trial(levels, title=title, metric=METRICS[comparison.metric], chance=comparison.chance)


def within(figure: Figure, comparison: Comparison) -> Figure:
    """The first axes shown no further than the metric goes: an interval of a mean near 1 may pass it, an accuracy does not."""
    if comparison.metric == "accuracy":
        ax = figure.axes[0]
        low, high = ax.get_ylim()
        ax.set_ylim(max(low, -0.02), min(high, 1.02))
    return figure


def _ends(one: Interval) -> tuple[float, float] | None:
    return (one.low, one.high) if np.isfinite(one.low) and np.isfinite(one.high) else None
