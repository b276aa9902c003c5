"""Errors that teach: what was received, what was expected, and how to mend it, in the reader's language.

From the command line each prints as one message with exit code 2 and no traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from whynet.text import Text


class WhynetError(Exception):
    """Any mistake that a user can mend. ``str(error)`` is one message in the current language."""

    def __init__(self, message: Text, **values: Any) -> None:
        self.message = message.fill(**values) if values else message
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class SpecError(WhynetError):
    """A spec that does not parse."""


class UnknownNameError(WhynetError):
    """A name that nothing is registered under."""


class OptionError(WhynetError):
    """An option that does not exist, or of the wrong type, or out of range."""


class RecipeError(WhynetError):
    """Parts that do not fit together."""


class DataError(WhynetError):
    """Data that is missing, broken or not what was said of it."""


class ShapeError(WhynetError):
    """Tensors whose shapes do not fit."""


class WeightsError(WhynetError):
    """Pretrained weights that are gone, damaged, or of another network."""


class TrainingError(WhynetError):
    """Training that could not go on."""


class ComparisonError(WhynetError):
    """A comparison that would not be controlled."""


class StoreError(WhynetError):
    """A store that cannot be read or written."""


class MissingExtraError(WhynetError):
    """A feature whose optional dependency is not installed."""


def nearest(name: str, known: Iterable[str]) -> Text:
    """A sentence that offers the known names nearest to a mistyped one, or all of them where few or none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return Text("Did you mean {near}?", "혹시 {near:을} 뜻했나?").fill(near=" / ".join(near))
    if not names:
        return Text("There is none.", "쓸 수 있는 것이 없다.")
    return Text("Known: {names}.", "쓸 수 있는 것: {names}.").fill(names=", ".join(names))
