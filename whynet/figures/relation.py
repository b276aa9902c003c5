"""Two features against each other: by class, or with a trend and its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from whynet.figures.canvas import Words, finish, gridded, name_axes, number, plain_ticks, side_legend, single, wrapped
from whynet.figures.features import _groups
from whynet.figures.style import MARKERS, SMALL, theme
from whynet.text import Text

CROWD = 4000  # points beyond which marks turn into haze


def relation(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: Words,
    by: str | pd.Series | None = None,
    trend: bool = False,
    x_name: Words | None = None,
    y_name: Words | None = None,
) -> Figure:
    """A dot for each row; ``by`` (a column or a series) gives each class its colour and marker.

    With ``trend``, the least-squares line ŷ = a + b·x and the 95 % interval of its mean, ŷ ± t · s · √(1/n + (x − x̄)²/Sxx).
    """
    both = frame[[x, y]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    good = np.isfinite(both).all(axis=1)
    note = _trend_note(both[good]) if trend else ""
    figure, ax = single(title, height=4.3, note=note)
    groups = _groups(frame[by] if isinstance(by, str) else by, len(frame))
    size = 22 if good.sum() < 400 else 9
    for i, (name, rows) in enumerate(groups.items()):
        points = both[rows & good]
        ax.scatter(
            points[:, 0], points[:, 1], s=size, color=theme().colour(i), marker=MARKERS[i % len(MARKERS)],
            alpha=0.75, linewidths=0, label=wrapped(name, 1.6, SMALL), rasterized=len(both) > CROWD,
        )  # fmt: skip
    if trend and good.sum() > 2 and np.ptp(both[good, 0]) > 0:
        draw_trend(ax, both[good, 0], both[good, 1])
    if by is not None:
        side_legend(ax)
    plain_ticks(ax)
    gridded(ax, "both")
    name_axes(ax, x_name or str(x), y_name or str(y))
    return finish(figure)


def draw_trend(ax: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """The least-squares line through the points and the 95 % interval of its mean."""
    fit = stats.linregress(x, y)
    at = np.linspace(x.min(), x.max(), 100)
    line = fit.intercept + fit.slope * at
    spread = ((x - x.mean()) ** 2).sum()
    noise = np.sqrt(((y - fit.intercept - fit.slope * x) ** 2).sum() / (len(x) - 2))
    reach = stats.t.ppf(0.975, len(x) - 2) * noise * np.sqrt(1 / len(x) + (at - x.mean()) ** 2 / spread)
    ax.fill_between(at, line - reach, line + reach, color=theme().colours[1], alpha=0.25, linewidth=0)
    ax.plot(at, line, color=theme().colours[1], linewidth=2)


def _trend_note(points: np.ndarray) -> Words:
    if len(points) < 3 or np.ptp(points[:, 0]) == 0 or np.ptp(points[:, 1]) == 0:
        return Text("Too few different points for a trend.", "서로 다른 점이 모자라 추세를 낼 수 없다.")
    fit = stats.linregress(points[:, 0], points[:, 1])
    return Text(
        "Line: least squares, slope {slope}, r = {r}, {n} points. Band: 95 % interval of the line.",
        "선: 최소제곱 직선, 기울기 {slope}, r = {r}, 점 {n}개. 띠: 직선의 95 % 신뢰 구간.",
    ).fill(slope=number(fit.slope), r=number(fit.rvalue, 2), n=len(points))
