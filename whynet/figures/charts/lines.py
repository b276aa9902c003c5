"""Line charts: trend, interval, interpolation, twin axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.interpolate import CubicSpline, PchipInterpolator

from whynet.errors import DataError
from whynet.figures.canvas import End, Words, finish, gridded, label_ends, name_axes, plain_ticks, side_legend, single, wrapped
from whynet.figures.curves import DIRECT
from whynet.figures.interval import band
from whynet.figures.style import MARKERS, theme
from whynet.text import Text

Between = Literal["linear", "step", "cubic", "monotone"]


def trend(
    frame: pd.DataFrame, x: str, ys: Sequence[str], *, title: Words, y_name: Words, x_name: Words | None = None
) -> Figure:
    """One line for each column, named at its end; gaps in the data are gaps in the line."""
    figure, ax = single(title)
    ends = [_line(ax, i, frame[x], frame[y], str(y)) for i, y in enumerate(ys)]
    return _dress(figure, ax, ends, x_name or x, y_name)


def interval(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: Words,
    by: str | None = None,
    x_name: Words | None = None,
    y_name: Words | None = None,
) -> Figure:
    """The mean of ``y`` at each ``x`` over the rows that share it, with its 95 % interval; ``by`` makes one line for each group."""
    note = Text("Line: mean. Band: its 95 % interval.", "선: 평균. 띠: 그 95 % 신뢰 구간.")
    figure, ax = single(title, note=note)
    ends = []
    for i, (label, part) in enumerate(frame.groupby(by, sort=False) if by else [("", frame)]):
        places = np.sort(part[x].dropna().unique())
        stats = [band(part.loc[part[x] == place, y].dropna().to_numpy(dtype=float)[:, None]) for place in places]
        low, high = (np.array([getattr(one, side)[0] for one in stats]) for side in ("low", "high"))
        ax.fill_between(places, low, high, color=theme().colour(i), alpha=0.2, linewidth=0)
        ends.append(_line(ax, i, pd.Series(places), pd.Series([one.mean[0] for one in stats]), str(label)))
    return _dress(figure, ax, ends, x_name or x, y_name or y)


def interpolated(
    frame: pd.DataFrame, x: str, y: str, *, title: Words, between: Sequence[Between] = ("linear", "cubic"), x_name: Words | None = None,
    y_name: Words | None = None,
) -> Figure:  # fmt: skip
    """The measured points, and what each way of guessing between them draws: a line is a guess, the points are not.

    ``monotone`` (Fritsch and Carlson, 1980) never overshoots the points; ``cubic`` is smooth and may. Raises
    `DataError` for fewer than two points.
    """
    figure, ax = single(title, note=Text("Dots: measured. Lines: guessed between them.", "점: 잰 값. 선: 그 사이를 짐작한 값."))
    points = frame[[x, y]].dropna().drop_duplicates(x).sort_values(x).to_numpy(dtype=float)
    if len(points) < 2:
        raise DataError(_TOO_FEW, x=x, y=y, n=len(points))
    at = np.linspace(points[0, 0], points[-1, 0], 400)
    ends = []
    for i, way in enumerate(between):
        ends.append(_line(ax, i, pd.Series(at), pd.Series(_guess(points, at, way)), str(_WAYS[way]), marks=False))
    ax.plot(points[:, 0], points[:, 1], "o", color=theme().ink, markersize=6, zorder=4)
    return _dress(figure, ax, ends, x_name or x, y_name or y)


def twin(
    frame: pd.DataFrame, x: str, left: str, right: str, *, title: Words, x_name: Words | None = None, left_name: Words | None = None,
    right_name: Words | None = None,
) -> Figure:  # fmt: skip
    """Two columns of unlike units, one axis each, each axis in the colour of its line. Where the lines cross means nothing."""
    note = Text("Two scales: where the lines cross means nothing.", "눈금이 둘이다: 선이 만나는 곳에는 뜻이 없다.")
    figure, ax = single(title, note=note)
    other = ax.twinx()
    for i, (side, column, said) in enumerate([(ax, left, left_name or left), (other, right, right_name or right)]):
        colour = theme().colour(i)
        side.plot(
            frame[x], frame[column], color=colour, marker=("o", "s")[i], markersize=6, linestyle=theme().dash(i), linewidth=2
        )
        plain_ticks(side, "y")
        side.set_ylabel(f"{said!s} ({'●' if i == 0 else '■'})")
    gridded(ax)
    ax.set_xlabel(str(x_name or x))
    finish(figure)
    for i, side in enumerate((ax, other)):
        side.tick_params(axis="y", color=theme().colour(i), labelcolor=theme().ink)
        side.spines["right" if i else "left"].set(visible=True, color=theme().colour(i), linewidth=2)
    other.spines["left"].set_visible(False)
    return figure


def _line(ax: Axes, i: int, x: pd.Series, y: pd.Series, label: str, marks: bool = True) -> End:
    across, up = x.to_numpy(), y.to_numpy(dtype=float)
    marker = MARKERS[i % len(MARKERS)] if marks and len(across) <= 40 else ""
    drawn = ax.plot(
        across, up, color=theme().colour(i), linestyle=theme().dash(i), linewidth=2, marker=marker, markersize=4, label=label
    )
    known = np.flatnonzero(np.isfinite(up))
    last = known[-1] if len(known) else len(up) - 1
    place = np.asarray(drawn[0].get_xdata(orig=False), float)  # dates as the axis counts them
    return End(float(place[last]), float(up[last]), wrapped(label, 1.6), theme().colour(i))


def _guess(points: np.ndarray, at: np.ndarray, way: Between) -> np.ndarray:
    x, y = points.T
    if way == "step":
        return y[np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(y) - 1)]
    if way == "linear" or len(x) < 3:
        return np.interp(at, x, y)
    return np.asarray((CubicSpline if way == "cubic" else PchipInterpolator)(x, y)(at))


def _dress(figure: Figure, ax: Axes, ends: list[End], x_name: Words, y_name: Words) -> Figure:
    plain_ticks(ax, "y")
    gridded(ax)
    name_axes(ax, x_name, y_name)
    named = [end for end in ends if end.label]
    if len(named) <= DIRECT:
        label_ends(ax, named)
    else:
        side_legend(ax)
    return finish(figure)


_TOO_FEW = Text(
    "Expected two or more rows with different {x} and a {y}, to guess between them. Received: {n}. Give more rows.",
    "사이를 짐작하려면 {x:이} 서로 다르고 {y:이} 있는 행이 둘은 있어야 한다. 받은 것: {n}개. 행을 더 준다.",
)
_WAYS: dict[Between, Text] = {
    "linear": Text("straight", "직선"),
    "step": Text("last value held", "앞 값 유지"),
    "cubic": Text("cubic spline", "3차 스플라인(cubic spline)"),
    "monotone": Text("monotone cubic", "단조 3차(monotone cubic)"),
}
