"""StackOverflow 48251943: a regression whose last layer is a relu, on targets of which some are negative.

2 – Dense 4 relu – Dense 1 relu, mean squared error, SGD at 0.01, batches of 10, 50 epochs of 17 rows.

Simplified: the table inside the program is not at hand. Seventeen rows of two features in [-1, 1] and a linear target with a little
noise, about a third of them negative, all in [-1, 1] (the published fix puts a tanh there).
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import GLOROT
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    draw = np.random.default_rng(0)
    x = draw.uniform(-1, 1, (17, 2))
    y = 0.2 + 0.5 * x[:, 0] - 0.3 * x[:, 1] + draw.normal(0, 0.05, 17)
    model = 'mlp(widths=[4], output_activation="relu")'
    return recipe(given("table of 17 rows", x, y), model, "mse", "sgd(lr=0.01)", init=GLOROT, batch_size=10, epochs=50)


def fixed() -> Recipe:
    """A tanh at the end."""
    return program().change(model='mlp(widths=[4], output_activation="tanh")')


case = Case("so-48251943", program, fixed, measure="mse")
