"""From a report to one HTML file that needs nothing else: no script, no network, no font."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from whynet.figures.canvas import number
from whynet.figures.save import write_whole
from whynet.figures.style import THEMES
from whynet.report.blocks import Report, Tone
from whynet.report.picture import drawings, variables
from whynet.text import LANGUAGES, Text, language


def write(report: Report, path: str | os.PathLike[str]) -> Path:
    """Write the report as one HTML file, all at once. Raises `StoreError` where it cannot be written."""
    return write_whole(Path(path), html(report).encode())


def html(report: Report) -> str:
    """The page as text. Both languages are inside; the current one is shown first."""
    return _PAGE.render(
        report=report,
        first=language(),
        languages=LANGUAGES,
        words=WORDS,
        fact_names=FACTS,
        sign=SIGNS[report.tone],
        tone=TONES[report.tone],
        themes={name: variables(THEMES[name]) for name in ("light", "dark")},
        style=Markup((Path(__file__).parent / "page.css").read_text(encoding="utf-8")),
    )


def _say(text: Text | str) -> Markup:
    """A text in every language, each marked as such; CSS shows one. Words between backticks are set as code."""
    return _marked(text, _code)


def _typed(line: Text | str) -> Markup:
    """A line of what is set as typed, in every language: a backtick stands for itself."""
    return _marked(line or " ", escape)


def _marked(text: Text | str, markup: Callable[[str], Markup]) -> Markup:
    if isinstance(text, str):
        return markup(text)
    shown = {name: markup(text.show(name)) for name in LANGUAGES}
    if len(set(shown.values())) == 1:
        return shown["en"]
    return Markup("").join(Markup('<span lang="{}">{}</span>').format(name, words) for name, words in shown.items())


def _lines(text: Text | str) -> list[Text | str]:
    """The lines of what is set as typed, each in every language."""
    if isinstance(text, str):
        return [*text.splitlines()]
    return [Text(en, ko) for en, ko in zip(text.show("en").splitlines(), text.show("ko").splitlines(), strict=True)]


def _code(text: str) -> Markup:
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def _cell(value: Any) -> Markup:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _say(value if isinstance(value, Text) else str(value))
    return escape(shortly(value))


def shortly(value: int | float) -> str:
    """A number as a table shows it."""
    return f"{value:,}".replace("-", "−") if isinstance(value, int) else number(value, 4)


def _numeric(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mark(line: str) -> str:
    """What a line of a diff is: gone, new, a heading, or kept."""
    if line.startswith(("---", "+++", "@@")):
        return "head"
    return {"-": "gone", "+": "new"}.get(line[:1], "kept")


WORDS = {
    "language": Text("Language", "언어"),
    "theme": Text("Theme", "화면"),
    "auto": Text("Auto", "자동"),
    "light": Text("Light", "밝게"),
    "dark": Text("Dark", "어둡게"),
    "contents": Text("Contents", "차례"),
    "facts": Text("To repeat this", "다시 해 보려면"),
    "note": Text("Note", "참고"),
}
FACTS = {
    "machine": Text("machine", "기계"),
    "versions": Text("versions", "버전"),
    "seeds": Text("seeds", "시드(seed)"),
    "date": Text("date", "날짜"),
    "command": Text("command", "명령"),
    "recipe": Text("recipe", "레시피(recipe)"),
    "data": Text("data", "데이터"),
    "time": Text("time taken", "걸린 시간"),
}
TONES: dict[Tone, Text] = {
    "good": Text("Verdict: good", "판정: 좋음"),
    "bad": Text("Verdict: a problem", "판정: 문제 있음"),
    "neutral": Text("Verdict", "판정"),
}
SIGNS: dict[Tone, str] = {"good": "✓", "bad": "✗", "neutral": "●"}

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_environment.filters.update(say=_say, cell=_cell, mark=_mark, lines=_lines, typed=_typed)
_environment.tests["number"] = _numeric
_environment.globals["drawings"] = drawings
_PAGE = _environment.get_template("page.html")
