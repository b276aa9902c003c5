"""The three kinds of colour, and when each is honest."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure

from whynet.figures.canvas import Words, finish, sheet
from whynet.figures.style import SMALL, ColourKind, diverging, sequential, theme
from whynet.text import Text


def colour_map(kind: ColourKind) -> Colormap:
    """Categorical for names, sequential for amounts, diverging for amounts on both sides of a middle."""
    if kind == "categorical":
        return ListedColormap(theme().colours, name="whynet_categorical")
    return sequential() if kind == "sequential" else diverging()


def colours(kind: ColourKind, n: int) -> list[str]:
    """``n`` colours of a kind as ``#rrggbb``; categorical ones repeat after seven, then only marker and dash tell them apart."""
    if kind == "categorical":
        return [theme().colour(i) for i in range(n)]
    chosen = colour_map(kind)(np.linspace(0, 1, max(n, 2)))[:n]
    return ["#" + "".join(f"{round(255 * float(part)):02x}" for part in row[:3]) for row in chosen]


def swatches(*, title: Words) -> Figure:
    """The three colour maps side by side with what each is for."""
    figure = sheet(title, height=2.6)
    axes = figure.subplots(3, 1, squeeze=False).ravel()
    for ax, (kind, said) in zip(axes, _FOR.items(), strict=True):
        n = 7 if kind == "categorical" else 256
        ax.imshow(np.arange(n)[None], cmap=colour_map(kind), aspect="auto", interpolation="nearest")
        ax.set_title(str(said), loc="left", fontsize=SMALL + 0.5)
        ax.set_xticks([])
        ax.set_yticks([])
    finish(figure)
    for ax in axes:
        ax.spines[:].set_visible(False)
    return figure


_FOR: dict[ColourKind, Text] = {
    "categorical": Text("categorical: names without an order", "범주형(categorical): 순서가 없는 이름"),
    "sequential": Text("sequential: amounts from nothing up", "순차형(sequential): 0에서 커지는 양"),
    "diverging": Text("diverging: below and above a middle", "발산형(diverging): 가운데보다 작은 값과 큰 값"),
}
