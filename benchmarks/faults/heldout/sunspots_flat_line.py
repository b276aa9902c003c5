""" "My forecast is a flat line": monthly sunspots as they are counted, 0 to 250, and a network that ends in a sigmoid.

The 24 months before – Linear 32 tanh – Linear 1 sigmoid, mean squared error, Adam at 0.005, batches of 32, 20 epochs of 2,200
months; tested on the rest.
"""

from __future__ import annotations

import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(scaled: bool = False, end: str = ', output_activation="sigmoid"') -> Recipe:
    spots = pd.read_csv(folder() / "timeseries" / "monthly-sunspots.csv")["Sunspots"].to_numpy()
    inputs = spots / 100 if scaled else spots
    x, y = sliding_window_view(inputs, 24)[:-1], spots[24:] / 100  # hundreds
    data = given("months", x[:2200], y[:2200], test=(x[2200:], y[2200:]), task="regress")
    model = f'mlp(widths=[32], activation="tanh"{end})'
    return recipe(data, model, "mse", "adam(lr=0.005)", batch_size=32, epochs=20)


case = Case(
    "sunspots-flat-line",
    program,
    lambda: program(scaled=True, end=""),
    measure="r2",
    stated=stated(
        "sunspots-flat-line",
        "inputs-not-normalized | saturated-activation",
        "output-activation-range-mismatch | wrong-output-activation",
        fix="counts in hundreds, and a linear output",
    ),
)
