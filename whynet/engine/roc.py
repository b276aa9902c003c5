"""How well one number tells two classes apart, whatever the threshold: the ROC curve, its area, and the equal error rate.

    false alarms(t) = share of class 0 at or above t        hits(t) = share of class 1 at or above t

A network that verifies answers with a number, a distance; where to cut is for its user to say: a door wants few false alarms, a search
few misses. The equal error rate is where both mistakes are equally frequent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whynet.errors import DataError
from whynet.text import Text


@dataclass(frozen=True)
class Roc:
    """Shares (n,) by falling threshold, from none (0, 0) to all (1, 1)."""

    thresholds: np.ndarray  # the first is +inf
    false_alarms: np.ndarray
    hits: np.ndarray

    @property
    def area(self) -> float:
        """The probability that an example of class 1 scores above one of class 0, ties half: 0.5 is chance."""
        return float(np.trapezoid(self.hits, self.false_alarms))

    @property
    def equal_error_rate(self) -> float:
        """The share of mistakes where false alarms are as frequent as misses, between thresholds on the straight line."""
        misses = 1 - self.hits
        after = int(np.argmax(self.false_alarms >= misses))  # the first point beyond; there is one, (1, 1)
        before = after - 1
        gap = misses - self.false_alarms
        share = gap[before] / (gap[before] - gap[after])
        return float(self.false_alarms[before] + share * (self.false_alarms[after] - self.false_alarms[before]))


def roc(scores: ArrayLike, labels: ArrayLike) -> Roc:
    """The curve of scores (n,) for labels (n,) 0 or 1; a higher score speaks for 1.

    Raises `DataError` where a class is missing, or scores are no numbers. Fawcett, An introduction to ROC analysis (2006).
    """
    score, label = np.asarray(scores, float).reshape(-1), np.asarray(labels).reshape(-1)
    positive = int((label == 1).sum())
    if len(score) != len(label) or positive in (0, len(label)) or not set(np.unique(label)) <= {0, 1}:
        raise DataError(_TWO_CLASSES, scores=len(score), labels=len(label), ones=positive)
    if np.isnan(score).any():
        raise DataError(_NO_NUMBERS, n=int(np.isnan(score).sum()), count=len(score))
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # of each run of equal scores
    hits = np.cumsum(label[order] == 1)[last] / positive
    false_alarms = np.cumsum(label[order] == 0)[last] / (len(label) - positive)
    thresholds = np.append(np.inf, score[order][last])
    return Roc(thresholds, np.append(0, false_alarms), np.append(0, hits))


_TWO_CLASSES = Text(
    "A ROC curve needs one score and one label, 0 or 1, for each example, and examples of both. "
    "Received: {scores} scores, {labels} labels, {ones} of them 1.",
    "ROC 곡선에는 예제마다 점수 하나와 레이블 하나(0 또는 1)가 필요하고, 두 클래스의 예제가 모두 있어야 한다. "
    "받은 것: 점수 {scores}개, 레이블 {labels}개, 그 가운데 1은 {ones}개.",
)
_NO_NUMBERS = Text(
    "A ROC curve orders examples by score, and NaN has no place in an order. Received: {n} NaN among {count} scores.",
    "ROC 곡선은 점수의 순서를 보는데, NaN에는 순서가 없다. 받은 것: 점수 {count}개 가운데 NaN {n}개.",
)
