"""What is known of the programs in `heldout`: each file states its own, for they were written for this and are published nowhere."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from benchmarks.faults.published import Published

ROOM = "heldout"
FOLDER = Path(__file__).parent / ROOM
SOURCE = "written for this set, by somebody who had not read the doctor"


def stated(name: str, *faults: str, fix: str = "none needed", notes: str = "") -> Published:
    """What a file says of its program. A fault is a label, or several that an expert would accept for it: ``"a | b"``."""
    named = [tuple(label.strip() for label in fault.split("|")) for fault in faults]
    either = tuple(labels for labels in named if len(labels) > 1)
    return Published(name, SOURCE, tuple(label for labels in named for label in labels), fix, notes, either)


@cache
def heldout() -> dict[str, Published]:
    """All of them by id, in the order of the files."""
    files = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
    found = [import_module(f"benchmarks.faults.{ROOM}.{file}").case.facts for file in files]
    return {facts.id: facts for facts in found}
