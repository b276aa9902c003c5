"""StackOverflow 43636736: a line through 100 points at 0 … 99 by gradient descent with a rate of 0.5.

y = wx + b from w = 1, half the mean squared error, 100 steps over all points. The curvature is E[x²] = 3,300.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from whynet.recipe import Recipe, recipe


def half_squares(outputs: Tensor, targets: Tensor) -> Tensor:
    return ((outputs - targets) ** 2).mean() / 2


def program() -> Recipe:
    x = np.arange(100.0)
    y = 2 * x + 4 + np.random.default_rng(0).normal(0, 1, 100)
    data, init = given("line", x, y, task="regress"), "constant(value=1.0)"
    return recipe(data, "mlp(widths=[])", half_squares, "sgd(lr=0.5)", init=init, batch_size="all", epochs=100)


def fixed() -> Recipe:
    """A rate of 0.0005."""
    return program().change(optimizer="sgd(lr=0.0005)")


case = Case("tf-43636736", program, fixed, measure="mse", published="diverges")
