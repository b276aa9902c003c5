"""The learning rate over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from whynet.figures.canvas import (
    End,
    Words,
    finish,
    gridded,
    label_ends,
    log_scale,
    name_axes,
    plain_ticks,
    side_legend,
    single,
    wrapped,
)
from whynet.figures.curves import DIRECT, STEPS
from whynet.figures.style import theme
from whynet.text import Text

RATE = Text("learning rate", "학습률(learning rate)")


def schedule(rates: Mapping[str, ArrayLike], *, title: Words, x: Words = STEPS, y: Words = RATE, log: bool = False) -> Figure:
    """The rate of each step, one line for each schedule; ``rates``: label → (steps,), the first entry being step 1."""
    figure, ax = single(title, height=3.2)
    ends = []
    for i, (label, values) in enumerate(rates.items()):
        line = np.asarray(values, float)
        steps = np.arange(1, len(line) + 1)
        shown = np.where(np.isfinite(line) & ((line > 0) | (not log)), line, np.nan)
        ax.plot(steps, shown, color=theme().colour(i), linestyle=theme().dash(i), linewidth=2, label=label)
        known = np.flatnonzero(np.isfinite(shown))
        if len(known):
            ends.append(End(float(steps[known[-1]]), float(shown[known[-1]]), wrapped(label, 1.6), theme().colour(i)))
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    plain_ticks(ax)
    if log and ends:
        log_scale(ax)
    elif not log:
        ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    gridded(ax)
    name_axes(ax, x, y)
    if len(rates) <= DIRECT:
        label_ends(ax, ends)
    else:
        side_legend(ax)
    return finish(figure)
