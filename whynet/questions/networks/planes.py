"""What trained networks answer on the plane: the picture of one, and the best that any straight line can do."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from whynet.engine.fit import Fitted
from whynet.figures import decision_boundary
from whynet.text import Text

ANGLES = 720  # directions tried, half a degree apart


def is_planar(one: Fitted) -> bool:
    """Whether its examples are classified points of a plane."""
    task = one.dataset.task
    return task.inputs == (2,) and task.kind == "classify"


def boundary(one: Fitted, title: Text) -> Figure:
    """The answers of a trained network in the box of its data with a margin, its test examples on top."""
    examples, task = one.dataset.test, one.dataset.task
    pool = one.dataset.train.pool_x
    low, high = pool.amin(0), pool.amax(0)
    x, y = (torch.linspace(float(a - 0.05 * (b - a)), float(b + 0.05 * (b - a)), 160) for a, b in zip(low, high, strict=True))
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)  # (H, W, 2)
    answer = one.predict(grid.reshape(-1, 2)).reshape(len(y), len(x)).numpy()
    return decision_boundary(
        x.numpy(), y.numpy(), answer, examples.x.numpy(), examples.y.numpy(), classes=list(task.classes), title=title
    )


def best_line(points: np.ndarray, labels: np.ndarray) -> float:
    """The greatest share of points (n, 2) with labels 0 and 1 that a straight line puts on the right side.

    Every threshold at each of `ANGLES` directions is tried, so no line of these directions does better.
    """
    n, best = len(points), 0.0
    signs = np.where(labels == 1, 1, -1)
    for angle in np.linspace(0, np.pi, ANGLES, endpoint=False):
        along = points @ np.array([np.cos(angle), np.sin(angle)])
        order = np.argsort(along, kind="stable")
        # ones above the threshold and zeros below it: all ones, less each one that falls below, plus each zero that does
        right = (labels == 1).sum() - np.concatenate([[0], np.cumsum(signs[order])])
        between = np.concatenate([[True], np.diff(along[order]) > 0, [True]])  # no line parts points that lie on it together
        best = max(best, right[between].max() / n, 1 - right[between].min() / n)
    return float(best)
