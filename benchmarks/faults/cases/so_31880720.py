"""StackOverflow 31880720: rows of ones and rows of zeros, told apart by a softmax over one unit, which is always 1.

128 – Dense 50 relu, dropout – Dense 50 relu, dropout – Dense 1 softmax, binary cross-entropy, RMSprop; the version with batches of
32 and one epoch of 20,000 samples.
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import BINARY, GLOROT, rmsprop
from whynet.recipe import Recipe, recipe

MODEL = 'mlp(widths=[50, 50], dropout=0.2, output_activation="{output}")'


def program() -> Recipe:
    y = np.random.default_rng(0).integers(0, 2, 20_000)
    x = np.repeat(y[:, None], 128, axis=1)
    data = given("ones or zeros", x, y)
    return recipe(data, MODEL.format(output="softmax"), BINARY, rmsprop(), init=GLOROT, batch_size=32, epochs=1)


def fixed() -> Recipe:
    """A sigmoid."""
    return program().change(model=MODEL.format(output="sigmoid"))


case = Case("so-31880720", program, fixed, published="acc .50 → 1.0")
