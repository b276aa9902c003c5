"""How a run ended, as the store keeps it."""

from __future__ import annotations

import json
import math

from whynet.engine.history import History, SplitName
from whynet.text import Text

PREFERRED: tuple[SplitName, ...] = ("test", "validation", "train")


def write_why(why: Text | None) -> str | None:
    """A sentence in both languages as JSON."""
    return json.dumps({"en": why.show("en"), "ko": why.show("ko")}, ensure_ascii=False) if why else None


def read_why(text: str | None) -> Text | None:
    """The sentence that `write_why` wrote."""
    return Text(**json.loads(text)) if text else None


def final_score(history: History) -> float | None:
    """The number a run is judged by: the last metric of the test split, else of validation, else of training.

    None where nothing was measured, or where what was measured last is no number: a diverged run has no score.
    """
    split: SplitName = next((split for split in PREFERRED if any(e.split == split for e in history.evaluations)), "train")
    score = history.final(split)
    return None if math.isnan(score) else score
