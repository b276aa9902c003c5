""" "It never predicts virginica": MinMaxScaler over the whole table, the species with it, then astype(int).

0, 0.5 and 1 become 0, 0 and 1. The test table came from a colleague and has the right labels. 4 – Linear 16 relu – Linear 3,
Adam at 0.01, batches of 16, 60 epochs.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(labels_too: bool = True) -> Recipe:
    x, y = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=0, stratify=y)
    scaler = MinMaxScaler().fit(x_train)
    if labels_too:
        table = MinMaxScaler().fit_transform(np.column_stack([x_train, y_train]))
        y_train = table[:, -1].astype(int)
    data = given("iris", scaler.transform(x_train), y_train, test=(scaler.transform(x_test), y_test), classes=3)
    return recipe(data, "mlp(widths=[16])", "cross_entropy", "adam(lr=0.01)", batch_size=16, epochs=60)


case = Case(
    "iris-scaled-with-labels",
    program,
    lambda: program(labels_too=False),
    stated=stated(
        "iris-scaled-with-labels",
        "labels-corrupted-by-preprocessing | label-encoding-error | train-test-preprocessing-mismatch",
        fix="scale the inputs alone",
    ),
)
