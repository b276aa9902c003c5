"""How far the targets of validation and test lie from those of training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency, ks_2samp

from whynet.doctor.examination import Examination
from whynet.doctor.facts.relabelled import relabelled
from whynet.doctor.remembered import remembered

UNLIKELY = 1e-6  # a split dealt out at random differs so much once in a million
APART = 0.2  # total variation of class shares, or distance of Kolmogorov and Smirnov
HARDLY, RARE = (
    0.05,
    20,
)  # a class hardly seen in training: below that share of its share in the test, and fewer examples than that
MOSTLY = 0.5  # of the examples of a set would have to be of another class to be as in training
STREAK = 0.5  # of the way from a random order to one sorted by class


@dataclass(frozen=True)
class Compared:
    """One set held against training."""

    distance: float
    counts: bool  # whether it differs by more than chance and in a way that is not meant
    unseen: float = 0.0  # share of its examples whose class training hardly holds
    never: bool = False  # whether one of those classes is not in training at all
    cut: bool = (
        False  # whether it is mostly of other classes than training, whose examples lie sorted: the end of a sorted list
    )


@remembered
def farthest_set(seen: Examination) -> Compared | None:
    """Of validation and test the one that differs most; None where there is nothing to compare."""
    found = [one for name in ("validation", "test") if (one := _compared(seen, name)) is not None]
    return max(found, key=lambda one: (one.counts, one.distance), default=None)


def _compared(seen: Examination, name: str) -> Compared | None:
    dataset = seen.fitted.dataset
    a, b = dataset.train.y.numpy(), getattr(dataset, name).y.numpy()
    if len(b) < 2 or len(a) < 2:
        return None
    if dataset.task.kind == "regress":
        tests = [ks_2samp(a[:, i], b[:, i]) for i in range(a.shape[1])]
        far = max(tests, key=lambda one: float(one.statistic))
        return Compared(float(far.statistic), float(far.statistic) > APART and float(far.pvalue) * len(tests) < UNLIKELY)
    k = dataset.task.outputs
    counts = np.array([np.bincount(y, minlength=k) for y in (a, b)])  # (2, K)
    counts = counts[:, counts.sum(0) > 0]
    if counts.shape[1] < 2:
        return Compared(0.0, False)
    p, q = counts / counts.sum(1, keepdims=True)
    distance = float(np.abs(p - q).sum() / 2)
    differs = distance > APART and float(chi2_contingency(counts).pvalue) < UNLIKELY
    hardly = (q > 0) & (p < HARDLY * q) & (counts[0] < RARE)
    called_otherwise = relabelled(seen)
    if called_otherwise is not None and called_otherwise.there and not _sorted(seen):
        return Compared(distance, False)  # no split takes the name from examples and leaves them where they were
    unmeant = differs and bool(hardly.any() or _sorted(seen))
    cut = differs and distance >= MOSTLY and _sorted(seen)
    return Compared(distance, unmeant, float(q[hardly].sum()), bool((counts[0][hardly] == 0).any()), cut)


@remembered
def _sorted(seen: Examination) -> bool:
    y = seen.fitted.dataset.train.y.numpy()
    shares = np.unique(y, return_counts=True)[1] / len(y)
    even = float((shares**2).sum())
    return float((y[1:] == y[:-1]).mean()) > even + STREAK * (1 - even)
