"""The weights of each layer as histograms on one scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, gridded, number, plain_ticks, sheet, short
from whynet.figures.style import SMALL, theme
from whynet.text import Text

MOST = 24
VALUE = Text("weight", "가중치(weight)")


def weights(layers: Mapping[str, ArrayLike], *, title: Words, x: Words = VALUE) -> Figure:
    """One histogram for each layer over the same values, each as tall as its own peak, with its standard deviation.

    ``layers``: name → weights of any shape, in network order, at most 24. Weights that are not finite are counted beside it.
    """
    chosen = {name: np.asarray(values, float).ravel() for name, values in list(layers.items())[:MOST]}
    finite = {name: values[np.isfinite(values)] for name, values in chosen.items()}
    left = len(layers) - len(chosen)
    note = Text("The last {n} layers are not shown.", "마지막 {n}개 층은 나타내지 않았다.").fill(n=left) if left > 0 else ""
    figure = sheet(title, height=1.0 + 0.52 * len(chosen), note=note)
    axes = figure.subplots(len(chosen), 1, sharex=True, squeeze=False).ravel()
    everything = np.concatenate([*finite.values(), np.array([])])
    reach = float(np.abs(everything).max()) if len(everything) else 1.0
    edges = np.linspace(-(reach or 1.0), reach or 1.0, 81)
    for ax, (name, values) in zip(axes, finite.items(), strict=True):
        ax.hist(values, bins=list(edges), color=theme().colours[0], alpha=0.8, histtype="stepfilled")
        lost = len(chosen[name]) - len(values)
        said = Text("std {std}", "표준편차 {std}").fill(std=number(float(values.std())) if len(values) else "–")
        if lost:
            said = Text("{said}, {n} not finite", "{said}, 유한하지 않은 값 {n}개").fill(said=said, n=lost)
        ax.text(1.01, 0.4, str(said), transform=ax.transAxes, fontsize=SMALL, va="center")
        ax.set_yticks([])
        ax.set_ylabel(short(name, 22), rotation=0, ha="right", va="center", fontsize=SMALL)
        gridded(ax, "x")
    plain_ticks(axes[-1], "x")
    axes[-1].set_xlabel(str(x))
    finish(figure)
    for ax in axes:
        ax.spines["left"].set_visible(False)
    return figure
