"""How many examples each class has, and in a few words whether that is balanced."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.figures.class_counts import class_counts
from whynet.task import Task
from whynet.text import Text

BALANCED = 1.5  # the largest class at most so many times the smallest
LISTED = 6  # up to so many counts are read out


def names(task: Task) -> list[str]:
    """The class names, or their numbers."""
    return list(task.classes) or [str(k) for k in range(task.outputs)]


def by_name(labels: np.ndarray, task: Task) -> pd.Series:
    """The labels as a categorical series of class names, in class order."""
    return pd.Series(pd.Categorical.from_codes([int(k) for k in labels], categories=pd.Index(_unique(names(task)))))


def counts(labels: np.ndarray, classes: list[str]) -> tuple[Text, Figure]:
    """The counts of each class under the finding."""
    numbers = np.bincount(labels.astype(int), minlength=len(classes))
    low, high = int(numbers.min()), int(numbers.max())
    listed = " / ".join(f"{n:,}" for n in numbers)
    if low == 0:
        title = Text(
            "{k} classes, {empty} of them without a training example", "클래스 {k}개, 그중 {empty}개는 훈련 예제가 없다"
        ).fill(k=len(numbers), empty=int((numbers == 0).sum()))
    elif high <= BALANCED * low:
        title = Text("{k} classes, balanced: {counts}", "클래스 {k}개, 고르다: {counts}").fill(
            k=len(numbers), counts=listed if len(numbers) <= LISTED else f"{low:,}–{high:,}"
        )
    else:
        title = Text(
            "{k} classes, unbalanced: the largest has {ratio:.1f} times as many examples as the smallest",
            "클래스 {k}개, 고르지 않다: 가장 큰 클래스의 예제가 가장 작은 클래스의 {ratio:.1f}배다",
        ).fill(k=len(numbers), ratio=high / low)
    return title, class_counts(dict(zip(_unique(classes), map(int, numbers), strict=True)), title=title)


def _unique(classes: list[str]) -> list[str]:
    """Class names, told apart where two are written alike."""
    return [name if classes.count(name) == 1 else f"{name} ({k})" for k, name in enumerate(classes)]
