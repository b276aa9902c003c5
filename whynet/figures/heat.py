"""One measurement over training time and depth, as colour."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from whynet.figures.canvas import Words, finish, name_axes, number, plain_ticks, short, single
from whynet.figures.curves import STEPS
from whynet.figures.style import SMALL, theme
from whynet.text import Text

LAYER = Text("layer", "층(layer)")
NAMED = 24  # rows that can carry a name of legible size


def heat(probe: pd.DataFrame, *, title: Words, quantity: Words, x: Words = STEPS, log: bool = True) -> Figure:
    """Colour at (step, layer): brighter is larger, the first layer on top.

    ``probe``: a row for each measured step, a column for each layer, as `History.probe` gives it. Each measured step is drawn
    from half-way to its neighbours. Values that the scale cannot show (zero on a logarithmic one) are left blank, and the note
    says so.
    """
    values = probe.to_numpy(dtype=float).T  # (layers, steps)
    good = np.isfinite(values) & ((values > 0) | (not log))
    note = Text("", "")
    if not good.all():
        zero = Text("zero or not finite", "0이거나 유한하지 않은 값") if log else Text("not finite", "유한하지 않은 값")
        note = Text("Blank: {zero}.", "빈칸: {zero}.").fill(zero=zero)
    figure, ax = single(title, height=2.2 + 0.16 * min(len(values), 18), note=note)
    shown = np.ma.masked_array(values, ~good)
    low, high = (float(shown.min()), float(shown.max())) if good.any() else (1.0, 10.0)
    if high <= low:
        low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
    norm = LogNorm(low, high) if log else Normalize(low, high)
    steps = _edges(np.asarray(probe.index, float))
    mesh = ax.pcolormesh(steps, np.arange(len(values) + 1), shown, norm=norm, cmap=colormaps["viridis"], rasterized=True)
    ax.invert_yaxis()
    stride = max(1, -(-len(values) // NAMED))
    ticks = range(0, len(values), stride)
    ax.set_yticks([i + 0.5 for i in ticks], [short(str(probe.columns[i]), 18) for i in ticks])
    bar = figure.colorbar(mesh, ax=ax, pad=0.02)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    bar.ax.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    bar.set_label(str(quantity), color=theme().ink)
    bar.outline.set_visible(False)
    plain_ticks(ax, "x")
    name_axes(ax, x, LAYER)
    ax.tick_params(axis="y", length=0, labelsize=SMALL)
    return finish(figure)


def _edges(centres: np.ndarray) -> np.ndarray:
    """Cell borders half-way between the measured steps; the outer ones as far out as their neighbours."""
    if len(centres) < 2:
        return np.array([centres[0] - 0.5, centres[0] + 0.5]) if len(centres) else np.array([0.0, 1.0])
    middle = (centres[:-1] + centres[1:]) / 2
    return np.concatenate([[centres[0] - (middle[0] - centres[0])], middle, [centres[-1] + (centres[-1] - middle[-1])]])
