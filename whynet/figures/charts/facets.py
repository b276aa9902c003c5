"""The same picture for each part of a table, on shared axes."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whynet.figures.canvas import Words, finish, gridded, plain_ticks, sheet, wrapped
from whynet.figures.style import SMALL, WIDTH

MOST = 16


def grid(
    frame: pd.DataFrame, by: str, draw: Callable[[Axes, pd.DataFrame], None], *, title: Words, x_name: Words = "", y_name: Words = "",
    columns: int = 3,
) -> Figure:  # fmt: skip
    """``draw(ax, rows)`` once for each value of column ``by``, at most 16, all on the same scales so that they can be compared."""
    parts = list(frame.groupby(by, sort=False))[:MOST]
    columns = max(1, min(columns, len(parts)))
    rows = max(1, -(-len(parts) // columns))
    figure = sheet(title, height=0.9 + 1.9 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, (name, part) in zip(axes, parts, strict=False):
        draw(ax, part)
        ax.set_title(wrapped(str(name), WIDTH / columns - 0.5, SMALL), loc="left", fontsize=SMALL + 0.5)
        gridded(ax)
        ax.locator_params(nbins=5)
        plain_ticks(ax)
    for ax in axes[len(parts) :]:
        ax.remove()
    for i in range(len(parts)):
        if i % columns == 0:
            axes[i].set_ylabel(str(y_name))
        if i + columns >= len(parts):  # the lowest of its column
            axes[i].set_xlabel(str(x_name))
            axes[i].tick_params(labelbottom=True)
    return finish(figure)
