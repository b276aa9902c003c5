"""StackOverflow 56103207: drawings of four things stored one after another; the last fifth, all of one kind, is the validation set.

A small convolutional network, categorical cross-entropy, batches of 100, 40 epochs. Of the fourth kind only a fifth is left to train on.

Simplified: QuickDraw is not at hand and the network not known. 500 noisy blobs of 28 × 28 a kind (small, large, wide, high) at any
place; Conv 32 – pool – Conv 64 – pool – Dense 64 – Dense 4 softmax, Adam.
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import CATEGORICAL, GLOROT, adam
from whynet.recipe import Recipe, recipe

EACH = 500
SPREADS = ((1.5, 1.5), (2.5, 2.5), (1.5, 2.5), (2.5, 1.5))  # of the blob down and across, in pixels
CONVOLUTIONS = "conv2d(32, 3), relu, max_pool(2), conv2d(64, 3), relu, max_pool(2)"


def drawings(shuffled: bool = False) -> Recipe:
    draw = np.random.default_rng(0)
    y = np.repeat(np.arange(4), EACH)
    down, across = np.mgrid[:28, :28]
    spread = np.array(SPREADS)[y] * draw.uniform(0.8, 1.25, (len(y), 2))
    place = draw.uniform(6, 22, (len(y), 2))
    offset = [(axis - place[:, i, None, None]) / spread[:, i, None, None] for i, axis in enumerate((down, across))]
    x = np.exp(-(offset[0] ** 2 + offset[1] ** 2) / 2) + draw.normal(0, 0.1, (len(y), 28, 28))
    order = draw.permutation(len(y)) if shuffled else np.arange(len(y))
    x, y, cut = x[order, None], y[order], len(y) * 4 // 5
    data = given("drawings", x[:cut], y[:cut], test=(x[cut:], y[cut:]))
    model = f"sequential([{CONVOLUTIONS}, flatten, linear(64), relu, linear(4), softmax], head=False)"
    return recipe(data, model, CATEGORICAL, adam(), init=GLOROT, batch_size=100, epochs=40)


case = Case("so-56103207", drawings, lambda: drawings(shuffled=True))
