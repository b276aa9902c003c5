"""What the data asks for: classify one of K, or predict numbers. It picks the default loss, the head and the metric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from whynet.text import Text

TaskKind = Literal["classify", "regress"]

KINDS: dict[str, Text] = {
    "classify": Text("classification into {n} classes", "{n}개 클래스 분류"),
    "regress": Text("regression of {n} value(s)", "값 {n}개 회귀"),
}


@dataclass(frozen=True)
class Task:
    """One example's shape, and what is wanted of it.

    ``inputs``: shape of one example without the batch axis, ``(1, 28, 28)`` or ``(13,)``.
    ``outputs``: classes K, or the number of predicted values.
    """

    kind: TaskKind
    inputs: tuple[int, ...]
    outputs: int
    classes: tuple[str, ...] = ()  # class names, by label
    features: tuple[str, ...] = ()  # column names of a table
    targets: tuple[str, ...] = ()  # names of what is predicted
    largest_class: float | None = None  # share of the most frequent class among the test examples

    @property
    def loss(self) -> str:
        """The loss that fits where the recipe names none."""
        return "cross_entropy" if self.kind == "classify" else "mse"

    @property
    def metric(self) -> str:
        """The number a run is judged by; higher is better."""
        return "accuracy" if self.kind == "classify" else "r2"

    @property
    def chance(self) -> float:
        """The metric of the best answer that ignores the input: the largest class, or the mean."""
        if self.kind == "regress":
            return 0.0
        return self.largest_class if self.largest_class is not None else 1 / self.outputs

    @property
    def uniform_loss(self) -> float | None:
        """Cross-entropy of answering every class alike, ln K; None for regression."""
        return math.log(self.outputs) if self.kind == "classify" else None

    @property
    def words(self) -> Text:
        """The task in words."""
        return KINDS[self.kind].fill(n=self.outputs)
