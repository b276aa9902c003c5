"""The filters of a convolution, each as a small picture."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from whynet.errors import ShapeError
from whynet.figures.canvas import Words, finish, sheet
from whynet.figures.mosaic import mosaic
from whynet.figures.style import WIDTH, diverging
from whynet.text import Text

MOST, COLUMNS = 64, 12


def filters(weights: ArrayLike, *, title: Words) -> Figure:
    """What each filter looks for: (n, channels, h, w), at most 64, the strongest first, all on one scale around zero.

    Filters over three channels are shown in colour, grey being zero; of others the mean over the channels. Raises `ShapeError`.
    """
    values = np.asarray(weights, float)
    if values.ndim != 4:
        raise ShapeError(_NO_FILTERS, shape=tuple(values.shape))
    order = np.argsort(-np.nan_to_num(np.abs(values)).sum(axis=(1, 2, 3)), kind="stable")[:MOST]
    coloured = values.shape[1] == 3
    shown = values[order] if coloured else values[order].mean(axis=1, keepdims=True)
    reach = float(np.nanmax(np.abs(shown), initial=0.0)) or 1.0
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    notes = [_COLOURED if coloured else _SIGNED]
    if len(values) > MOST:
        notes.append(_SOME.fill(n=MOST, all=len(values)))
    figure = sheet(
        title,
        height=0.75 + rows * min(WIDTH / columns, 1.1) * values.shape[2] / values.shape[3],
        note=" ".join(map(str, notes)),
    )
    ax = figure.add_subplot()
    if coloured:
        mosaic(ax, np.clip(0.5 + 0.5 * np.moveaxis(shown, 1, -1) / reach, 0, 1), columns)
    else:
        mosaic(ax, shown[:, 0], columns, diverging(), -reach, reach)
    return finish(figure)


_NO_FILTERS = Text(
    "Expected filters of shape (n, channels, h, w). Received: {shape}.",
    "필터의 모양은 (n, 채널, h, w)여야 한다. 받은 것: {shape}.",
)
_COLOURED = Text("Grey is zero.", "회색이 0이다.")
_SIGNED = Text("Orange is above zero, blue below.", "주황은 0보다 크고 파랑은 0보다 작다.")
_SOME = Text("The strongest {n} of {all}.", "{all}개 가운데 강한 순서로 {n}개.")
