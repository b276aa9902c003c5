"""Optimizers walking down the same surface, seen from above."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, name_axes, plain_ticks, side_legend, single
from whynet.figures.style import MARKERS, theme
from whynet.text import Text

CONTOURS = 18


def path_2d(
    x: ArrayLike,
    y: ArrayLike,
    values: ArrayLike,
    paths: Mapping[str, ArrayLike],
    *,
    title: Words,
    minimum: tuple[float, float] | None = None,
    x_name: Words = "x",
    y_name: Words = "y",
) -> Figure:
    """Each path over the level lines of the function it descends; the levels are spaced logarithmically above the lowest value.

    ``x``: (W,), ``y``: (H,), ``values``: (H, W), ``paths``: label → (steps, 2). The start is a ring, the end of each path its
    marker, ``minimum`` a star. A path that leaves the picture is cut at its edge; one that stops being finite ends there.
    """
    now = theme()
    across, up = np.asarray(x, float), np.asarray(y, float)
    surface = np.asarray(values, float)
    figure, ax = single(title, height=4.8, note=_NOTE if minimum is not None else _NO_MINIMUM)
    height = surface - np.nanmin(surface)
    positive = height[np.isfinite(height) & (height > 0)]
    if len(positive):
        lowest = max(float(np.quantile(positive, 0.002)), float(positive.max()) * 1e-6)
        levels = np.geomspace(lowest, float(positive.max()), CONTOURS)
        ax.contour(across, up, height, levels=np.unique(levels), colors=now.muted, linewidths=0.7, alpha=0.55)
    for i, (label, path) in enumerate(paths.items()):
        points = np.asarray(path, float).reshape(-1, 2)
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            continue
        colour = now.colour(i)
        ax.plot(
            *points.T, color=colour, linestyle=now.dash(i), linewidth=1.8, alpha=0.9,
            marker=".", markersize=4 if len(points) <= 80 else 0, zorder=3,
        )  # fmt: skip
        ax.plot(
            *points[-1], MARKERS[i % len(MARKERS)], color=colour, markersize=9, markeredgecolor=now.paper, zorder=5,
            label=label, linestyle="",
        )  # fmt: skip
        start = ax.plot(*points[0], "o", color=now.ink, markersize=9, markerfacecolor="none", markeredgewidth=1.8, zorder=6)
        start[0].set_path_effects([withStroke(linewidth=3.5, foreground=now.paper)])
    if minimum is not None:
        ax.plot(*minimum, "*", color=now.ink, markersize=15, markeredgecolor=now.paper, zorder=4)
    ax.set_xlim(across.min(), across.max())
    ax.set_ylim(up.min(), up.max())
    plain_ticks(ax)
    name_axes(ax, x_name, y_name)
    side_legend(ax)
    return finish(figure)


_NO_MINIMUM = Text(
    "Ring: start. Large mark: end of the path. Level lines are spaced logarithmically.",
    "고리: 출발점. 큰 표시: 경로의 끝. 등고선 간격은 로그다.",
)
_NOTE = Text(
    "Ring: start. Large mark: end of the path. ★: the minimum. Level lines are spaced logarithmically.",
    "고리: 출발점. 큰 표시: 경로의 끝. ★: 최솟값. 등고선 간격은 로그다.",
)
