""" "Regression on the Ames houses gives nan from the first epoch": numbers in, the price out, nothing scaled.

37 columns – Linear 64 relu – Linear 32 relu – Linear 1, mean squared error, SGD at 0.001, batches of 32, 30 epochs of 2,344
houses.
"""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(inputs_scaled: bool = False, targets_scaled: bool = False) -> Recipe:
    table = pd.read_csv(folder() / "tabular" / "AmesHousing.csv").select_dtypes("number").fillna(0)
    prices = table.pop("SalePrice").to_numpy(float)
    x_train, x_test, y_train, y_test = train_test_split(
        table.drop(columns="Order").to_numpy(float), prices, test_size=0.2, random_state=0
    )
    if inputs_scaled:
        scaler = StandardScaler().fit(x_train)
        x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
    if targets_scaled:
        y_train, y_test = ((y - prices.mean()) / prices.std() for y in (y_train, y_test))
    data = given("houses", x_train, y_train, test=(x_test, y_test), task="regress")
    return recipe(data, "mlp(widths=[64, 32])", "mse", "sgd(lr=0.001)", batch_size=32, epochs=30)


case = Case(
    "ames-straight-from-csv",
    program,
    lambda: program(inputs_scaled=True, targets_scaled=True),
    measure="r2",
    stated=stated(
        "ames-straight-from-csv",
        "inputs-not-normalized | exploding-gradient",
        "targets-not-normalized",
        fix="standardise inputs and targets",
    ),
)
