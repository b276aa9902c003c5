"""StackOverflow 48221692: y = x² + 3 up to 103, answered by a sigmoid, which ends at 1.

1 – Dense 5 sigmoid – Dense 1 sigmoid, mean squared error, SGD at 0.01, 1,000 steps over all 201 points.
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import GLOROT
from whynet.recipe import Recipe, recipe

MODEL = 'mlp(widths=[5], activation="sigmoid", output_activation="{output}")'


def program() -> Recipe:
    x = np.linspace(-10, 10, 201)[:, None]
    data = given("parabola", x, x[:, 0] ** 2 + 3)
    return recipe(data, MODEL.format(output="sigmoid"), "mse", "sgd(lr=0.01)", init=GLOROT, batch_size="all", epochs=1000)


def fixed() -> Recipe:
    """A linear output."""
    return program().change(model=MODEL.format(output="identity"))


case = Case("so-48221692", program, fixed, measure="mse", published="MSE 2311 → 122")
