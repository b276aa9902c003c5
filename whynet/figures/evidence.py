"""Pictures beside maps of how much each place counts: saliency, occlusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, plain_ticks, sheet, wrapped
from whynet.figures.pictures import shown_picture, stacked
from whynet.figures.style import SMALL, WIDTH, diverging, sequential, theme

MOST, PAIRS = 12, 3


def evidence(
    pictures: ArrayLike, maps: ArrayLike, labels: Sequence[Words] = (), *, title: Words, quantity: Words, note: Words = ""
) -> Figure:
    """Each picture beside its map, at most 12 pairs, all maps on one scale; around zero where some are negative.

    ``pictures``: as `images` takes them; ``maps``: (n, H, W); ``labels``: under each pair; ``quantity``: what the colour means.
    """
    stack, values = stacked(pictures)[:MOST], np.asarray(maps, float)[:MOST]
    pairs = max(1, min(PAIRS, len(stack)))
    rows = max(1, -(-len(stack) // pairs))
    cell = (WIDTH - 0.9) / (2 * pairs)
    tall = min(cell * stack.shape[1] / stack.shape[2], 2.5) if stack.size else 1.0
    names = [wrapped(str(label), cell - 0.05, SMALL) for label in labels[: len(stack)]]
    lines = max((name.count("\n") + 1 for name in names), default=0)
    figure = sheet(title, height=0.75 + rows * (tall + 0.17 * lines + 0.08), note=note)
    apart = [1.0, 1.0, 0.18] * pairs  # the two of a pair stand closer than two pairs
    axes = figure.subplots(rows, 3 * pairs - 1, squeeze=False, width_ratios=apart[:-1])
    reach = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    signed = bool((values < 0).any())
    drawn = None
    for ax in axes.ravel():
        ax.set_axis_off()
    limits = (float(np.nanmin(stack, initial=0.0)), float(np.nanmax(stack, initial=1e-9)))
    for i, (picture, value) in enumerate(zip(stack, values, strict=True)):
        left, right = axes[i // pairs, 3 * (i % pairs) : 3 * (i % pairs) + 2]
        shown_picture(left, picture, limits)
        colours, low = (diverging(), -reach) if signed else (sequential(), 0.0)
        drawn = right.imshow(value, cmap=colours, vmin=low, vmax=reach, interpolation="nearest")
        if i < len(names):
            left.text(0.0, -0.04, names[i], transform=left.transAxes, fontsize=SMALL, va="top", linespacing=1.3)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=list(axes.ravel()), shrink=0.8, pad=0.02, aspect=30)
        plain_ticks(bar.ax, "y")
        bar.set_label(str(quantity), color=theme().ink, fontsize=SMALL + 0.5)
        bar.outline.set_visible(False)
    return finish(figure)
