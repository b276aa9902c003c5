"""StackOverflow 39525358: three letters as their ASCII codes, fed as they are.

3 – Dense 12 relu – Dense 3 relu – Dense 1 sigmoid, U(-.05, .05) weights, binary cross-entropy, Adam,
batches of 1, 150 epochs of 21 samples.

Simplified: what the letters meant is not at hand. Twenty-one different triples of the letters A to F; the answer is 1 where the
first letter comes after the last, which the network can represent.
"""

from __future__ import annotations

import numpy as np

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import BINARY, UNIFORM, adam
from whynet.recipe import Recipe, recipe

MODEL = "sequential([linear(12), relu, linear(3), relu, linear(1), sigmoid], head=False)"


def letters(standard: bool = False) -> Recipe:
    draw = np.random.default_rng(0)
    triples = np.array([[a, b, c] for a in range(65, 71) for b in range(65, 71) for c in range(65, 71)])
    x = draw.permutation(triples)[:21].astype(float)
    y = (x[:, 0] > x[:, 2]).astype(int)
    if standard:
        x = (x - x.mean(0)) / x.std(0)
    return recipe(given("letters", x, y), MODEL, BINARY, adam(), init=UNIFORM, batch_size=1, epochs=150)


case = Case("so-39525358", letters, lambda: letters(standard=True), published="acc .6154 → 1.0")
