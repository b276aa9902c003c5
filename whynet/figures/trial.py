"""The figure of a controlled comparison: every level with its seeds, its interval, its paired difference to the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whynet.figures.canvas import Words, finish, gridded, name_axes, number, plain_ticks, sheet, wrapped
from whynet.figures.curves import CHANCE
from whynet.figures.style import SMALL, theme
from whynet.text import Text

Interval = tuple[float, float]


@dataclass(frozen=True)
class Level:
    """One level of a factor as measured: a value for each seed, and what the statistics say of it.

    ``difference`` is this level minus the baseline, paired by seed; it is None for the baseline itself, which is `baseline`.
    """

    label: Words
    values: Sequence[float]  # one for each seed
    mean: float
    interval: Interval | None = None  # 95 %
    difference: float | None = None
    difference_interval: Interval | None = None  # 95 %
    verdict: Words = ""  # a few words: "restores learning", "no difference detected"
    baseline: bool = False
    decided: bool | None = None  # whether a difference was found, after any correction; None: the interval excludes zero

    @property
    def differs(self) -> bool:
        """Whether the figure calls the difference one."""
        if self.decided is not None:
            return self.decided
        return self.difference_interval is not None and not self.difference_interval[0] <= 0 <= self.difference_interval[1]


def trial(
    levels: Sequence[Level], *, title: Words, metric: Words, chance: float | None = None, higher_is_better: bool = True
) -> Figure:
    """A forest plot. Left: each seed a dot, the mean with its 95 % interval. Right: the paired difference, the verdict.

    ``metric`` names the measured number with its unit; ``chance`` marks what an answer that ignores the input would reach.
    A filled mark on the right is a difference that was found; an open one may be nothing.
    """
    paired = any(level.difference is not None for level in levels)
    rows = [wrapped(str(level.label), 1.7 if paired else 2.2) for level in levels]
    verdicts = [wrapped(str(level.verdict), 1.5, SMALL) for level in levels]
    tall = sum(
        max(0.46, 0.19 * (1 + max(row.count("\n"), verdict.count("\n")))) for row, verdict in zip(rows, verdicts, strict=True)
    )
    figure = sheet(title, width=8.2, height=1.6 + tall, note=_note(levels, paired))
    axes = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": [1.25, 1]}) if paired else [figure.add_subplot()]
    _values(axes[0], levels, chance)
    name_axes(axes[0], metric)
    axes[0].set_yticks(range(len(levels)), rows)
    axes[0].set_ylim(len(levels) - 0.5, -0.6)
    if paired:
        _differences(axes[1], levels, verdicts, higher_is_better)
    for ax in axes:
        ax.tick_params(axis="y", length=0)
        gridded(ax, "x")
        plain_ticks(ax, "x")
        ax.locator_params(axis="x", nbins=5)
    finish(figure)
    for ax in axes:
        ax.spines["left"].set_visible(False)
    return figure


def _values(ax: Axes, levels: Sequence[Level], chance: float | None) -> None:
    now = theme()
    for level in levels:
        if level.baseline and np.isfinite(level.mean):
            ax.axvline(level.mean, color=now.muted, linestyle="--", linewidth=1)
    if chance is not None:
        ax.axvline(chance, color=now.muted, linestyle=(0, (1, 2)), linewidth=1.2)
        ax.annotate(
            str(CHANCE.fill(value=number(chance))), (chance, 1), xycoords=("data", "axes fraction"), xytext=(3, 2),
            textcoords="offset points", fontsize=SMALL, color=now.muted, va="bottom", ha="left",
        )  # fmt: skip
    for row, level in enumerate(levels):
        seeds = np.asarray([value for value in level.values if np.isfinite(value)], float)
        colour = now.muted if level.baseline else now.colours[0]
        ax.plot(seeds, row + 0.22 + _stagger(len(seeds)), "o", color=colour, alpha=0.55, markersize=3.6, markeredgewidth=0)
        _whisker(ax, row, level.mean, level.interval, colour, filled=True)
        lost = len(level.values) - len(seeds)
        if lost:
            said = Text("{n} of {all} not finite", "{all}개 중 {n}개가 유한하지 않음").fill(n=lost, all=len(level.values))
            ax.text(0.99, row + 0.3, str(said), transform=ax.get_yaxis_transform(), ha="right", fontsize=SMALL, color=now.ink)


def _differences(ax: Axes, levels: Sequence[Level], verdicts: Sequence[str], higher_is_better: bool) -> None:
    now = theme()
    ax.axvline(0, color=now.muted, linestyle="--", linewidth=1)
    for row, (level, verdict) in enumerate(zip(levels, verdicts, strict=True)):
        decided = level.differs
        better = (level.difference or 0.0) > 0 if higher_is_better else (level.difference or 0.0) < 0
        colour = (now.colours[2] if better else now.colours[1]) if decided else now.muted
        if level.difference is not None:
            _whisker(ax, row, level.difference, level.difference_interval, colour, filled=decided)
        elif level.baseline:
            ax.text(0, row, str(Text(" baseline", " 기준(baseline)")), va="center", fontsize=SMALL, color=now.muted)
        sign = ("▲ " if better else "▼ ") if decided else "○ " if level.difference is not None else ""
        ax.text(
            1.02, row, f"{sign}{verdict}" if verdict else "", transform=ax.get_yaxis_transform(), va="center", fontsize=SMALL
        )
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, -0.02 * (high - low)), max(high, 0.02 * (high - low)))  # zero is always in sight
    worse, better_words = Text("worse", "나쁨"), Text("better", "좋음")
    left, right = (worse, better_words) if higher_is_better else (better_words, worse)
    name_axes(
        ax,
        Text("difference to the baseline\n← {left}   {right} →", "기준과의 차이\n← {left}   {right} →").fill(
            left=left, right=right
        ),
    )


def _whisker(ax: Axes, row: float, mean: float, interval: Interval | None, colour: str, filled: bool) -> None:
    if interval is not None and np.isfinite(interval).all():
        ax.plot(interval, [row, row], color=colour, linewidth=2.4, solid_capstyle="butt", zorder=3)
    if np.isfinite(mean):
        inside = colour if filled else theme().paper
        ax.plot([mean], [row], "D", color=colour, markerfacecolor=inside, markersize=6.5, markeredgewidth=1.6, zorder=4)


def _stagger(n: int) -> np.ndarray:
    """Small steps up and down, so that seeds with equal values do not hide each other."""
    return 0.05 * (np.arange(n) % 3 - 1)


_EXCLUDES = Text("its interval excludes zero", "신뢰 구간에 0이 없다")
_CORRECTED = Text("a difference was found, corrected for the number of levels", "수준의 수를 감안해도 차이가 있다")


def _note(levels: Sequence[Level], paired: bool) -> Text:
    seeds = max((len(level.values) for level in levels), default=0)
    left = Text(
        "Diamond: mean of {n} seeds, bar: its 95 % interval, dots: seeds.",
        "마름모: 시드 {n}개의 평균, 막대: 그 95 % 신뢰 구간, 점: 시드 하나하나.",
    ).fill(n=seeds)
    right = Text(
        "{left} Right: the difference paired by seed; ▲▼ {found}, ○ not.",
        "{left} 오른쪽: 같은 시드끼리 짝지은 차이. ▲▼ {found}, ○ 아니다.",
    ).fill(left=left, found=_CORRECTED if any(level.decided is not None for level in levels) else _EXCLUDES)
    return right if paired else left
