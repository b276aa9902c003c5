"""StackOverflow 39939881: a line through eight points by gradient descent whose steps are too long for inputs up to 8.

y = wx + b, mean squared error, rate 0.1, 100 steps over all points. The curvature is 2 E[x²] = 55, so steps above 0.036 diverge.

Simplified: the eight targets are not at hand; a line with a little noise. Weight N(0, 1), bias 0.
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    x = np.linspace(-8, 8, 8)
    y = 0.5 * x + 1 + np.random.default_rng(0).normal(0, 0.5, 8)
    init = "normal(std=1.0)"
    return recipe(given("eight points", x, y), "mlp(widths=[])", "mse", "sgd(lr=0.1)", init=init, batch_size="all", epochs=100)


def fixed() -> Recipe:
    """Adam at 0.1."""
    return program().change(optimizer="adam(lr=0.1)")


case = Case("tf-39939881", program, fixed, measure="mse", published="diverges to inf")
