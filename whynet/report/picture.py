"""A figure inside the page: outlines that take the colours of the page, light or dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup, escape
from matplotlib.figure import Figure

from whynet.figures.save import svg
from whynet.figures.style import THEMES, Theme, use_theme
from whynet.text import LANGUAGES, Language, Text, use_language


def variables(theme: Theme) -> dict[str, str]:
    """The colours of a theme under the names that the page's CSS knows."""
    named = {"ink": theme.ink, "muted": theme.muted, "grid": theme.grid, "paper": theme.paper}
    return named | {f"c{i}": colour for i, colour in enumerate(theme.colours)}


_NAMES = {colour: name for name, colour in variables(THEMES["light"]).items()}


@dataclass(frozen=True)
class Drawing:
    """One picture in one language."""

    language: Language
    svg: Markup


def drawings(draw: Callable[[], Figure], caption: Text, prefix: str) -> list[Drawing]:
    """The picture in each language; ``prefix`` keeps the ids of several pictures on one page apart."""
    drawn = []
    for name in LANGUAGES:
        with use_language(name), use_theme("light"):
            figure = draw()
            label = ". ".join(part for part in (figure.get_suptitle().replace("\n", " ").strip(), caption.show(name)) if part)
            drawn.append(Drawing(name, _adapt(svg(figure, f"{prefix}-{name}"), label, figure.get_figwidth())))
    return drawn


def _adapt(text: str, label: str, inches: float) -> Markup:
    """The light theme's colours as variables of the page, the words a screen reader says, and the sizes at which words can be read."""

    def named(found: re.Match[str]) -> str:
        colour = found[2].lower()
        return f"{found[1]}: var(--{_NAMES[colour]}, {colour})" if colour in _NAMES else found[0]

    coloured = re.sub(r"\b(fill|stroke): (#[0-9a-fA-F]{6})\b", named, text)
    sizes = f"min-width: {inches * 4.4:.1f}rem; max-width: {inches * 7.4:.1f}rem"  # an inch is 6 rem on a screen
    return Markup(coloured.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" style="{sizes}" ', 1))
