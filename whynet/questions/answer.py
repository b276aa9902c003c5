"""What came out of asking."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.questions.claim import Judged, Outcome
from whynet.questions.evidence import Evidence
from whynet.questions.question import Chapter, Drawn, Question
from whynet.text import Text


@dataclass(frozen=True)
class Answer:
    """The question as it was asked, what was measured, what became of its claims."""

    name: str
    asked: Text  # the question itself
    chapter: Chapter
    question: Question  # with the options it was asked with
    evidence: Evidence
    claims: Sequence[Judged]
    verdict: Text
    figures: Sequence[Drawn]
    seconds: float

    def claim(self, key: str) -> Judged:
        """One claim by its key."""
        return next(one for one in self.claims if one.claim.key == key)

    def count(self, outcome: Outcome) -> int:
        """How many claims came out so."""
        return sum(one.outcome == outcome for one in self.claims)

    @property
    def command(self) -> str:
        """The command line that asks the same again."""
        return command(self.name, self.question.options)

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "question": self.name, "asked": self.asked.both, "chapter": self.chapter.key, "options": self.question.options,
            "command": self.command, "verdict": self.verdict.both, "claims": [one.to_dict() for one in self.claims],
            "comparisons": {name: one.to_dict() for name, one in self.evidence.comparisons.items()},
            "measurements": {
                name: [{key: _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
                for name, table in self.evidence.tables.items()
            },
            "figures": [one.title.both for one in self.figures], "notes": [note.both for note in self.evidence.all_notes],
            "sources": list(self.question.sources), "seconds": self.seconds,
        }  # fmt: skip


OWN_FLAGS = ("data", "model", "seeds")  # options that the command line has a word for


def command(name: str, options: dict[str, str]) -> str:
    """``whynet ask NAME`` with options, to be copied."""
    words = ["whynet", "ask", name]
    for option, value in options.items():
        if option == "quick":
            words.append("--quick")
        else:
            words += [f"--{option}", value] if option in OWN_FLAGS else ["--set", f"{option}={value}"]
    return shlex.join(words)


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
