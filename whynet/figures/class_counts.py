"""How many examples each class has."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from whynet.figures.canvas import Words, finish, gridded, name_axes, plain_ticks, single, wrapped
from whynet.figures.features import EXAMPLES
from whynet.figures.style import SMALL, theme

MOST = 40


def class_counts(counts: Mapping[str, int], *, title: Words, x: Words = EXAMPLES) -> Figure:
    """A bar for each class from zero, with its count and share; with more than 40 classes only the largest and smallest 20."""
    rows = list(counts.items())
    if len(rows) > MOST:
        ranked = sorted(rows, key=lambda row: -row[1])
        rows = [*ranked[: MOST // 2], ("…", 0), *ranked[-MOST // 2 :]]
    figure, ax = single(title, height=1.2 + 0.3 * len(rows))
    total = sum(counts.values())
    values = [count for _, count in rows]
    ax.barh(range(len(rows)), values, color=theme().colours[0], height=0.68)
    for place, (name, count) in enumerate(rows):
        if name != "…":
            ax.annotate(
                f"{count:,}  {count / total:.1%}" if total else "0", (count, place), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=SMALL, color=theme().ink,
            )  # fmt: skip
    ax.set_yticks(range(len(rows)), [wrapped(str(name), 1.8, SMALL) for name, _ in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0, max([*values, 1]) * 1.2)
    gridded(ax, "x")
    plain_ticks(ax, "x")
    name_axes(ax, x)
    finish(figure)
    ax.tick_params(axis="y", length=0)
    return figure
