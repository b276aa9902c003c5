"""How a run ended, as the store keeps it."""

from __future__ import annotations

import json
import math

from whynet.engine.history import History
from whynet.text import Text


def write_why(why: Text | None) -> str | None:
    """A sentence in both languages as JSON."""
    return json.dumps({"en": why.show("en"), "ko": why.show("ko")}, ensure_ascii=False) if why else None


def read_why(text: str | None) -> Text | None:
    """The sentence that `write_why` wrote."""
    return Text(**json.loads(text)) if text else None


def final_score(history: History) -> float | None:
    """The number a run is judged by: the last metric of the test split, else of validation, else of training."""
    scores = [history.final(split) for split in ("test", "validation", "train")]
    return next((score for score in scores if not math.isnan(score)), None)
