"""StackOverflow 51930566: Iris in three classes, answered by three sigmoids under a categorical cross-entropy.

4 – Dense 4 relu – Dense 3 sigmoid, N(0, .05) weights, Adam, batches of 5, 50 epochs of 75 flowers; the other 75 are the test. Keras
divides the three outputs by their sum before it takes the logarithm.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_iris

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import CATEGORICAL, NORMAL, adam
from whynet.recipe import Recipe, recipe

MODEL = 'mlp(widths=[4], output_activation="{output}")'


def program() -> Recipe:
    x, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(150)
    train, test = order[:75], order[75:]
    data = given("iris, halved", x[train], y[train], test=(x[test], y[test]))
    return recipe(data, MODEL.format(output="sigmoid"), CATEGORICAL, adam(), init=NORMAL, batch_size=5, epochs=50)


def fixed() -> Recipe:
    """A softmax."""
    return program().change(model=MODEL.format(output="softmax"))


case = Case("so-51930566", program, fixed, published="acc .64 → .907; 20 runs .725 → .869")
