"""Bar charts: simple, multiple, stacked, percentage, grouped. Every bar starts at zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from whynet.errors import DataError
from whynet.figures.canvas import Words, finish, gridded, name_axes, number, plain_ticks, side_legend, single, wrapped
from whynet.figures.interval import band
from whynet.figures.style import SMALL, WIDTH, theme
from whynet.text import Text

HATCHES = ("", "//", "..", "xx", "\\\\", "--", "++")  # tell bars apart on paper, where the theme is for print


def simple(
    frame: pd.DataFrame, x: str, y: str, *, title: Words, x_name: Words | None = None, y_name: Words | None = None
) -> Figure:
    """One bar for each row, its number on top: column ``y`` by the names in column ``x``."""
    figure, ax = single(title)
    values = frame[y].to_numpy(dtype=float)
    ax.bar(range(len(values)), np.nan_to_num(values), color=theme().colours[0], width=0.68)
    for place, value in enumerate(values):
        up = not value < 0
        ax.annotate(
            number(value), (place, value if np.isfinite(value) else 0), xytext=(0, 3 if up else -3), textcoords="offset points",
            ha="center", va="bottom" if up else "top", fontsize=SMALL,
        )  # fmt: skip
    return _dress(figure, ax, frame[x], x_name or x, y_name or y)


def multiple(
    frame: pd.DataFrame, x: str, ys: Sequence[str], *, title: Words, y_name: Words, x_name: Words | None = None
) -> Figure:
    """Several columns side by side at each name in ``x``; they share one axis, so they must share a unit."""
    figure, ax = single(title)
    wide = 0.8 / max(len(ys), 1)
    for i, y in enumerate(ys):
        places = np.arange(len(frame)) + (i - (len(ys) - 1) / 2) * wide
        ax.bar(places, frame[y].to_numpy(dtype=float), width=wide * 0.94, label=str(y), **_fill(i))
    side_legend(ax)
    return _dress(figure, ax, frame[x], x_name or x, y_name)


def stacked(
    frame: pd.DataFrame, x: str, ys: Sequence[str], *, title: Words, y_name: Words, x_name: Words | None = None
) -> Figure:
    """Several columns on top of each other: parts and their sum. Raises `DataError` for a part below zero."""
    figure, ax = single(title)
    _stack(ax, frame[list(ys)], [str(y) for y in ys])
    return _dress(figure, ax, frame[x], x_name or x, y_name)


def percentage(
    frame: pd.DataFrame, x: str, ys: Sequence[str], *, title: Words, y_name: Words = "%", x_name: Words | None = None
) -> Figure:
    """Several columns as shares of their sum, so that bars of unlike size can be compared; the size stands above each bar."""
    figure, ax = single(title)
    totals = frame[list(ys)].sum(axis=1)
    shares = frame[list(ys)].div(totals.where(totals > 0), axis=0).fillna(0.0)
    _stack(ax, shares, [str(y) for y in ys])
    for place, total in enumerate(totals):
        said = Text("of {n}", "합 {n}").fill(n=number(float(total)))
        ax.annotate(
            str(said), (place, 1.0), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=SMALL, color=theme().muted
        )
    _dress(figure, ax, frame[x], x_name or x, y_name)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    ax.set_ylim(0, 1.08)
    ax.set_yticks(np.linspace(0, 1, 6))
    return figure


def grouped(
    frame: pd.DataFrame, x: str, y: str, by: str, *, title: Words, x_name: Words | None = None, y_name: Words | None = None
) -> Figure:
    """The mean of ``y`` in each group of ``x`` and ``by``, with its 95 % interval; a row for each measured value."""
    note = Text(
        "Bar: mean. Line: 95 % interval of the mean, where there are two values or more.",
        "막대: 평균. 선: 평균의 95 % 신뢰 구간(값이 둘 이상일 때).",
    )
    figure, ax = single(title, note=note)
    names, groups = list(pd.unique(frame[x])), list(pd.unique(frame[by]))
    wide = 0.8 / max(len(groups), 1)
    for i, group in enumerate(groups):
        for j, name in enumerate(names):
            values = frame.loc[(frame[x] == name) & (frame[by] == group), y].dropna().to_numpy(dtype=float)
            if not len(values):
                continue
            place = j + (i - (len(groups) - 1) / 2) * wide
            stats = band(values[:, None])
            ax.bar([place], stats.mean, width=wide * 0.94, label=str(group) if j == 0 else None, **_fill(i))
            ax.plot([place, place], [stats.low[0], stats.high[0]], color=theme().ink, linewidth=1.4)
    side_legend(ax)
    return _dress(figure, ax, pd.Series(names), x_name or x, y_name or y)


def _stack(ax: Axes, parts: pd.DataFrame, names: Sequence[str]) -> None:
    floor = np.zeros(len(parts))
    for i, name in enumerate(names):
        values = np.nan_to_num(parts.iloc[:, i].to_numpy(dtype=float))
        if (values < 0).any():
            raise DataError(_NEGATIVE, column=name, value=number(float(values.min())))
        ax.bar(range(len(parts)), values, bottom=floor, width=0.68, label=name, **_fill(i))
        floor = floor + values
    side_legend(ax)


_NEGATIVE = Text(
    "Expected parts of a whole, none below zero. Received in {column}: {value}. Draw such columns with bars.multiple.",
    "쌓는 값은 0보다 작을 수 없다. {column}에서 받은 것: {value}. 이런 열은 bars.multiple로 그린다.",
)


def _fill(i: int) -> dict[str, Any]:
    look = {"color": theme().colour(i), "edgecolor": theme().paper}
    return look | {"hatch": HATCHES[i % len(HATCHES)]} if theme().dashed else look


def _dress(figure: Figure, ax: Axes, names: pd.Series, x_name: Words, y_name: Words) -> Figure:
    room = WIDTH * 0.85 / max(len(names), 1)
    ax.set_xticks(range(len(names)), [wrapped(str(name), max(room, 0.5), SMALL) for name in names])
    if len(names) > 14:
        ax.tick_params(axis="x", rotation=90)
    if ax.get_ylim()[0] < 0:
        ax.axhline(0, color=theme().muted, linewidth=1)
    plain_ticks(ax, "y")
    gridded(ax)
    name_axes(ax, x_name, y_name)
    finish(figure)
    ax.tick_params(axis="x", length=0)
    return figure
