"""DeepLocalize's Averaging_NN, a control: a linear network for the mean of two numbers, a linear task.

2 – Dense 2 linear – Dense 1 linear, mean squared error, RMSprop, batches of 10, 10 epochs of 10,000 pairs.

Simplified: the range of the numbers is not known; U(0, 1).
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import GLOROT, rmsprop
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    x = np.random.default_rng(0).uniform(size=(10_000, 2))
    model = 'mlp(widths=[2], activation="identity")'
    return recipe(given("pairs", x, x.mean(1)), model, "mse", rmsprop(), init=GLOROT, batch_size=10, epochs=10)


case = Case("gh-averaging", program, measure="mse")
