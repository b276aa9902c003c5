"""What a training left behind, as plain columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Evaluation:
    """The whole of one split, measured after a step in evaluation mode."""

    step: int  # training steps done when it was taken; 0 is before training
    epoch: float
    split: SplitName
    loss: float
    metric: float  # task.metric


@dataclass(frozen=True)
class Reading:
    """One number of one probe: the measured step, the layer (or "" for the whole network), the value."""

    step: int  # the step, counted from 1, during which it was taken
    probe: str
    layer: str
    value: float


@dataclass
class History:
    """Everything measured in one run, in order. ``loss[t]`` is the training loss of step t + 1, before its update."""

    loss: list[float] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Training steps done."""
        return len(self.loss)

    def copy(self) -> History:
        """What was measured so far; it does not grow with this one."""
        return History(list(self.loss), list(self.evaluations), list(self.readings))

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
        chosen = [r for r in self.readings if r.probe == name]
        layers = list(dict.fromkeys(r.layer for r in chosen))
        table = pd.DataFrame([(r.step, r.layer, r.value) for r in chosen], columns=["step", "layer", "value"])
        return table.pivot_table(index="step", columns="layer", values="value", dropna=False)[layers] if chosen else table
