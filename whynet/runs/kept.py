"""A kept result: a comparison, a diagnosis or an answer, with the files that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from whynet.runs.summary import Kind


@dataclass(frozen=True)
class Kept:
    """What `Store.keep` was given."""

    id: str
    kind: Kind
    name: str
    created: datetime
    payload: dict[str, Any]
    folder: Path  # where its files lie
