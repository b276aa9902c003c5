"""How every figure looks: one palette, three themes, sizes that stay legible in print, and a font that knows Korean.

The palette is the one of Okabe and Ito, "Color Universal Design" (2008): eight colours that people with any of the common kinds
of colour blindness can tell apart. Nothing is said by colour alone: lines carry their names, classes their markers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from matplotlib import font_manager
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.ft2font import FT2Font

ThemeName = Literal["light", "dark", "print"]

WIDTH = 6.8  # inches; a figure as wide as a page of text
HEIGHT = 4.0
TITLE = 12.0  # points
BODY = 10.0
SMALL = 8.5  # notes and crowded labels; nothing is smaller

FONT = Path(__file__).parent / "fonts" / "NanumGothic.ttf"
font_manager.fontManager.addfont(FONT)
LATIN, KOREAN = "DejaVu Sans", "NanumGothic"
FAMILIES = [LATIN, KOREAN]  # the second stands in for what the first lacks: Hangul

BLUE, VERMILLION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
ORANGE, SKY, YELLOW = "#e69f00", "#56b4e9", "#f0e442"

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1)), (0, (8, 3)), (0, (1, 3)))
Dash = str | tuple[float, tuple[float, ...]]


@dataclass(frozen=True)
class Theme:
    """The colours of one surface. ``colours`` are in the order in which lines and classes take them."""

    name: ThemeName
    ink: str  # words
    muted: str  # second words, reference lines
    grid: str
    paper: str
    colours: tuple[str, ...]
    dashed: bool = False  # lines also differ by their dashes, for a printer without colour

    def colour(self, i: int) -> str:
        """The colour of the i-th line or class."""
        return self.colours[i % len(self.colours)]

    def dash(self, i: int) -> Dash:
        """The dashes of the i-th line: solid until the colours run out, unless the theme is for print."""
        return DASHES[i % len(DASHES)] if self.dashed else DASHES[i // len(self.colours) % len(DASHES)]


_HUES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
_BRIGHT = ("#3b9ade", "#f0803c", "#1fbf92", PURPLE, ORANGE, "#8fd0f7", "#b9bbbd")  # the same hues, lifted off a dark surface

THEMES: dict[ThemeName, Theme] = {
    "light": Theme("light", "#1b1f24", "#5b6670", "#e1e5ea", "#fdfdfc", (*_HUES, "#4d4d4f")),
    "dark": Theme("dark", "#e8eaed", "#a3acb5", "#363c44", "#16191d", _BRIGHT),
    "print": Theme("print", "#000000", "#404040", "#d9d9d9", "#ffffff", (*_HUES, "#222222"), dashed=True),
}

_theme: ContextVar[ThemeName] = ContextVar("theme", default="light")


def theme() -> Theme:
    """The theme in which figures are drawn now."""
    return THEMES[_theme.get()]


@contextmanager
def use_theme(name: ThemeName) -> Iterator[None]:
    """Draw every figure in this theme inside the ``with`` block."""
    if name not in THEMES:
        raise ValueError(f"Expected a theme out of {get_args(ThemeName)}. Received: {name!r}")
    token = _theme.set(name)
    try:
        yield
    finally:
        _theme.reset(token)


@cache
def _fonts() -> tuple[FT2Font, ...]:
    latin = font_manager.findfont(LATIN, fallback_to_default=False)
    return FT2Font(str(latin)), FT2Font(str(FONT))


@cache
def drawable() -> frozenset[int]:
    """The characters that the fonts can draw."""
    return frozenset[int]().union(*(font.get_charmap() for font in _fonts()))


@cache
def advance(letter: str) -> float:
    """How far a letter moves the pen, in ems."""
    for font in _fonts():
        glyph = font.get_charmap().get(ord(letter))
        if glyph is not None:
            font.set_size(100, 72)
            return float(font.load_glyph(glyph).linearHoriAdvance) / 65536 / 100
    return 1.0


def shown(text: str) -> str:
    """The text with a box in place of each character that no font here can draw."""
    return "".join(letter if letter == "\n" or ord(letter) in drawable() else "□" for letter in text)


# --- colour maps -----------------------------------------------------------------------------------------------------

ColourKind = Literal["categorical", "sequential", "diverging"]


def sequential() -> Colormap:
    """From paper white to deep blue: amounts that start at nothing. Lightness falls evenly, so it prints."""
    return LinearSegmentedColormap.from_list("whynet_sequential", ["#f5f9fc", "#a9cfe6", "#4f9fcd", BLUE, "#003f66"])


def diverging() -> Colormap:
    """From blue through white to vermillion: amounts on both sides of a middle; told apart by every kind of colour vision."""
    return LinearSegmentedColormap.from_list(
        "whynet_diverging", ["#004a75", BLUE, "#8fc3e0", "#f7f7f7", "#f0b48c", VERMILLION, "#7f3800"]
    )
