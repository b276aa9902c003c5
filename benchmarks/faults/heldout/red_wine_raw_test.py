""" "Good in training, a coin flip in testing": the training table went through StandardScaler, the test table did not.

11 – Linear 32 relu – Linear 16 relu – Linear 2 (at least 6 points or not), Adam at 0.003, batches of 32, 30 epochs of 1,199
wines.
"""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(test_too: bool = False) -> Recipe:
    table = pd.read_csv(folder() / "tabular" / "winequality" / "winequality-red.csv", header=None)
    good = (table.pop(11) >= 6).astype(int)
    x_train, x_test, y_train, y_test = train_test_split(table.to_numpy(), good.to_numpy(), test_size=0.25, random_state=0)
    scaler = StandardScaler().fit(x_train)
    data = given("wines", scaler.transform(x_train), y_train, test=(scaler.transform(x_test) if test_too else x_test, y_test))
    return recipe(data, "mlp(widths=[32, 16])", "cross_entropy", "adam(lr=0.003)", batch_size=32, epochs=30)


case = Case(
    "red-wine-raw-test",
    program,
    lambda: program(test_too=True),
    stated=stated("red-wine-raw-test", "train-test-preprocessing-mismatch", fix="the same scaler for the test table"),
)
