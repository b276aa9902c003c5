"""What a report is made of: plain data that any result can be told in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from matplotlib.figure import Figure

from whynet.text import Text

Tone = Literal["good", "bad", "neutral"]
Cell = Text | str | float | int


@dataclass(frozen=True)
class Paragraph:
    """A few sentences; words between backticks are set as code."""

    text: Text


@dataclass(frozen=True)
class Table:
    """Rows under named columns; numbers are written short and stand right."""

    columns: Sequence[Text]
    rows: Sequence[Sequence[Cell]]
    caption: Text | None = None
    highlight: frozenset[int] = frozenset()  # rows to point at, from 0


@dataclass(frozen=True)
class Picture:
    """A figure, drawn once in each language, and what is to be seen in it."""

    draw: Callable[[], Figure]
    caption: Text


@dataclass(frozen=True)
class Code:
    """Lines set as typed: a recipe, a diff with - and + lines, a command, or a formula, whose words may be in both languages."""

    text: str | Text
    kind: Literal["plain", "diff", "command"] = "plain"


@dataclass(frozen=True)
class Note:
    """A remark beside the main line: a limit, a reservation, a source."""

    text: Text


Block = Paragraph | Table | Picture | Code | Note


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: Text
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """A whole report: the verdict first, then the sections, then the facts that let someone repeat it."""

    title: Text
    verdict: Text
    tone: Tone
    sections: Sequence[Section]
    facts: Mapping[str, str | Text] = field(default_factory=dict)  # machine, versions, seeds, date
