"""What a training left behind, as plain columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from whynet.engine.readings import Reading, Readings

__all__ = ["Evaluation", "History", "Reading", "Readings", "SplitName"]

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Evaluation:
    """One split, measured after a step in evaluation mode: the whole of it; of a large training set a sample, always the same."""

    step: int  # training steps done when it was taken; 0 is before training
    epoch: float
    split: SplitName
    loss: float
    metric: float  # task.metric


@dataclass
class History:
    """Everything measured in one run, in order. ``loss[t]`` is the training loss of step t + 1, before its update."""

    loss: list[float] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    readings: Readings = field(default_factory=Readings)

    @property
    def steps(self) -> int:
        """Training steps done."""
        return len(self.loss)

    def copy(self) -> History:
        """What was measured so far; it does not grow with this one."""
        return History(list(self.loss), list(self.evaluations), self.readings.copy())

    def curve(self, split: SplitName, what: Literal["loss", "metric"] = "metric") -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of one split's evaluations, as two arrays."""
        chosen = [e for e in self.evaluations if e.split == split]
        return np.array([e.step for e in chosen]), np.array([getattr(e, what) for e in chosen])

    def final(self, split: SplitName = "test", what: Literal["loss", "metric"] = "metric") -> float:
        """The last evaluation of a split; NaN where there is none."""
        values = self.curve(split, what)[1]
        return float(values[-1]) if len(values) else float("nan")

    def probe(self, name: str) -> pd.DataFrame:
        """One probe's readings as a table: a row per measured step, a column per layer in network order."""
        every = self.readings.columns()
        layers = [layer for probe, layer in every.series if probe == name]
        chosen = np.isin(every.which, [i for i, (probe, _) in enumerate(every.series) if probe == name])
        place = np.array([layer for _, layer in every.series], dtype=object)[every.which[chosen]]
        table = pd.DataFrame({"step": every.step[chosen], "layer": place, "value": every.value[chosen]})
        return table.pivot_table(index="step", columns="layer", values="value", dropna=False)[layers] if len(table) else table
