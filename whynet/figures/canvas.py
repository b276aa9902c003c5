"""What every figure shares: the sheet, the headline, honest ticks, direct labels, the last coat of paint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text as Drawn
from matplotlib.ticker import Formatter, FuncFormatter, LogLocator, NullFormatter

from whynet.figures.style import BODY, FAMILIES, HEIGHT, SMALL, TITLE, WIDTH, advance, shown, theme
from whynet.text import Text

Words = Text | str
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def sheet(title: Words, width: float = WIDTH, height: float = HEIGHT, note: Words = "") -> Figure:
    """An empty figure under its headline; ``note`` is a small line at the foot that says what the marks mean."""
    now = theme()
    headline = wrapped(str(title), width - 0.2, TITLE)
    foot = wrapped(str(note), width - 0.2, SMALL)
    grown = height + 0.2 * headline.count("\n") + 0.15 * foot.count("\n")  # a long headline must not squeeze the picture
    figure = Figure(figsize=(width, grown), layout="constrained", facecolor=now.paper)
    if headline:
        figure.suptitle(headline, x=0.1 / width, ha="left", fontsize=TITLE, color=now.ink, linespacing=1.3)
    if foot:
        figure.supxlabel(foot, x=0.1 / width, ha="left", fontsize=SMALL, color=now.muted, linespacing=1.35)
    return figure


def single(title: Words, width: float = WIDTH, height: float = HEIGHT, note: Words = "") -> tuple[Figure, Axes]:
    """A sheet with one pair of axes."""
    figure = sheet(title, width, height, note)
    return figure, figure.add_subplot()


def name_axes(ax: Axes, x: Words = "", y: Words = "") -> None:
    """Name both axes, units included by the caller."""
    ax.set_xlabel(str(x))
    ax.set_ylabel(str(y))


def finish(figure: Figure) -> Figure:
    """The last coat: theme colours, fonts of the current language, no mark that is not data. Call it last."""
    now = theme()
    for ax in figure.axes:
        ax.set_facecolor("none")
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(now.muted)
        ax.tick_params(color=now.muted, labelcolor=now.ink, labelsize=ax.xaxis.get_tick_params().get("labelsize", SMALL + 0.5))
        ax.tick_params(labelfontfamily=FAMILIES)  # ticks made later, when drawn, keep the font
        for axis in (ax.xaxis, ax.yaxis):
            written = axis.get_major_formatter()
            if not isinstance(written, _Drawable):
                axis.set_major_formatter(_Drawable(written))
    for text in figure.findobj(Drawn):
        assert isinstance(text, Drawn)
        text.set_fontfamily(FAMILIES)
        text.set_parse_math(False)  # a column named "price ($)" is not a formula
        text.set_text(shown(text.get_text()))
        if text.get_color() == "black":  # a text that nobody coloured takes the ink
            text.set_color(now.ink)
    return figure


class _Drawable(Formatter):
    """What another formatter writes, without characters that no font has: labels of ticks are written anew at each drawing."""

    def __init__(self, inner: Formatter) -> None:
        self.inner = inner

    def __call__(self, x: float, pos: int | None = None) -> str:
        return shown(self.inner(x, pos))

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        return [shown(label) for label in self.inner.format_ticks(list(values))]

    def get_offset(self) -> str:
        return self.inner.get_offset()


def gridded(ax: Axes, axis: str = "y") -> None:
    """Faint lines behind the data along one axis, or ``"both"``."""
    ax.grid(True, axis=axis, color=theme().grid, linewidth=0.8)  # type: ignore[arg-type]


def side_legend(ax: Axes) -> None:
    """The names of the marks, right of the axes."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, frameon=False, fontsize=SMALL + 0.5)


def row_legend(figure: Figure, ax: Axes, columns: int = 6) -> None:
    """The names of the marks in rows under the headline, where the right side is taken."""
    handles, names = ax.get_legend_handles_labels()
    headline = figure.get_suptitle()
    above = headline.count("\n") + 1 if headline else 0
    rows = -(-len(names) // columns)
    figure.set_figheight(figure.get_figheight() + 0.2 * rows)
    now = theme()
    figure.suptitle(
        headline + "\n " * rows, x=0.1 / figure.get_figwidth(), ha="left", fontsize=TITLE, color=now.ink, linespacing=1.3
    )
    top = 1 - (0.05 + above * TITLE * 1.36 / 72) / figure.get_figheight()
    legend = figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=(0.0, top), ncols=min(len(names), columns), frameon=False, fontsize=SMALL,
        borderaxespad=0.1, columnspacing=1.2,
    )  # fmt: skip
    legend.set_in_layout(False)


# --- words -----------------------------------------------------------------------------------------------------------


def width_of(text: str, points: float) -> float:
    """How wide a line is drawn, in inches."""
    return sum(advance(letter) for letter in text) * points / 72


def wrapped(text: str, inches: float, points: float = BODY) -> str:
    """The text in lines no wider than ``inches``, broken at spaces, or inside a word that is longer than a line."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            candidate = f"{line} {word}" if line else word
            if width_of(candidate, points) <= inches:
                line = candidate
                continue
            if line:
                lines.append(line)
            while width_of(word, points) > inches and len(word) > 1:
                fit = max(1, next(n for n in range(len(word), 0, -1) if n == 1 or width_of(word[:n], points) <= inches))
                fit = max(
                    (n for n in range(2, fit + 1) if word[n - 1] in "(,=_/-"), default=fit
                )  # rather where a reader breathes
                lines.append(word[:fit])
                word = word[fit:]
            line = word
        lines.append(line)
    return "\n".join(lines)


def wrapped_name(name: str, inches: float, points: float = BODY) -> str:
    """The name of a part, ``stage1.0.conv1``, in lines no wider than ``inches``, broken after its dots."""
    lines = [""]
    for piece in name.replace(".", ".\n").split("\n"):
        if lines[-1] and width_of(lines[-1] + piece, points) > inches:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines)


def short(text: str, letters: int = 28) -> str:
    """The text cut at a length, with an ellipsis where something was cut."""
    return text if len(text) <= letters else text[: letters - 1] + "…"


def number(value: float, digits: int = 3) -> str:
    """A number as a reader writes it: ``0.974``, ``12,300``, ``2.1×10⁻⁷``; a true minus sign; ``–`` for none."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value != 0 and not 1e-4 <= abs(value) < 1e7:
        mantissa, _, exponent = f"{value:.{max(digits - 1, 0)}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
        written = {"1": power, "-1": "-" + power}.get(mantissa, f"{mantissa}×{power}")
    else:
        whole = abs(value) >= 10**digits
        written = f"{value:,.0f}" if whole else f"{value:,.{digits}g}"
    return written.replace("-", "−")


def plain_ticks(ax: Axes, axis: str = "both") -> None:
    """Write the numbers at the ticks without offsets, formulas or a hidden factor."""
    formatter = FuncFormatter(lambda value, _: number(value, 6))
    for part, chosen in (("x", ax.xaxis), ("y", ax.yaxis)):
        if axis in (part, "both"):
            chosen.set_major_formatter(formatter)


def log_scale(ax: Axes, axis: str = "y") -> None:
    """A logarithmic axis with readable powers; within less than two decades 2 and 5 are marked too. Call it after the data."""
    ax.set(**{f"{axis}scale": "log"})
    chosen = ax.yaxis if axis == "y" else ax.xaxis
    low, high = ax.get_ylim() if axis == "y" else ax.get_xlim()
    narrow = math.log10(high / low) < 2
    chosen.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,), numticks=9))
    chosen.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))
    chosen.set_minor_formatter(NullFormatter())


# --- labels at the end of lines --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """Where a line ends, in data, and what it is called."""

    x: float
    y: float
    label: str
    colour: str


def spread(wanted: Sequence[float], gap: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """Positions as near as can be to the wanted ones, in the same order, at least ``gap`` apart, inside [low, high]."""
    order = np.argsort(wanted, kind="stable")
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    ranks = np.arange(len(wanted)) * gap
    levelled = _pool(np.asarray(wanted, float)[order] - ranks)  # monotone after the gaps are taken out
    placed = np.clip(levelled, low, high - ranks[-1] if len(ranks) else high) + ranks
    result = np.empty(len(wanted))
    result[order] = placed
    return [float(value) for value in result]


def _pool(values: np.ndarray) -> np.ndarray:
    """The nearest non-decreasing sequence (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        blocks.append((float(value), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (b, n), (a, m) = blocks.pop(), blocks.pop()
            blocks.append(((a * m + b * n) / (m + n), m + n))
    return np.array([value for value, count in blocks for _ in range(count)])


def label_ends(ax: Axes, ends: Sequence[End], points: float = SMALL + 0.5) -> None:
    """Name each line at its right end, moved apart where ends meet; the words are in ink, a stroke leads to the line."""
    if not ends:
        return
    ax.autoscale_view()
    to_axes = ax.transData + ax.transAxes.inverted()
    spots = np.array([to_axes.transform((end.x, end.y)) for end in ends])
    spots = np.clip(np.nan_to_num(spots, nan=1.0), 0.0, 1.0)
    figure = ax.get_figure()
    assert figure is not None
    tall = float(figure.get_figheight()) * 0.74  # type: ignore[union-attr]
    lines = max(end.label.count("\n") + 1 for end in ends)
    for end, spot, y in zip(ends, spots, spread(list(spots[:, 1]), points * 1.4 * lines / 72 / tall), strict=True):
        leader = Line2D([spot[0], 1.015, 1.03], [spot[1], y, y], transform=ax.transAxes, color=end.colour, linewidth=1.2)
        leader.set_clip_on(False)
        ax.add_artist(leader)
        ax.text(1.04, y, end.label, transform=ax.transAxes, va="center", fontsize=points, color=theme().ink)
