"""What every question of the book is.

    @register("question", name="vanishing-gradient", year=1991, source="Hochreiter", en="Why do …?", ko="왜 …?")
    @dataclass(frozen=True)
    class VanishingGradient(Question):
        data: str | Spec = "digits"        # the options, checked against their annotations before any data is read
        seeds: Annotated[int, Range(least=1)] | None = None
        quick: bool = False

A question is a client of the experiment: it asks for comparisons or measures mathematics, and trains nothing by itself. Its chapter
is the folder its file lies in.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, cast

from matplotlib.figure import Figure

from whynet.experiment.progress import Progress
from whynet.questions.claim import Claim, Judged
from whynet.questions.evidence import Evidence
from whynet.registry import Info
from whynet.spec import Spec
from whynet.text import Text

Listen = Callable[[Progress], None] | None


@dataclass(frozen=True)
class Drawn:
    """A picture whose title states what was found in it; ``reading`` says how to read it."""

    title: Text
    draw: Callable[[], Figure]
    reading: Text


@dataclass(frozen=True)
class Change:
    """One thing to change, the command that does it, and what to look at."""

    words: Text
    command: str


@dataclass(frozen=True)
class Chapter:
    """A part of the book: a folder with a title and a place."""

    key: str
    title: Text
    place: int


class Question(ABC):
    """One question as a frozen dataclass, whose fields are its options; ``quick`` asks for an answer within seconds."""

    quick: bool
    words: ClassVar[Sequence[Text]]  # the answer as theory gives it: plain words first, a paragraph each
    formula: ClassVar[str | Text] = ""  # and then the formula: a plain string where it holds no words
    sources: ClassVar[Sequence[str]]

    @abstractmethod
    def measure(self, listen: Listen) -> Evidence:
        """Run the experiments."""

    @abstractmethod
    def claims(self) -> Sequence[Claim]:
        """What can be proved wrong, written down before anything is measured."""

    @abstractmethod
    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The answer in a few sentences made of what was measured, whatever that was."""

    @abstractmethod
    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The pictures, the one that matters most first."""

    @abstractmethod
    def changes(self) -> Sequence[Change]:
        """One thing to change, again and again."""

    @property
    def options(self) -> dict[str, str]:
        """The options that differ from their defaults, as text."""
        own = fields(cast(Any, self))
        shown = {f.name: getattr(self, f.name) for f in own if getattr(self, f.name) != f.default}
        return {
            name: str(Spec("x", {"x": value}))[4:-1] if not isinstance(value, str) else value for name, value in shown.items()
        }


def chapter_of(info: Info) -> Chapter:
    """The chapter of a question: the folder of its file, which says its title and place."""
    folder = info.make.__module__.rpartition(".")[0]
    package = importlib.import_module(folder)
    return Chapter(folder.rpartition(".")[2], package.TITLE, package.PLACE)
