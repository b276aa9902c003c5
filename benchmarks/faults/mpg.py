"""TheDeepChecker's regression program: a table like Auto-MPG, and a network of two relu layers."""

from __future__ import annotations

import numpy as np

from benchmarks.faults.data import given
from whynet.recipe import Recipe, recipe

ROWS, TRAIN = 392, 314  # four fifths


def program(*, lr: float = 0.001, init: str = "he", penalty: float = 1e-5, scaled: bool = True) -> Recipe:
    """9 – Dense 64 relu – Dense 64 relu – Dense 1, mean squared error, Adam.

    How long the tool trained is not known; batches of 32, 100 epochs. The penalty is on the biases, too.
    """
    x, y = table()
    if scaled:
        x = (x - x[:TRAIN].mean(0)) / x[:TRAIN].std(0)
    data = given("cars", x[:TRAIN], y[:TRAIN], test=(x[TRAIN:], y[TRAIN:]))
    return recipe(
        data, "mlp(widths=[64, 64])", "mse", f"adam(lr={lr}, weight_decay={penalty})", init=init, batch_size=32, epochs=100
    )


def table() -> tuple[np.ndarray, np.ndarray]:
    """392 cars: cylinders, displacement, horsepower, weight, acceleration, year, one-hot origin; and miles per gallon.

    Drawn so that means, spreads and the strongest correlations are those of Auto-MPG: heavy cars have more of all and go less far.
    """
    draw = np.random.default_rng(0)
    size = draw.normal(size=ROWS)  # what large cars have in common
    weight = 2978 + 850 * size
    cylinders = np.select([size < 0.1, size < 0.6], [4, 6], 8)
    displacement = np.clip(194 + 98 * size + draw.normal(0, 35, ROWS), 68, None)
    horsepower = np.clip(104 + 33 * size + draw.normal(0, 18, ROWS), 46, None)
    acceleration = 15.5 - 0.045 * (horsepower - 104) + draw.normal(0, 2, ROWS)
    year = draw.integers(70, 83, ROWS)
    origin = np.where(draw.random(ROWS) < 1 / (1 + np.exp(-2 * size - 0.3)), 0, draw.integers(1, 3, ROWS))
    x = np.column_stack([cylinders, displacement, horsepower, weight, acceleration, year, np.eye(3)[origin]])
    y = 22 * np.exp(-0.26 * size) * (1 + 0.03 * (year - 76)) + draw.normal(0, 2.3, ROWS)
    return x, y
