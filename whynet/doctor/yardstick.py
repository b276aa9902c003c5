"""By which number a network is judged, on which examples, and how far it has come from chance to healthy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from whynet.data import Dataset
from whynet.engine.fit import Fitted
from whynet.engine.history import SplitName
from whynet.task import TaskKind
from whynet.text import Text, plain

LUCK = 3.0  # standard errors that luck alone may do
HALF = 0.5
NEARLY_ALL = (
    0.9  # of the examples in one class: a constant answer errs on one in ten, and half of what it misses is one in twenty
)
SOME = 10  # examples of the rarest class, whose share that is found is then known to within 0.16
CLOSE = 0.95  # of the way from chance to healthy, from which on nothing is missing that is worth mentioning
RECOVERED = 0.8  # of the way from chance to healthy: see `whynet.experiment.statistics.has_recovered`


@dataclass(frozen=True)
class Yardstick:
    """The metric of a split.

    split: the test set; the training examples where so few are held out that even a perfect answer could be luck there.
    balanced: whether accuracy is the mean over classes of the share of each that is found. Where nine of ten examples are of one class,
    plain accuracy hardly tells a network that finds the rare ones from one that answers the same whatever it is given (He and Garcia,
    Learning from imbalanced data, 2009).
    """

    kind: TaskKind
    split: SplitName
    chance: float  # of ignoring the input
    noise: float  # how far above chance an answer that knows nothing may come by luck
    balanced: bool = False

    @property
    def title(self) -> Text:
        """What it measures."""
        return _BALANCED if self.balanced else _TITLES[self.kind]

    def value(self, one: Fitted) -> float:
        """The metric of a trained network; NaN where it diverged. An R² below -1 counts as -1."""
        if one.outcome.status == "diverged":
            return math.nan
        if self.balanced:
            return float(one.recall.nanmean())
        value = one.score(self.split)
        return max(value, -1.0) if self.kind == "regress" else value

    def scale(self, value: float) -> float:
        """Where a value lies on a scale from 0 to 1 (perfect): accuracy as it is, R² as 1 - √(1 - R²).

        √(1 - R²) is the error left over the spread of the targets. R² itself hides errors: an R² of 0.99 still errs by a tenth of the
        spread.
        """
        return 1 - math.sqrt(1 - min(1.0, max(-1.0, value))) if self.kind == "regress" else value

    def way(self, value: float, healthy: float) -> float:
        """How far a value lies on the way from chance (0) to healthy (1)."""
        start = self.scale(self.chance)
        return (self.scale(value) - start) / max(self.scale(healthy) - start, 1e-9)

    def shown(self, value: float) -> str:
        """A value for the reader: two decimals, four where it is nearly perfect."""
        return f"{value:.4f}" if self.kind == "regress" and 0.98 < value < 1 else f"{value:.2f}"

    def least(self, original: float, healthy: float) -> float:
        """The value on the `scale` from which on a network counts as mended.

        0.8 of the way from chance to healthy, and half of what the original lacks: for one that was not far from healthy.
        """
        start, goal = self.scale(self.chance), self.scale(healthy)
        own = self.scale(original) if math.isfinite(original) else start
        return max(start + RECOVERED * (goal - start), own + HALF * (goal - own))

    def short(self, value: float, healthy: float) -> bool:
        """Whether a value falls short of healthy: by a fifth of the way from chance; or, for R², erring twice as much as healthy does.

        R² hides errors: a line that stops at 0.996 of data on a line errs by 6 % of their spread for ever, and nobody would call it fitted.
        Twice the error counts from a twentieth of the way on.
        """
        if not math.isfinite(healthy):
            return False
        start, goal, own = self.scale(self.chance), self.scale(healthy), self.scale(value)
        twice = self.kind == "regress" and 1 - own >= (1 - goal) / HALF and self.way(value, healthy) < CLOSE
        return own < start + RECOVERED * (goal - start) or twice


def yardstick(dataset: Dataset) -> Yardstick:
    """The test set, unless 0.8 of the way from chance to a perfect answer are within the luck of so few examples."""
    kind, chance = dataset.task.kind, dataset.task.chance
    if kind == "classify" and (found := _balanced(dataset)):
        return found
    noise = _noise(kind, chance, len(dataset.test))
    if len(dataset.test) and noise < RECOVERED * (1 - chance):
        return Yardstick(kind, "test", chance, noise)
    if kind == "classify":
        chance = float(dataset.train.y.bincount().max()) / max(1, len(dataset.train))
    return Yardstick(kind, "train", chance, min(_noise(kind, chance, len(dataset.train)), HALF * (1 - chance)))


def _balanced(dataset: Dataset) -> Yardstick | None:
    """By all classes alike, where nearly all of the test examples are of one and there are enough of the others to judge by."""
    counts = dataset.test.y.bincount(minlength=dataset.task.outputs)
    counts = counts[counts > 0].double()
    if len(counts) < 2 or float(counts.max() / counts.sum()) < NEARLY_ALL or float(counts.min()) < SOME:
        return None
    chance = 1 / len(counts)
    noise = LUCK * math.sqrt(float((chance * (1 - chance) / counts).sum())) / len(counts)
    return Yardstick("classify", "test", chance, noise, balanced=True)


def weights(y: np.ndarray) -> np.ndarray:
    """What each of these examples (n,) counts for where classes count alike; their mean is 1."""
    classes, place, counts = np.unique(y, return_inverse=True, return_counts=True)
    return np.asarray(len(y) / (len(classes) * counts[place]), float)


def _noise(kind: TaskKind, chance: float, n: int) -> float:
    """Three standard errors of the metric on n examples.

    √(c (1 - c) / n) for a share c of n examples; for R², whose square root is a correlation with standard error 1 / √n, 9 / n. A share
    of overlaps or of found objects counts as at least one of n.
    """
    n = max(1, n)
    if kind in ("segment", "detect"):
        chance = max(chance, 1 / max(2, n))
    return LUCK**2 / n if kind == "regress" else LUCK * math.sqrt(max(chance * (1 - chance), 0.0) / n)


_TITLES: dict[TaskKind, Text] = {
    "classify": plain("accuracy"),
    "regress": plain("r2"),
    "segment": Text("mean IoU", "평균 IoU(mean IoU)"),
    "detect": plain("mAP@0.5"),
}
_BALANCED = Text("balanced accuracy", "균형 정확도(balanced accuracy)")
