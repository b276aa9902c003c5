"""What is known of the programs: ``real_faults.yaml``, read by id whenever it is wanted, so that nothing of it is kept twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "cases"  # beside the checkout, as shared/data is
FILE = FOLDER / "real_faults.yaml"


@dataclass(frozen=True)
class Published:
    """One entry of the file. ``accepted``: the labels that count as right; none for a program without a fault.

    ``either``: accepted labels that name the same fault, so that one of them is enough; the file has no such.
    """

    id: str
    source: str
    accepted: tuple[str, ...]
    fix: str
    notes: str
    either: tuple[tuple[str, ...], ...] = ()

    @property
    def causes(self) -> list[tuple[str, ...]]:
        """The faults, each with the labels that name it."""
        alone = [(label,) for label in self.accepted if not any(label in group for group in self.either)]
        return [*self.either, *alone]

    @property
    def control(self) -> bool:
        """Whether the program has no fault and should get a clean bill."""
        return not self.accepted


@cache
def entries() -> dict[str, Published]:
    """All entries by id, in the order of the file. Raises `FileNotFoundError` where the file is not on this machine."""
    rows: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        row["id"]: Published(row["id"], row["source"], tuple(row["faults"]), str(row["fix"]), str(row["notes"])) for row in rows
    }
