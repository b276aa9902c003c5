"""What a run and a comparison have in common: a row of the table of runs, and a folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from whynet.runs.database import Database
from whynet.runs.summary import RunSummary, Status, summary


class Stored:
    """Something that was trained and stored, as it stood when it was opened; its kinds say what more there is to it."""

    def __init__(self, database: Database, folder: Path, row: Mapping[str, Any]) -> None:
        self.database, self.folder, self.row = database, folder, row
        self.summary: RunSummary = summary(row)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.name} ({self.status})>"

    @property
    def id(self) -> str:
        """Its name in the store: date, time and four letters."""
        return self.summary.id

    @property
    def name(self) -> str:
        """What it is called in listings."""
        return self.summary.name

    @property
    def created(self) -> datetime:
        """When it was started, in local time."""
        return self.summary.created

    @property
    def status(self) -> Status:
        """How it stands."""
        return self.summary.status

    @property
    def metric(self) -> str | None:
        """The name of the number it is judged by."""
        return self.summary.metric
