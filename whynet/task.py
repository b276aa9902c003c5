"""What the data asks for: classes, numbers, a class for each pixel, boxes. It picks the default loss, the head and the metric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from whynet.text import Text

TaskKind = Literal["classify", "regress", "segment", "detect"]
TASK_KINDS: tuple[TaskKind, ...] = get_args(TaskKind)

KINDS: dict[str, Text] = {
    "classify": Text("classification into {n} classes", "{n}개 클래스 분류"),
    "regress": Text("regression of {n} value(s)", "값 {n}개 회귀"),
    "segment": Text("segmentation into {n} classes", "{n}개 클래스 분할(segmentation)"),
    "detect": Text("detection of objects of {n} class(es)", "클래스 {n}개의 물체 검출(detection)"),
}
LOSSES: dict[TaskKind, str] = {
    "classify": "cross_entropy",
    "regress": "mse",
    "segment": "pixel_cross_entropy",
    "detect": "yolo",
}
METRICS: dict[TaskKind, str] = {"classify": "accuracy", "regress": "r2", "segment": "mean_iou", "detect": "map50"}


@dataclass(frozen=True)
class Task:
    """One example's shape, and what is wanted of it.

    ``inputs``: shape of one example without the batch axis, ``(1, 28, 28)`` or ``(13,)``.
    ``outputs``: classes K (of a whole example, of each pixel, of each object), or the number of predicted values.
    """

    kind: TaskKind
    inputs: tuple[int, ...]
    outputs: int
    classes: tuple[str, ...] = ()  # class names, by label
    features: tuple[str, ...] = ()  # column names of a table
    targets: tuple[str, ...] = ()  # names of what is predicted
    largest_class: float | None = None  # share of the most frequent class among the test examples, or among their pixels

    @property
    def loss(self) -> str:
        """The loss that fits where the recipe names none."""
        return LOSSES[self.kind]

    @property
    def metric(self) -> str:
        """The number a run is judged by; higher is better."""
        return METRICS[self.kind]

    @property
    def chance(self) -> float:
        """The metric of the best answer that ignores the input: the largest class, the mean; boxes are not hit by chance.

        Of pixels, the largest class alone has an overlap with the truth, its share; the mean is over all K.
        """
        if self.kind in ("regress", "detect"):
            return 0.0
        share = self.largest_class if self.largest_class is not None else 1 / self.outputs
        return share / self.outputs if self.kind == "segment" else share

    @property
    def uniform_loss(self) -> float | None:
        """Cross-entropy of answering every class alike, ln K; None where no classes are weighed against each other."""
        return math.log(self.outputs) if self.kind in ("classify", "segment") else None

    @property
    def words(self) -> Text:
        """The task in words."""
        return KINDS[self.kind].fill(n=self.outputs)
