"""One measurement at every layer, from the first to the last: where a signal fades or explodes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

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
from whynet.figures.curves import DIRECT
from whynet.figures.interval import band
from whynet.figures.style import MARKERS, SMALL, theme
from whynet.text import Text

LAYER = Text("layer, from the input to the output", "층(layer), 입력에서 출력으로")
NAMED = 8  # up to so many layers are named on the axis; more are counted


def by_depth(
    levels: Mapping[str, pd.Series | pd.DataFrame], *, title: Words, quantity: Words, x: Words = LAYER, log: bool = True
) -> Figure:
    """The geometric mean over seeds at each layer, with its 95 % interval, one line for each label.

    ``levels``: label → a series (layer → value) of one seed, or a frame with a row for each seed and a column for each layer in
    network order. A value of exactly zero cannot stand on a logarithmic axis: it is drawn as an open triangle at the bottom,
    and the mean has a gap there.
    """
    frames = {label: _frame(values) for label, values in levels.items()}
    seeds = max((len(frame) for frame in frames.values()), default=0)
    tables = {label: frame.to_numpy(dtype=float) for label, frame in frames.items()}
    positive = np.concatenate([table[np.isfinite(table) & (table > 0)] for table in tables.values()] or [np.array([])])
    log = log and bool(len(positive))
    floor = float(positive.min()) / 3 if log else 0.0  # where zeros are marked
    zeros = log and any((table == 0).any() for table in tables.values())
    figure, ax = single(title, note=_note(seeds, log, zeros))
    ends = []
    for i, (label, table) in enumerate(tables.items()):
        place = np.arange(1, table.shape[1] + 1)
        stats = band(table, log)  # no mean at a layer where a seed is exactly zero
        colour, marker = theme().colour(i), MARKERS[i % len(MARKERS)]
        ax.fill_between(place, stats.low, stats.high, color=colour, alpha=0.2, linewidth=0)
        dense = len(place) > 30
        ax.plot(
            place, stats.mean, color=colour, linestyle=theme().dash(i), linewidth=2,
            marker="" if dense else marker, markersize=5, label=label,
        )  # fmt: skip
        for seed in table if len(table) > 1 else []:
            ax.plot(place, np.where((seed > 0) | (not log), seed, np.nan), color=colour, alpha=0.3, linewidth=0.8)
        dead = place[(table == 0).any(axis=0)] if log else []
        ax.plot(dead, np.full(len(dead), floor), "v", color=colour, markerfacecolor=theme().paper, markersize=8, zorder=4)
        known = np.flatnonzero(np.isfinite(stats.mean))
        spot = (float(place[known[-1]]), float(stats.mean[known[-1]])) if len(known) else (float(place[-1]), floor)
        ends.append(End(*spot, wrapped(label, 1.6), colour))
    plain_ticks(ax)
    if log:
        log_scale(ax)
    names = [list(map(str, frame.columns)) for frame in frames.values()]
    if names and all(name == names[0] for name in names) and len(names[0]) <= NAMED:
        ax.set_xticks(range(1, len(names[0]) + 1), [wrapped(name, 5.0 / len(names[0]), SMALL) for name in names[0]])
    else:
        deepest = max((len(name) for name in names), default=1)
        ax.set_xticks(range(1, deepest + 1, max(1, -(-deepest // 10))))
    gridded(ax)
    name_axes(ax, x, quantity)
    if len(levels) <= DIRECT:
        label_ends(ax, ends)
    else:
        side_legend(ax)
    return finish(figure)


def _frame(values: pd.Series | pd.DataFrame) -> pd.DataFrame:
    return values.to_frame().T if isinstance(values, pd.Series) else values


def _note(seeds: int, log: bool, zeros: bool) -> Words:
    kind = Text("geometric mean", "기하 평균") if log else Text("mean", "평균")
    said = Text("One seed. ", "시드(seed) 하나. ")
    if seeds > 1:
        said = Text(
            "Line: {kind} of {n} seeds. Band: its 95 % interval. Thin: each seed. ",
            "굵은 선: 시드 {n}개의 {kind}. 띠: 그 95 % 신뢰 구간. 가는 선: 시드 하나하나. ",
        ).fill(n=seeds, kind=kind)
    zero = Text("▽ exactly zero, off this scale.", "▽ 정확히 0이라 이 축에 나타낼 수 없다.")
    return str(said) + (str(zero) if zeros else "")
