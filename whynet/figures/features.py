"""The columns of a table: how each is spread, how they go together."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whynet.figures.canvas import Words, finish, name_axes, plain_ticks, row_legend, sheet, short, single, wrapped
from whynet.figures.style import SMALL, WIDTH, diverging, theme
from whynet.text import Text, join

PANELS = 12  # small pictures that fit one figure
WRITTEN = 12  # up to so many columns a correlation has room for its number

EXAMPLES = Text("examples", "예제 수")


def distribution(
    frame: pd.DataFrame, by: pd.Series | None = None, *, title: Words, kind: Literal["histogram", "box"] = "histogram"
) -> Figure:
    """A small picture for each numeric column, at most 12: histograms or boxes; ``by`` splits it by class, on the same bins.

    A box spans the middle half, its line is the median, its whiskers reach the furthest value within 1.5 box lengths.
    """
    numeric = frame.select_dtypes("number")
    used = list(numeric.columns[:PANELS])
    groups = _groups(by, len(frame))
    notes: list[Text] = []
    if len(numeric.columns) > len(used):
        notes.append(_SOME.fill(n=len(used), all=len(numeric.columns)))
    missing = int((~np.isfinite(numeric[used].to_numpy(dtype=float))).sum())
    if missing:
        notes.append(_MISSING.fill(n=missing))
    if kind == "box":
        notes.append(_BOX)
    columns = min(4, max(1, len(used)))
    rows = max(1, -(-len(used) // columns))
    figure = sheet(title, width=max(WIDTH, 2.1 * columns), height=0.9 + 1.65 * rows, note=join(notes) if notes else "")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    draw = _histogram if kind == "histogram" else _boxes
    for ax, name in zip(axes, used, strict=False):
        draw(ax, numeric[name].to_numpy(dtype=float), groups)
        ax.set_title(wrapped(short(str(name), 44), 1.5, SMALL), loc="left", fontsize=SMALL)
        ax.locator_params(axis="x" if kind == "histogram" else "y", nbins=4)
        ax.locator_params(axis="y" if kind == "histogram" else "x", nbins=4)
        plain_ticks(ax, "both" if kind == "histogram" else "y")
    for ax in axes[len(used) :]:
        ax.remove()
    if kind == "histogram":
        for ax in axes[::columns][:rows]:
            ax.set_ylabel(str(EXAMPLES), fontsize=SMALL)
    if len(groups) > 1:
        row_legend(figure, axes[0])
    return finish(figure)


def _groups(by: pd.Series | None, n: int) -> dict[str, np.ndarray]:
    """Class name → which rows."""
    if by is None:
        return {"": np.ones(n, bool)}
    values = by.to_numpy()
    kinds = by.cat.categories if isinstance(by.dtype, pd.CategoricalDtype) else pd.unique(values[~pd.isna(values)])
    return {short(str(kind), 18): values == kind for kind in kinds}


def _histogram(ax: Axes, values: np.ndarray, groups: dict[str, np.ndarray]) -> None:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return
    distinct = len(np.unique(finite))
    edges = np.histogram_bin_edges(finite, bins=min(24, max(distinct, 1)))
    for i, (name, rows) in enumerate(groups.items()):
        inside = values[rows & np.isfinite(values)]
        colour = theme().colour(i)
        ax.hist(inside, bins=list(edges), color=colour, alpha=0.25 if len(groups) > 1 else 0.75, histtype="stepfilled")
        if len(groups) > 1:
            ax.hist(
                inside, bins=list(edges), color=colour, histtype="step", linewidth=1.4, label=name, linestyle=theme().dash(i)
            )


def _boxes(ax: Axes, values: np.ndarray, groups: dict[str, np.ndarray]) -> None:
    for i, (name, rows) in enumerate(groups.items()):
        colour = theme().colour(i)
        parts = ax.boxplot(
            [values[rows & np.isfinite(values)]], positions=[i], widths=0.6, patch_artist=True, manage_ticks=False,
            flierprops={"marker": ".", "markersize": 3, "markeredgecolor": colour},
        )  # fmt: skip
        for line in (*parts["whiskers"], *parts["caps"], *parts["medians"]):
            line.set_color(theme().ink)
        for box in parts["boxes"]:
            box.set(facecolor=colour, alpha=0.7, edgecolor=theme().ink, label=name)
    ax.set_xticks([])


def correlation(frame: pd.DataFrame, *, title: Words, method: Literal["pearson", "spearman"] = "pearson") -> Figure:
    """How each pair of numeric columns goes together, from −1 (blue) to 1 (vermillion); blank where a column never changes."""
    numeric = frame.select_dtypes("number")
    table = numeric.corr(method=method).to_numpy()
    side = min(3.2 + 0.24 * len(table), 8.5)
    note = _NOTE_PEARSON if method == "pearson" else _NOTE_SPEARMAN
    figure, ax = single(title, width=max(side + 1.4, 5.0), height=side, note=note)
    mesh = ax.imshow(np.ma.masked_invalid(table), cmap=diverging(), vmin=-1, vmax=1)
    if len(table) <= WRITTEN:
        for row, column in np.ndindex(*table.shape):
            if row != column and np.isfinite(table[row, column]):
                colour = "#ffffff" if abs(table[row, column]) > 0.55 else "#111111"
                written = f"{table[row, column]:.2f}".replace("-", "−")
                ax.text(column, row, written, ha="center", va="center", fontsize=SMALL, color=colour)
    names = [short(str(name), 20) for name in numeric.columns]
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), names)
    bar = figure.colorbar(mesh, ax=ax, shrink=0.8)
    plain_ticks(bar.ax, "y")
    bar.set_label(str(Text("correlation", "상관 계수(correlation)")), color=theme().ink)
    bar.outline.set_visible(False)
    name_axes(ax)
    finish(figure)
    ax.tick_params(length=0, labelsize=SMALL if len(names) <= 20 else SMALL - 1.5)
    ax.spines[:].set_visible(False)
    return figure


_SOME = Text("The first {n} of {all} columns.", "열 {all}개 가운데 앞의 {n}개.")
_MISSING = Text("{n} missing values are left out.", "빠진 값 {n}개는 셈하지 않았다.")
_BOX = Text(
    "Box: the middle half; line: median; whiskers: up to 1.5 box lengths.",
    "상자: 가운데 절반. 선: 중앙값. 수염: 상자 길이의 1.5배까지.",
)
_NOTE_PEARSON = Text("Pearson: sees straight relations only.", "피어슨(Pearson) 상관: 곧은 관계만 잡아낸다.")
_NOTE_SPEARMAN = Text("Spearman: sees any steady rise or fall.", "스피어먼(Spearman) 상관: 꾸준히 오르내리는 관계를 잡아낸다.")
