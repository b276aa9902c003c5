"""The place of a user's own Python object in a recipe that was read from the store, which keeps texts and tensors only."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from whynet.recipe import PARTS, Given, Recipe, recipe


class Absent:
    """An object that is not here. Two are the same one where nothing speaks for a difference."""

    def __repr__(self) -> str:
        return "an object that was not stored"


def read_recipe(text: str, marks: dict[str, str], run_id: str) -> Recipe:
    """A recipe as it was stored, with an `Absent` for each object of the user's own.

    Data and models are told apart by their checksums. Of other objects nothing is known, so that those of two runs differ.
    """
    values: dict[str, Any] = json.loads(text)
    for part in PARTS:
        written = values[part]
        if isinstance(written, str) and written.startswith("<"):
            values[part] = Given(_absent(part, marks.get(part, run_id)), written[1:-1])
    return recipe(**values)


@cache
def _absent(_part: str, _mark: str) -> Absent:
    return Absent()
