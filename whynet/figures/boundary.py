"""What a classifier of two features answers at every point of the plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, name_axes, plain_ticks, row_legend, short, single
from whynet.figures.style import MARKERS, diverging, theme
from whynet.text import Text


def decision_boundary(
    x: ArrayLike,
    y: ArrayLike,
    answer: ArrayLike,
    points: ArrayLike,
    labels: ArrayLike,
    *,
    classes: Sequence[str],
    title: Words,
    x_name: Words = "x₁",
    y_name: Words = "x₂",
) -> Figure:
    """The plane coloured by the answer, the examples on top, each class with its own marker.

    ``x``: (W,), ``y``: (H,); ``answer``: (H, W), integers are classes, floats the probability of class 1 of two, with its
    line at one half. ``points``: (n, 2), ``labels``: (n,) integers.
    """
    now = theme()
    grid = np.asarray(answer)
    figure, ax = single(title, width=6.2, height=4.8)
    across, up = np.asarray(x, float), np.asarray(y, float)
    colours = [now.colour(k) for k in range(len(classes))]
    if np.issubdtype(grid.dtype, np.integer):
        pale = ListedColormap([_pale(colour) for colour in colours])
        norm = BoundaryNorm(np.arange(len(classes) + 1) - 0.5, len(classes))
        ax.pcolormesh(across, up, grid, cmap=pale, norm=norm, shading="nearest", rasterized=True)
    else:
        mesh = ax.pcolormesh(across, up, grid, cmap=diverging(), vmin=0, vmax=1, alpha=0.65, shading="nearest", rasterized=True)
        ax.contour(across, up, grid, levels=[0.5], colors=now.ink, linewidths=1.5)
        bar = figure.colorbar(mesh, ax=ax, format=PercentFormatter(1.0, 0), shrink=0.8)
        said = Text("probability of {name}", "{name}일 확률").fill(name=short(classes[1], 20))
        bar.set_label(str(said), color=now.ink)
        bar.outline.set_visible(False)
    spots, kinds = np.asarray(points, float), np.asarray(labels)
    for k, name in enumerate(classes):
        ax.scatter(
            spots[kinds == k, 0], spots[kinds == k, 1], s=26, color=colours[k], marker=MARKERS[k % len(MARKERS)],
            edgecolors=now.paper, linewidths=0.7, label=short(str(name), 20), zorder=3,
        )  # fmt: skip
    ax.set_xlim(across.min(), across.max())
    ax.set_ylim(up.min(), up.max())
    row_legend(figure, ax)
    plain_ticks(ax)
    name_axes(ax, x_name, y_name)
    return finish(figure)


def _pale(colour: str) -> tuple[float, ...]:
    """The colour let through by the paper."""
    return tuple(0.3 * c + 0.7 * p for c, p in zip(to_rgb(colour), to_rgb(theme().paper), strict=True))
