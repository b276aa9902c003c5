""" "An MSE of 3e10, is that normal?" House prices in dollars for targets, the inputs standardised as they should be.

9 columns – Linear 64 relu – Linear 64 relu – Linear 1, mean squared error, Adam at 0.001, batches of 64, 20 epochs of 4,000
districts.
"""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(unit: float = 1.0) -> Recipe:
    table = pd.read_csv(folder() / "tabular" / "california_housing.csv").dropna().sample(5000, random_state=0)
    prices = table.pop("median_house_value") / unit
    x_train, x_test, y_train, y_test = train_test_split(
        table.drop(columns="ocean_proximity"), prices, test_size=0.2, random_state=1
    )
    scaler = StandardScaler().fit(x_train)
    data = given("districts", scaler.transform(x_train), y_train, test=(scaler.transform(x_test), y_test), task="regress")
    return recipe(data, "mlp(widths=[64, 64])", "mse", "adam(lr=0.001)", batch_size=64, epochs=20)


case = Case(
    "california-in-dollars",
    program,
    lambda: program(unit=100_000),
    measure="r2",
    stated=stated("california-in-dollars", "targets-not-normalized", fix="prices in hundreds of thousands of dollars"),
)
