"""What some layers make of one picture: a row for each layer, a small picture for each channel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, sheet, wrapped_name
from whynet.figures.mosaic import mosaic
from whynet.figures.pictures import stacked
from whynet.figures.style import SMALL, WIDTH, diverging, sequential
from whynet.text import Text

CHANNELS = 8
MARGIN = 1.15  # inches for the names


def feature_maps(layers: Mapping[str, ArrayLike], *, title: Words, picture: ArrayLike | None = None) -> Figure:
    """The channels of each layer that vary most over the picture, at most 8, each layer on a scale of its own.

    ``layers``: name → maps (C, h, w), in the order of running; ``picture``: (C, H, W), drawn first.
    """
    rows = len(layers) + (picture is not None)
    cell = (WIDTH - MARGIN) / CHANNELS
    figure = sheet(title, height=0.75 + rows * (cell + 0.13), note=_NOTE)
    axes = figure.subplots(max(rows, 1), 1, squeeze=False).ravel()
    if picture is not None:
        tile = stacked(np.asarray(picture)[None])
        tile = (tile - np.nanmin(tile)) / max(float(np.ptp(tile)), 1e-12)
        mosaic(axes[0], tile, CHANNELS, None if tile.ndim == 4 else colormaps["gray"])
        _name(axes[0], str(_INPUT))
    for ax, (name, maps) in zip(axes[rows - len(layers) :], layers.items(), strict=True):
        values = np.asarray(maps, float)
        strongest = np.argsort(-np.nan_to_num(values.std(axis=(1, 2))), kind="stable")[:CHANNELS]
        reach = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        colours, low = (diverging(), -reach) if (values < 0).any() else (sequential(), 0.0)
        middles = mosaic(ax, values[strongest], CHANNELS, colours, low, reach)
        for x, channel in zip(middles, strongest, strict=False):
            words = {"fontsize": SMALL - 1.5, "ha": "center", "va": "top"}
            ax.text(x, -0.04, f"#{channel}", transform=ax.get_xaxis_transform(), **words)
        _name(ax, f"{wrapped_name(name, MARGIN - 0.1, SMALL)}\n{'×'.join(map(str, values.shape))}")
    return finish(figure)


def _name(ax: Axes, words: str) -> None:
    ax.text(-0.015, 0.5, words, transform=ax.transAxes, fontsize=SMALL, ha="right", va="center", linespacing=1.3)


_INPUT = Text("input", "입력")
_NOTE = Text(
    "The channels that vary most, by number. Deep blue is far from zero, white is zero; where a layer also puts out negative "
    "numbers, orange is above zero and blue below.",
    "가장 크게 변하는 채널과 그 번호. 진한 파랑이 큰 값, 흰색이 0이다. 음수도 내놓는 층에서는 주황이 0보다 크고 파랑이 0보다 작다.",
)
