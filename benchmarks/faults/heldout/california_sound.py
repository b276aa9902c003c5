""" "Can I do better?" House prices from standardised columns, in hundreds of thousands of dollars: a control.

8 columns – Linear 64 relu – Linear 64 relu – Linear 1, mean squared error, Adam at 0.003, batches of 64, 60 epochs of 6,400
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


def program() -> Recipe:
    table = pd.read_csv(folder() / "tabular" / "california_housing.csv").dropna().sample(8000, random_state=1)
    prices = table.pop("median_house_value") / 100_000
    x_train, x_test, y_train, y_test = train_test_split(
        table.drop(columns="ocean_proximity"), prices, test_size=0.2, random_state=1
    )
    scaler = StandardScaler().fit(x_train)
    data = given("districts", scaler.transform(x_train), y_train, test=(scaler.transform(x_test), y_test), task="regress")
    return recipe(data, "mlp(widths=[64, 64])", "mse", "adam(lr=0.003)", batch_size=64, epochs=60)


case = Case("california-sound", program, measure="r2", stated=stated("california-sound"))
