"""What a question measured, before anything is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from whynet.experiment.compare import Comparison
from whynet.text import Text


@dataclass(frozen=True)
class Evidence:
    """Comparisons and measured tables by name.

    ``tables``: numbers that claims and report are made of, a row for each seed and place. ``traces``: long tables that only
    figures need, such as the path of an optimizer.
    """

    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    traces: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()

    @property
    def all_notes(self) -> list[Text]:
        """What has to be known to read the numbers, each said once."""
        return list(dict.fromkeys([*self.notes, *(note for one in self.comparisons.values() for note in one.notes)]))
