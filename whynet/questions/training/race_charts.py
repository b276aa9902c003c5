"""Pictures of a race."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whynet.figures import path_2d
from whynet.figures.canvas import plain_ticks
from whynet.figures.charts.facets import grid
from whynet.figures.style import SMALL, theme
from whynet.questions.surfaces import SURFACES, Surface
from whynet.questions.training.racers import NAMES, RACERS
from whynet.text import Text

SHOWN = ("SGD", "momentum", "RMSprop", "Adam")  # whose paths are drawn: eight would hide each other


def runs(table: pd.DataFrame, x: str, y: str) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """One line for each start, by racer, as `curves` wants them."""
    return {
        str(NAMES[name]): [
            (part[x].to_numpy(dtype=float), part[y].to_numpy(dtype=float))
            for _, part in table[table["racer"] == name].groupby("start")
        ]
        for name in RACERS
    }


def from_above(surface: Surface, steps: pd.DataFrame, title: Text) -> Figure:
    """The paths from one start over the level lines, in the box of all starts with a margin."""
    (x0, y0), (x1, y1) = surface.low, surface.high
    x, y = (np.linspace(low - 0.1 * (high - low), high + 0.1 * (high - low), 200) for low, high in ((x0, x1), (y0, y1)))
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1))  # (H, W, 2)
    paths = {str(NAMES[name]): steps.loc[steps["racer"] == name, ["x", "y"]].to_numpy(dtype=float) for name in SHOWN}
    return path_2d(x, y, surface(grid).numpy(), paths, title=title, minimum=surface.minimum)


def everywhere(table: pd.DataFrame, title: Text) -> Figure:
    """A panel for each function, a row for each racer: every start a dot, the mean a bar."""
    table = table[table["raced"]].assign(panel=[str(SURFACES[function].name) for function in table["function"]])
    rows = {name: i for i, name in enumerate(reversed(list(RACERS)))}

    def draw(ax: Axes, part: pd.DataFrame) -> None:
        for name, row in rows.items():
            values = part.loc[part["racer"] == name, "log10_f"].to_numpy(dtype=float).clip(-10, 5)
            ax.plot(values, np.full(len(values), row), "o", color=theme().colours[0], alpha=0.5, markersize=3.5)
            ax.plot([values.mean()], [row], "|", color=theme().colours[1], markersize=11, markeredgewidth=2.5)

    figure = grid(table, "panel", draw, title=title, x_name=_LOG_F)
    for ax in figure.axes:
        plain_ticks(ax, "x")
        ax.set_yticks(list(rows.values()), [str(NAMES[name]) for name in rows], fontsize=SMALL)
    return figure


_LOG_F = Text("log₁₀ f at the end", "끝에서의 log₁₀ f")
