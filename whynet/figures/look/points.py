"""A first look at points: one number in and one out, or two numbers and a class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.figures.features import distribution
from whynet.figures.look.classes import by_name
from whynet.figures.relation import relation
from whynet.task import Task
from whynet.text import Text


def point_looks(frame: pd.DataFrame, y: np.ndarray, task: Task) -> Iterator[tuple[Text, Figure]]:
    """Two features: the plane by class. One feature: it against the target, or its spread by class."""
    first = str(frame.columns[0])
    if task.kind == "regress":
        name = task.targets[0] if task.targets else str(Text("target", "목푯값(target)"))
        target = np.asarray(y, float).reshape(len(y), -1)[:, 0]
        good = np.isfinite(frame[first].to_numpy(dtype=float)) & np.isfinite(target)
        r = np.corrcoef(frame[first].to_numpy(dtype=float)[good], target[good])[0, 1] if np.ptp(target[good]) else 0.0
        title = Text(
            "A straight line explains {r2:.0%} of the variance of {name}", "직선 하나가 {name} 분산의 {r2:.0%}를 설명한다"
        ).fill(r2=float(np.nan_to_num(r)) ** 2, name=name)
        both = pd.DataFrame({first: frame[first].to_numpy(), "target": target})
        yield title, relation(both, first, "target", title=title, trend=True, y_name=name)
        return
    classes = by_name(y, task)
    if frame.shape[1] == 1:
        title = Text("{name} by class", "클래스별 {name}").fill(name=first)
        yield title, distribution(frame, classes, title=title)
        return
    points = frame.to_numpy(dtype=float)
    title = Text(
        "Straight borders (least squares) answer {share:.0%} of the points right; the largest class alone is {largest:.0%}",
        "곧은 경계(최소제곱)로는 점의 {share:.0%}를 맞힌다. 가장 큰 클래스만 답하면 {largest:.0%}다",
    ).fill(share=straight(points, y), largest=float(np.bincount(y).max() / len(y)))
    yield title, relation(frame, first, str(frame.columns[1]), by=classes, title=title)


def straight(points: np.ndarray, labels: np.ndarray) -> float:
    """The share of points that the least-squares linear classifier, argmax of W·x + b, answers right."""
    inputs = np.column_stack([points, np.ones(len(points))])
    wanted = np.eye(int(labels.max()) + 1)[labels]
    weights = np.linalg.lstsq(inputs, wanted, rcond=None)[0]
    return float(((inputs @ weights).argmax(axis=1) == labels).mean())
