"""The question book: named WHYs, each answered by measured claims. One chapter a folder, one question a file."""

from whynet.questions.answer import Answer
from whynet.questions.ask import ask, book, find, pose
from whynet.questions.claim import Claim, Judged, Measured, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.question import Change, Chapter, Drawn, Question
from whynet.registry import discover

__all__ = [
    "Answer", "Change", "Chapter", "Claim", "Drawn", "Evidence", "Judged", "Measured", "Question", "ask", "book", "exactly", "find",
    "pose",
]  # fmt: skip

discover(__name__, __path__)
