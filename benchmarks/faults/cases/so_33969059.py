"""StackOverflow 33969059: y = 2a + b + 0.5c + 2.2 on inputs up to 10,000, answered by a softmax over one unit, which is always 1.

3 – Dense 3 tanh, dropout – Dense 2 tanh, dropout – Dense 1 softmax, U(-.05, .05) weights, mean squared error, SGD at 0.1 with
Nesterov momentum, 20 epochs of 100,000 samples.
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import DECAY, UNIFORM
from whynet.recipe import Recipe, recipe

HIDDEN = "linear(3), tanh, dropout(0.5), linear(2), tanh, dropout(0.5), linear(1)"


def program() -> Recipe:
    x = np.random.default_rng(0).uniform(0, 1e4, (100_000, 3))
    y = x @ [2, 1, 0.5] + 2.2
    model, sgd = f"sequential([{HIDDEN}, softmax], head=False)", "sgd(lr=0.1, momentum=0.9, nesterov=True)"
    return recipe(given("sums", x, y), model, "mse", sgd, schedule=DECAY, init=UNIFORM, batch_size=32, epochs=20)


def fixed() -> Recipe:
    """The benchmark's fix, a linear output alone; the study says that none helps."""
    return program().change(model=f"sequential([{HIDDEN}], head=False)")


case = Case("so-33969059", program, fixed, measure="mse", published="MSE 7.2e7 → 9.8e6", table_steps=6000)
