"""Which classes a classifier takes for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, name_axes, short, single
from whynet.figures.style import SMALL, sequential, theme
from whynet.text import Text

COUNTED = 14  # up to so many classes a cell has room for its count

TRUE = Text("true class", "실제 클래스")
PREDICTED = Text("predicted class", "예측한 클래스")


def confusion(matrix: ArrayLike, classes: Sequence[str], *, title: Words) -> Figure:
    """Counts by true class (rows) and predicted class (columns); the colour is the share of the row: rare classes count alike.

    ``matrix``: (K, K) counts; ``classes``: K names.
    """
    counts = np.asarray(matrix, float)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    side = min(3.4 + 0.22 * len(counts), 8.0)
    figure, ax = single(title, width=side + 1.6, height=side, note=_NOTE)
    image = ax.imshow(shares, cmap=sequential(), vmin=0, vmax=1)
    if len(counts) <= COUNTED:
        for row, column in np.ndindex(*counts.shape):
            if counts[row, column]:
                colour = "#ffffff" if shares[row, column] > 0.45 else "#111111"
                ax.text(column, row, f"{counts[row, column]:,.0f}", ha="center", va="center", color=colour, fontsize=SMALL)
    stride = max(1, -(-len(counts) // 40))
    ticks = range(0, len(counts), stride)
    names = [short(str(classes[i]), 16) for i in ticks]
    long = max((len(name) for name in names), default=0) > 4
    ax.set_xticks(ticks, names, rotation=45 if long else 0, ha="right" if long else "center", rotation_mode="anchor")
    ax.set_yticks(ticks, names)
    bar = figure.colorbar(image, ax=ax, format=PercentFormatter(1.0, 0), shrink=0.8)
    bar.set_label(str(Text("share of the true class", "실제 클래스에서 차지하는 비율")), color=theme().ink)
    bar.outline.set_visible(False)
    name_axes(ax, PREDICTED, TRUE)
    finish(figure)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return figure


_NOTE = Text("Numbers: examples. Right answers stand on the diagonal.", "숫자: 예제 수. 맞힌 것은 대각선에 있다.")
