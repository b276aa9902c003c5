"""Words and marks put on a finished figure: a remark with an arrow, a shaded span, a reference line, ticks, a legend, a title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from matplotlib.figure import Figure

from whynet.figures import canvas
from whynet.figures.canvas import Words, finish
from whynet.figures.style import SMALL, TITLE, theme


def annotate(
    figure: Figure, x: float, y: float, words: Words, offset: tuple[float, float] = (24, 24), panel: int = 0
) -> Figure:
    """Words with an arrow to a point in data; ``offset`` is where they stand, in points from it."""
    now = theme()
    figure.axes[panel].annotate(
        canvas.wrapped(str(words), 2.2, SMALL), (x, y), xytext=offset, textcoords="offset points", fontsize=SMALL, color=now.ink,
        arrowprops={"arrowstyle": "->", "color": now.muted, "connectionstyle": "arc3,rad=0.15"},
        bbox={"boxstyle": "round,pad=0.25", "facecolor": now.paper, "edgecolor": "none", "alpha": 0.85},
    )  # fmt: skip
    return finish(figure)


def span(figure: Figure, low: float, high: float, words: Words = "", axis: Literal["x", "y"] = "x", panel: int = 0) -> Figure:
    """A shaded stretch of one axis with its name, behind the data."""
    ax, now = figure.axes[panel], theme()
    if axis == "x":
        ax.axvspan(low, high, color=now.muted, alpha=0.15, linewidth=0, zorder=0)
        ax.text((low + high) / 2, 0.98, str(words), transform=ax.get_xaxis_transform(), ha="center", va="top", fontsize=SMALL)
    else:
        ax.axhspan(low, high, color=now.muted, alpha=0.15, linewidth=0, zorder=0)
        ax.text(0.01, (low + high) / 2, str(words), transform=ax.get_yaxis_transform(), ha="left", va="center", fontsize=SMALL)
    return finish(figure)


def reference(figure: Figure, at: float, words: Words = "", axis: Literal["x", "y"] = "y", panel: int = 0) -> Figure:
    """A dotted line at a value that matters, with its name."""
    ax, now = figure.axes[panel], theme()
    if axis == "y":
        ax.axhline(at, color=now.muted, linestyle=(0, (1, 2)), linewidth=1.3)
        where, moved, transform = (0.01, at), (0, 3), ax.get_yaxis_transform()
    else:
        ax.axvline(at, color=now.muted, linestyle=(0, (1, 2)), linewidth=1.3)
        where, moved, transform = (at, 0.98), (4, 0), ax.get_xaxis_transform()
    ax.annotate(
        str(words), where, xycoords=transform, xytext=moved, textcoords="offset points", fontsize=SMALL, color=now.muted,
        va="bottom" if axis == "y" else "top",
    )  # fmt: skip
    return finish(figure)


def ticks(figure: Figure, at: Sequence[float] | Mapping[float, Words], axis: Literal["x", "y"] = "x", panel: int = 0) -> Figure:
    """Ticks at these values and nowhere else; a mapping names them."""
    ax = figure.axes[panel]
    names = [str(word) for word in at.values()] if isinstance(at, Mapping) else None
    place = ax.set_xticks if axis == "x" else ax.set_yticks
    place(list(at), names) if names else place(list(at))
    return finish(figure)


def legend(figure: Figure, panel: int = 0) -> Figure:
    """The names of the marks, right of the axes."""
    canvas.side_legend(figure.axes[panel])
    return finish(figure)


def title(figure: Figure, words: Words) -> Figure:
    """Another headline."""
    width = float(figure.get_figwidth())
    figure.suptitle(
        canvas.wrapped(str(words), width - 0.2, TITLE),
        x=0.1 / width,
        ha="left",
        fontsize=TITLE,
        color=theme().ink,
    )
    return finish(figure)
