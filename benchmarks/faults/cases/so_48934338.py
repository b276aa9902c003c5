"""StackOverflow 48934338: a parabola that a network does not follow, because its steps are too long.

1 – Dense 50 relu – Dense 30 relu, both U(-.05, .05) – Dense 1 linear, Glorot, mean squared error, SGD at 0.1, 1,000 epochs of 50 points in
batches of 32. Targets go up to 125.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import dense
from whynet.recipe import Recipe, recipe


def uniform(weight: Tensor) -> None:
    nn.init.uniform_(weight, -0.05, 0.05)


def network() -> nn.Module:
    return nn.Sequential(dense(1, 50, uniform), nn.ReLU(), dense(50, 30, uniform), nn.ReLU(), dense(30, 1))


def program() -> Recipe:
    draw = np.random.default_rng(0)
    x = np.arange(0, 5, 0.1)[:, None]
    y = 5 * x[:, 0] ** 2 + draw.normal(0, 1, 50) ** 3
    return recipe(given("parabola with noise", x, y), network, "mse", "sgd(lr=0.1)", batch_size=32, epochs=1000)


def fixed() -> Recipe:
    """DeepFD's rate of 0.0001; with DeepLocalize's 0.001 some starts still lose all their relus in the first steps."""
    return program().change(optimizer="sgd(lr=0.0001)")


case = Case("so-48934338", program, fixed, measure="mse", published="MSE 1335.7 → 341 (rate .001)")
