""" "R² 0.99 in training and 0.1 in testing": 100 patients, 43 thousand weights, 300 epochs.

10 features – Linear 200 relu – Linear 200 relu – Linear 1, mean squared error, Adam at 0.001, batches of 16. Mended, half of
the units are dropped out, the weights decay, and it stops after 20 epochs.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_diabetes

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe

TRAIN = 100


def program() -> Recipe:
    x, y = load_diabetes(return_X_y=True, scaled=False)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    x, y = (x - x[:TRAIN].mean(0)) / x[:TRAIN].std(0), (y - y[:TRAIN].mean()) / y[:TRAIN].std()
    data = given("patients", x[:TRAIN], y[:TRAIN], test=(x[TRAIN:], y[TRAIN:]), task="regress")
    return recipe(data, "mlp(widths=[200, 200])", "mse", "adam(lr=0.001)", batch_size=16, epochs=300)


def fixed() -> Recipe:
    return program().change(
        model="mlp(widths=[200, 200], dropout=0.5)", optimizer="adamw(lr=0.001, weight_decay=0.1)", epochs=20
    )


case = Case(
    "diabetes-by-heart",
    program,
    fixed,
    measure="r2",
    stated=stated("diabetes-by-heart", "overfitting | missing-regularization", fix="dropout, weight decay and fewer epochs"),
)
