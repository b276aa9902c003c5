"""Images in a grid, with a word under each; and the examples a model found hardest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from whynet.errors import ShapeError
from whynet.figures.canvas import Words, finish, number, sheet, short, wrapped
from whynet.figures.style import SMALL, WIDTH, theme
from whynet.text import Text

MOST = 40  # images in one figure
ROWS, COLUMNS = 12, 6  # of a table


def images(
    pictures: ArrayLike,
    labels: Sequence[Words] = (),
    *,
    title: Words,
    columns: int = 8,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Images side by side, at most 40, each over its label.

    ``pictures``: (n, H, W), (n, 1, H, W), (n, 3, H, W) or (n, H, W, 3), bytes or floats. All share one scale from dark to
    bright, ``limits`` or else the lowest and highest value among them. Raises `ShapeError`.
    """
    stack = stacked(pictures)[:MOST]
    columns = max(1, min(columns, len(stack)))
    rows = max(1, -(-len(stack) // columns))
    names = [wrapped(str(label), (WIDTH - 0.6) / columns, SMALL) for label in labels[: len(stack)]]
    lines = max((name.count("\n") + 1 for name in names), default=0)
    tall = (WIDTH / columns) * stack.shape[1] / stack.shape[2] if stack.size else 1.0
    figure = sheet(title, height=0.5 + rows * (min(tall, 2.5) + 0.16 * lines))
    low, high = limits or (float(np.nanmin(stack, initial=0.0)), float(np.nanmax(stack, initial=1e-9)))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, i in zip(axes, range(rows * columns), strict=True):
        ax.axis("off")
        if i < len(stack):
            shown_picture(ax, stack[i], (low, high))
            if i < len(names):
                ax.text(0.5, -0.04, names[i], transform=ax.transAxes, fontsize=SMALL, ha="center", va="top", linespacing=1.3)
    return finish(figure)


def worst(
    examples: ArrayLike | pd.DataFrame,
    true: Sequence[Words],
    predicted: Sequence[Words],
    loss: Sequence[float],
    *,
    title: Words,
    columns: int = 6,
) -> Figure:
    """The examples that cost most, worst first: images as pictures, rows of a table as a table.

    ``examples``: images as `images` takes them, or a frame with a row for each example. ``true`` and ``predicted`` are shown as
    given; ``loss`` is in nats, or whatever the loss was.
    """
    order = np.argsort([-value if np.isfinite(value) else -np.inf for value in loss], kind="stable")
    if isinstance(examples, pd.DataFrame):
        return _table(examples, [(true[i], predicted[i], loss[i], int(i)) for i in order[:ROWS]], title)
    stack = stacked(examples)
    caption = Text("{true} → {predicted}\nloss {loss}", "{true} → {predicted}\n손실 {loss}")
    labels = [caption.fill(true=true[i], predicted=predicted[i], loss=number(loss[i])) for i in order]
    return images(stack[order], labels, title=title, columns=columns)


def _table(frame: pd.DataFrame, rows: list[tuple[Words, Words, float, int]], title: Words) -> Figure:
    used = list(frame.columns[:COLUMNS])
    heads = [Text("true", "실제"), Text("predicted", "예측"), Text("loss", "손실"), *used]
    left = len(frame.columns) - len(used)
    more = Text("{n} more columns are not shown.", "열 {n}개는 나타내지 않았다.").fill(n=left) if left else ""
    figure = sheet(title, width=8.2, height=0.9 + 0.3 * len(rows), note=more)
    ax = figure.add_subplot()
    ax.axis("off")
    cells = [
        [short(str(t), 14), short(str(p), 14), number(cost), *(_cell(frame.iloc[i][name]) for name in used)]
        for t, p, cost, i in rows
    ]
    widths = np.array(
        [2 + max(5, *(len(row[k]) for row in cells), min(len(str(heads[k])), 14)) for k in range(len(heads))], float
    )
    right = np.cumsum(widths) / widths.sum()
    for k, head in enumerate(heads):
        ax.text(right[k], 0, wrapped(str(head), 7.8 * widths[k] / widths.sum(), SMALL), ha="right", va="bottom", fontsize=SMALL)
        for r, row in enumerate(cells):
            ax.text(right[k], r + 0.7, row[k], ha="right", va="center", fontsize=SMALL)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rows) + 0.3, -0.6)
    ax.axhline(0.1, color=theme().muted, linewidth=1)
    return finish(figure)


def _cell(value: object) -> str:
    return number(float(value)) if isinstance(value, int | float | np.number) else short(str(value), 14)


def shown_picture(ax: Axes, picture: ArrayLike, limits: tuple[float, float] | None = None) -> None:
    """One picture, (C, H, W), (H, W) or (H, W, 3), from dark to bright between ``limits``, else its lowest and highest value."""
    [image] = stacked(np.asarray(picture)[None])
    low, high = limits or (float(np.nanmin(image, initial=0.0)), float(np.nanmax(image, initial=1e-9)))
    seen = np.clip((image - low) / max(high - low, 1e-12), 0, 1)
    ax.imshow(seen, cmap=colormaps["gray"], vmin=0, vmax=1, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])


def stacked(pictures: ArrayLike) -> np.ndarray:
    """Images as (n, H, W) or (n, H, W, 3) floats. Raises `ShapeError`."""
    stack = np.asarray(pictures)
    if stack.ndim == 4 and stack.shape[1] in (1, 3) and stack.shape[3] not in (1, 3):
        stack = np.moveaxis(stack, 1, -1)
    if stack.ndim == 4 and stack.shape[3] == 1:
        stack = stack[..., 0]
    if stack.ndim != 3 and not (stack.ndim == 4 and stack.shape[3] == 3):
        raise ShapeError(_NO_IMAGES, shape=tuple(stack.shape))
    return stack.astype(float)


_NO_IMAGES = Text(
    "Expected images of shape (n, H, W), (n, 1, H, W), (n, 3, H, W) or (n, H, W, 3). Received: {shape}. Reshape them first.",
    "이미지의 모양은 (n, H, W), (n, 1, H, W), (n, 3, H, W), (n, H, W, 3) 중 하나여야 한다. "
    "받은 것: {shape}. 먼저 모양을 바꾼다.",
)
