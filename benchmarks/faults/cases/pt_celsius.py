"""fast.ai forum: Celsius to Fahrenheit, where the weight comes out right and the bias does not move.

y = wx + b on x in [-500, 500], mean squared error. The scale of x forces a rate of 1e-6, at which the bias would need a million steps.

Simplified: the training is not known; 1,000 points, SGD at 1e-6 in batches of 10, 100 epochs.
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from whynet.recipe import Recipe, recipe


def temperatures(scale: float = 1.0) -> Recipe:
    x = np.random.default_rng(0).uniform(-500, 500, 1000)
    data = given("temperatures", x / scale, 1.8 * x + 32)
    return recipe(data, "mlp(widths=[])", "mse", "sgd(lr=1e-6)", batch_size=10, epochs=100)


def fixed() -> Recipe:
    """Inputs over their spread and a rate of 1e-3."""
    return temperatures(scale=500 / 3**0.5).change(optimizer="sgd(lr=0.001)")


case = Case("pt-celsius", temperatures, fixed, measure="mse", published="bias stays put")
