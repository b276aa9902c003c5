"""What the targets are, beyond what the task says: yes or no, whole numbers, how wide they lie."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered


@remembered
def train_targets(seen: Examination) -> Tensor:
    """The training targets, (N,) labels or (N, n) values in double."""
    y = seen.fitted.dataset.train.y
    return y.double() if y.is_floating_point() else y


def classifies(seen: Examination) -> bool:
    """Whether every target is a class: labels, or values that are all 0 or 1."""
    return seen.fitted.dataset.task.kind == "classify" or yes_or_no(seen)


@remembered
def yes_or_no(seen: Examination) -> bool:
    """Whether the targets are values that are all 0 or 1."""
    y = train_targets(seen)
    return y.is_floating_point() and bool(torch.isin(y, torch.tensor([0.0, 1.0], dtype=y.dtype)).all())


@remembered
def several_at_once(seen: Examination) -> bool:
    """Whether the targets are rows of 0 and 1 of which more or less than one is 1: classes that do not exclude one another."""
    y = train_targets(seen)
    return yes_or_no(seen) and y.ndim == 2 and y.shape[1] > 1 and bool((y.sum(1) != 1).any())


MOST = 20  # different values, and each five times on average: more are measurements


def few_values(seen: Examination) -> Tensor | None:
    """The different values of a single target, sorted, where there are few and they repeat; None elsewhere, also for labels."""
    y = train_targets(seen)
    if not y.is_floating_point() or y.ndim != 2 or y.shape[1] != 1:
        return None
    found = y.unique()
    return found if 2 <= len(found) <= min(MOST, len(y) // 5) else None


@remembered
def few_whole(seen: Examination) -> list[float] | None:
    """Those values where they are whole numbers: classes, written as values."""
    found = few_values(seen)
    return [float(v) for v in found] if found is not None and bool((found == found.round()).all()) else None
