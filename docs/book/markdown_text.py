"""Words, tables and code as Markdown that says exactly what was meant, whatever signs stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from whynet.report.blocks import Cell
from whynet.report.write import shortly

_CODE = re.compile(r"(`[^`\n]+`)")
_SIGNS = re.compile(r"([\\`*_{}\[\]#|!])")
_FIRST = re.compile(r"^(?:([-+])|(\d+)\.(?=\s))")  # what would begin a list or a rule


def words(text: object) -> str:
    """A line of plain words, in which only backticks mean something: they set code."""
    parts = _CODE.split(" ".join(str(text).split()))
    return _FIRST.sub(_unlisted, "".join(part if _CODE.fullmatch(part) else _escaped(part) for part in parts))


def fence(text: str, kind: str = "text") -> str:
    """Lines set as typed."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks}{kind}\n{text.strip(chr(10))}\n{ticks}\n"


def table(heads: Sequence[object], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already, its heads are words."""
    lines = [[words(head) for head in heads], ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def cell(value: Cell) -> str:
    """One value of a table."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return words(shortly(value) if number else value)  # type: ignore[arg-type]


def indented(text: str) -> str:
    """Under an admonition."""
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _unlisted(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\."
