"""Pictures with boxes: the objects that are there, and those that were seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, sheet, short, wrapped
from whynet.figures.pictures import shown_picture, stacked
from whynet.figures.style import GREEN, SMALL, VERMILLION, WIDTH
from whynet.text import Text

MOST, COLUMNS = 9, 3


def boxes(
    pictures: ArrayLike,
    truth: Sequence[ArrayLike] | np.ndarray,
    answers: Sequence[ArrayLike] | None,
    classes: Sequence[str],
    labels: Sequence[Words] = (),
    *,
    title: Words,
    score: float = 0.5,
) -> Figure:
    """Pictures with their true boxes dashed and the answered ones solid, with class and score; at most 9.

    ``truth``: for each picture (M, 5) rows ``[class, x1, y1, x2, y2]``; ``answers``: (D, 6) rows ``[class, score, x1, y1, x2, y2]``,
    or None for the truth alone; corners as fractions of width and height, rows of class -1 are none. Answers below ``score`` are
    not drawn.
    """
    stack = stacked(pictures)[:MOST]
    columns = max(1, min(COLUMNS, len(stack)))
    rows = max(1, -(-len(stack) // columns))
    cell = WIDTH / columns
    tall = min(cell * stack.shape[1] / stack.shape[2], 3.4) if stack.size else 1.0
    figure = sheet(title, height=0.85 + rows * (tall + 0.3), note="" if answers is None else _NOTE.fill(score=score))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    limits = (float(np.nanmin(stack, initial=0.0)), float(np.nanmax(stack, initial=1e-9)))
    for i, ax in enumerate(axes):
        ax.set_axis_off()
        if i >= len(stack):
            continue
        shown_picture(ax, stack[i], limits)
        size = (stack.shape[2], stack.shape[1])
        for kind, *corners in np.asarray(truth[i], float).reshape(-1, 5):
            if kind >= 0:
                _box(ax, corners, size, GREEN, "--", _name(classes, kind), below=True)
        for kind, sure, *corners in np.asarray([] if answers is None else answers[i], float).reshape(-1, 6)[
            ::-1
        ]:  # the surest on top
            if kind >= 0 and sure >= score:
                _box(ax, corners, size, VERMILLION, "-", f"{_name(classes, kind)} {sure:.2f}", below=False)
        if i < len(labels):
            ax.set_title(wrapped(str(labels[i]), cell - 0.2, SMALL), fontsize=SMALL, pad=3)
    return finish(figure)


def _box(ax: Axes, corners: Sequence[float], size: tuple[int, int], colour: str, line: str, words: str, below: bool) -> None:
    """A box with its words: those of the truth inside at the foot, those of the answer inside at the head."""
    x1, y1, x2, y2 = (value * side - 0.5 for value, side in zip(corners, size * 2, strict=True))
    halo = [patheffects.withStroke(linewidth=3.2, foreground="#ffffff")]
    ax.add_patch(
        Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linestyle=line, linewidth=1.6, path_effects=halo)
    )
    at = min(max(x1, -0.5), size[0] - 1)
    ax.annotate(
        words, (at, min(y2, size[1] - 0.5) if below else max(y1, -0.5)), xytext=(1.5, 1.5 if below else -1.5),
        textcoords="offset points", ha="left", va="bottom" if below else "top", fontsize=SMALL - 1.5, color="#ffffff",
        bbox={"facecolor": _DARK[colour], "edgecolor": "none", "pad": 0.8, "alpha": 0.9}, annotation_clip=False,
    )  # fmt: skip


def _name(classes: Sequence[str], kind: float) -> str:
    return short(str(classes[int(kind)]) if 0 <= int(kind) < len(classes) else str(int(kind)), 12)


_DARK = {GREEN: "#00664a", VERMILLION: "#a34700"}  # white words stand out from these
_NOTE = Text(
    "Dashed, name at the foot: what is there. Solid, name and score at the head: what was answered with a score of {score} or more.",
    "점선과 아래쪽 이름: 실제로 있는 것. 실선과 위쪽 이름, 점수: 점수 {score} 이상으로 답한 것.",
)
