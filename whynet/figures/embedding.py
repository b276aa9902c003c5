"""Examples in the plane, each class with its own marker and colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, row_legend, short, single
from whynet.figures.style import MARKERS, SMALL, theme

NAMED = 20  # up to so many classes wear their names


def embedding(
    points: ArrayLike,
    labels: ArrayLike,
    classes: Sequence[str],
    *,
    title: Words,
    wrong: ArrayLike | None = None,
    note: Words = "",
) -> Figure:
    """A map of examples: ``points`` (N, 2), ``labels`` (N,) integers; those that are ``wrong`` (N,) wear a ring.

    The axes carry no numbers: in such a map only near and far have a meaning.
    """
    now = theme()
    spots, kinds = np.asarray(points, float), np.asarray(labels)
    figure, ax = single(title, width=6.2, height=5.2, note=note)
    for k, name in enumerate(classes):
        mine = spots[kinds == k]
        if len(mine):
            marker = MARKERS[k % len(MARKERS)]  # seven colours, eight markers: 56 classes look different
            ax.scatter(
                mine[:, 0],
                mine[:, 1],
                s=20,
                color=now.colour(k),
                marker=marker,
                linewidths=0,
                alpha=0.85,
                label=short(str(name), 18),
            )
            if len(classes) <= NAMED:
                x, y = np.median(mine, axis=0)
                ax.text(
                    x, y, short(str(name), 12), ha="center", va="center", fontsize=SMALL, zorder=5,
                    bbox={"facecolor": now.paper, "edgecolor": "none", "alpha": 0.75, "pad": 1.2},
                )  # fmt: skip
    if wrong is not None and np.asarray(wrong, bool).any():
        rings = spots[np.asarray(wrong, bool)]
        ax.scatter(rings[:, 0], rings[:, 1], s=85, facecolors="none", edgecolors=now.ink, linewidths=1.2, zorder=4)
    row_legend(figure, ax)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_aspect("equal", adjustable="datalim")
    finish(figure)
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(now.grid)
    return figure
