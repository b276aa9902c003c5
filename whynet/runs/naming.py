"""Identifiers that sort by time and can be said aloud, and the folders they name."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path


def new_folder(root: Path, now: float) -> Path:
    """A new folder under a name that nobody else has: local date and time, and four letters, ``20261120-093012-ab3f``."""
    root.mkdir(parents=True, exist_ok=True)
    time = datetime.fromtimestamp(now).strftime("%Y%m%d-%H%M%S")
    while True:
        folder = root / f"{time}-{secrets.token_hex(2)}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
