"""What holds for every figure: fonts, languages, themes, no global state, the same bytes twice."""

from __future__ import annotations

import importlib.util
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text as Drawn

from whynet import figures
from whynet.figures import charts
from whynet.figures.save import svg
from whynet.figures.style import FAMILIES, SMALL, THEMES, use_theme
from whynet.text import use_language

_spec = importlib.util.spec_from_file_location("gallery", Path(__file__).with_name("gallery.py"))
assert _spec is not None
assert _spec.loader is not None
gallery = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(gallery)
GALLERY = gallery.GALLERY

every = pytest.mark.parametrize("name", GALLERY)


def words(figure: Figure) -> list[Drawn]:
    figure.draw_without_rendering()
    return [text for text in figure.findobj(Drawn) if isinstance(text, Drawn) and text.get_text() and text.get_visible()]


def test_no_figure_escapes_the_gallery() -> None:
    drawn = {name.split(",")[0] for name in GALLERY}
    public = {name for name in figures.__all__ if name not in {"Level", "look", "save", "svg", "theme", "use_theme"}}
    assert public <= drawn
    kinds = {
        f"{room}.{name}"
        for room in ("bars", "lines", "facets")
        for name, thing in vars(getattr(charts, room)).items()
        if getattr(thing, "__module__", "") == f"whynet.figures.charts.{room}" and not name.startswith("_") and callable(thing)
    }
    assert kinds <= drawn


@every
def test_draws_in_korean_without_a_missing_glyph(name: str) -> None:
    with use_language("ko"):  # a missing glyph is a warning, and warnings are errors
        figure = GALLERY[name]()
        assert gallery.TITLE.ko in figure.get_suptitle()
        figure.draw_without_rendering()


@every
def test_every_word_has_the_fonts_a_colour_of_the_theme_and_a_legible_size(name: str) -> None:
    with use_theme("dark"):
        for text in words(GALLERY[name]()):
            assert text.get_fontfamily() == FAMILIES
            assert text.get_fontsize() >= SMALL - 1.5
            assert text.get_color() != "black"
            assert not text.get_parse_math() or "$" not in text.get_text()


@every
def test_no_word_is_cut_off_at_the_edge(name: str) -> None:
    figure = GALLERY[name]()
    shown = words(figure)
    unseen = {label for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for label in _out_of_sight(axis)}
    edge = figure.bbox
    painted = set(shown) - unseen
    assert painted
    for text in painted:
        box = text.get_window_extent()
        assert box.x0 >= edge.x0 - 2, text
        assert box.x1 <= edge.x1 + 2, text
        assert box.y0 >= edge.y0 - 2, text
        assert box.y1 <= edge.y1 + 2, text


def _out_of_sight(axis: Axis) -> list[Drawn]:
    """Labels of ticks beyond the limits of their axis exist but are not painted; nor are the spare ones."""
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [label for tick in ticks if not low <= tick.get_loc() <= high for label in (tick.label1, tick.label2)]


@every
def test_the_same_bytes_each_time(name: str) -> None:
    assert svg(GALLERY[name]()) == svg(GALLERY[name]())


@every
def test_svg_is_whole_and_needs_nothing_from_outside(name: str) -> None:
    text = svg(GALLERY[name](), "fig7")
    parser = HTMLParser()
    parser.feed(text)
    assert text.startswith("<svg")
    assert text.endswith("</svg>")
    assert "<!--" not in text
    assert "<text" not in text  # outlines, so that Korean shows anywhere
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))
    assert all(identifier.startswith("fig7-") for identifier in identifiers)
    for reference in re.findall(r'href="([^"]{1,40})', text) + re.findall(r"url\(([^)]+)\)", text):
        assert reference.startswith(("#fig7-", "data:image/png"))
        if reference.startswith("#"):
            assert reference[1:] in identifiers


def test_drawing_leaves_no_trace_in_matplotlib() -> None:
    settings = dict(matplotlib.rcParams)
    for draw in GALLERY.values():
        svg(draw())
    assert dict(matplotlib.rcParams) == settings
    assert not _pylab_helpers.Gcf.figs


def test_threads_draw_what_one_thread_draws() -> None:
    chosen = [GALLERY[name] for name in ("trial", "curves", "heat")]
    alone = [svg(draw()) for draw in chosen]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda draw: svg(draw()), chosen * 3))
    assert together == alone * 3


@pytest.mark.parametrize("name", THEMES)
def test_words_stand_out_from_the_paper_in_every_theme(name: str) -> None:
    theme = THEMES[name]  # type: ignore[index]
    assert contrast(theme.ink, theme.paper) > 7  # WCAG 2.1: AAA for words, AA for second words, 3 for marks is not asked
    assert contrast(theme.muted, theme.paper) > 4.5  # of Okabe and Ito's light hues, which carry names beside them
    assert len(set(theme.colours)) == len(theme.colours) == 7


def contrast(one: str, other: str) -> float:
    """(L₁ + 0.05) / (L₂ + 0.05) of relative luminances (WCAG 2.1)."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    bright, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (bright + 0.05) / (dark + 0.05)
