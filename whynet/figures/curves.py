"""Curves of training: the mean over seeds, its interval, and every seed thin behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from whynet.engine.history import History, SplitName
from whynet.figures.canvas import (
    End,
    Words,
    finish,
    gridded,
    label_ends,
    log_scale,
    name_axes,
    number,
    plain_ticks,
    side_legend,
    single,
    wrapped,
)
from whynet.figures.interval import band
from whynet.figures.style import theme
from whynet.text import Text, join

Run = History | tuple[ArrayLike, ArrayLike]  # one seed: its history, or steps and values
DIRECT = 6  # up to so many lines carry their name at their end; more get a legend

STEPS = Text("training steps", "학습 스텝(training step)")
CHANCE = Text("chance {value}", "우연 수준(chance) {value}")


def curves(
    runs: Mapping[str, Sequence[Run]],
    *,
    title: Words,
    y: Words,
    x: Words = STEPS,
    log: bool = False,
    chance: float | None = None,
    split: SplitName = "validation",
    what: Literal["loss", "metric"] = "metric",
) -> Figure:
    """One line for each label: the mean over its seeds with the 95 % interval, and each seed thin behind it.

    ``runs``: label → one `History` or ``(steps, values)`` for each seed; ``split`` and ``what`` choose the curve of a history.
    The mean is drawn only where every seed has a finite value. A seed that stops being finite ends in a cross. With ``log`` the
    mean is geometric, and values that are not positive leave a gap.
    """
    groups = {label: [_arrays(run, split, what) for run in group] for label, group in runs.items()}
    seeds = max((len(group) for group in groups.values()), default=0)
    lost = any(len(values) and not np.isfinite(values[-1]) for group in groups.values() for _, values in group)
    figure, ax = single(title, note=join([_note(seeds, log), _LOST]) if lost else _note(seeds, log))
    ends: list[End] = []
    for i, (label, arrays) in enumerate(groups.items()):
        ends += _draw_one(ax, i, label, arrays, log)
    plain_ticks(ax)
    if log and any(line.get_ydata() is not None and np.any(np.asarray(line.get_ydata(), float) > 0) for line in ax.lines):
        log_scale(ax)
        plain_ticks(ax, "x")
    if chance is not None:
        ax.axhline(chance, color=theme().muted, linestyle=(0, (1, 2)), linewidth=1.2)
    ax.margins(x=0.01)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    gridded(ax)
    name_axes(ax, x, y)
    if chance is not None:
        ends.append(End(ax.get_xlim()[1], chance, str(CHANCE.fill(value=number(chance))), theme().muted))
    if len(runs) <= DIRECT:
        label_ends(ax, ends)
    else:
        side_legend(ax)
        label_ends(ax, [end for end in ends if end.colour == theme().muted])
    return finish(figure)


def _arrays(run: Run, split: SplitName, what: Literal["loss", "metric"]) -> tuple[np.ndarray, np.ndarray]:
    steps, values = run.curve(split, what) if isinstance(run, History) else run
    return np.asarray(steps, float), np.asarray(values, float)


def _draw_one(ax: Axes, i: int, label: str, arrays: list[tuple[np.ndarray, np.ndarray]], log: bool) -> list[End]:
    colour, dash = theme().colour(i), theme().dash(i)
    for steps, values in arrays:
        usable = np.isfinite(values) & ((values > 0) | (not log))
        if len(arrays) > 1:
            ax.plot(steps, np.where(usable, values, np.nan), color=colour, alpha=0.3, linewidth=0.8)
        if usable.any() and not np.isfinite(values[-1]):
            last = np.flatnonzero(usable)[-1]
            ax.plot(steps[last], values[last], "x", color=colour, markersize=7, markeredgewidth=2)
    grid = np.unique(np.concatenate([steps for steps, _ in arrays])) if arrays else np.array([])
    if not len(grid):
        return []
    stats = band(np.array([_on(grid, *array) for array in arrays]), log)
    ax.fill_between(grid, stats.low, stats.high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(grid, stats.mean, color=colour, linestyle=dash, linewidth=2, label=label)
    drawn = np.flatnonzero(np.isfinite(stats.mean))
    if not len(drawn):  # no step where every seed lives: the name goes where a seed was last seen
        last = [(s[np.isfinite(v)][-1], v[np.isfinite(v)][-1]) for s, v in arrays if np.isfinite(v).any()]
        at, value = max(last) if last else (float(grid[-1]), float("nan"))
        return [End(float(at), float(value), wrapped(label, 1.6), colour)]
    return [End(float(grid[drawn[-1]]), float(stats.mean[drawn[-1]]), wrapped(label, 1.6), colour)]


def _on(grid: np.ndarray, steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """One seed's values at every step of the grid: as measured, interpolated between, NaN outside what was measured."""
    if len(steps) == len(grid):  # the usual case: every seed was measured at the same steps
        return values
    return np.interp(grid, steps, values, left=np.nan, right=np.nan) if len(steps) else np.full(len(grid), np.nan)


_LOST = Text("×: a seed stopped being finite.", "×: 시드 하나가 유한한 값을 잃은 곳.")


def _note(seeds: int, log: bool) -> Text:
    if seeds < 2:
        return Text("One seed: no interval can be given.", "시드(seed)가 하나라서 신뢰 구간을 낼 수 없다.")
    if log:
        return Text(
            "Line: geometric mean of {n} seeds. Band: its 95 % interval. Thin: each seed.",
            "굵은 선: 시드 {n}개의 기하 평균. 띠: 그 95 % 신뢰 구간. 가는 선: 시드 하나하나.",
        ).fill(n=seeds)
    return Text(
        "Line: mean of {n} seeds. Band: its 95 % interval. Thin: each seed.",
        "굵은 선: 시드 {n}개의 평균. 띠: 그 95 % 신뢰 구간. 가는 선: 시드 하나하나.",
    ).fill(n=seeds)
