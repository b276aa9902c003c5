"""Learning rates on an axis, and which of them a network learned at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from whynet.experiment.compare import Comparison
from whynet.figures.canvas import number
from whynet.figures.charts import remarks
from whynet.questions.numbers import scores
from whynet.text import Text

LEARNED = 0.05  # above chance: what counts as having learned something
RATE = Text("learning rate", "학습률(learning rate)")


def rate_ticks(figure: Figure, low: int = -4, high: int = 0) -> Figure:
    """The powers of ten at an axis of log₁₀ of the rate."""
    return remarks.ticks(figure, {power: number(10.0**power) for power in range(low, high + 1)})


def largest_that_learns(comparison: Comparison, levels: Sequence[str], rates: Sequence[float]) -> np.ndarray:
    """Of each seed the largest rate after which it is more than 0.05 above chance, (S,); NaN where there is none."""
    chance = np.array([one.dataset.task.chance for one in comparison.arms[levels[0]]])
    learned = np.array([scores(comparison, level) for level in levels]) > chance + LEARNED  # (rates, S)
    found = np.where(learned, np.asarray(rates)[:, None], -np.inf).max(axis=0)
    return np.where(np.isfinite(found), found, np.nan)


def best_by_validation(comparison: Comparison, levels: Sequence[str]) -> np.ndarray:
    """Of each seed the place of the level with the lowest final validation loss, (S,)."""
    losses = [[one.history.final("validation", "loss") for one in comparison.arms[level]] for level in levels]
    return np.argmin(np.nan_to_num(np.array(losses), nan=np.inf, posinf=np.inf), axis=0)
