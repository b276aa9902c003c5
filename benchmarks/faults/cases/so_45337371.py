"""StackOverflow 45337371: random numbers as inputs and as labels, and a softmax over one unit.

5 – Dense 60 relu – Dense 50 relu – Dense 1 softmax, binary cross-entropy, Adam, batches of 1, 5 epochs of 1,000 samples. There is nothing
to learn: mended, it reaches the loss of a guess, ln 2.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import GLOROT, adam
from whynet.recipe import Recipe, recipe

MODEL = 'mlp(widths=[60, 50], output_activation="{output}")'


def binary_crossentropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Keras's, whose targets may be any number from 0 to 1."""
    p = outputs.clamp(1e-7, 1 - 1e-7)
    return -(targets * p.log() + (1 - targets) * (1 - p).log()).mean()


def program() -> Recipe:
    draw = np.random.default_rng(0)
    data = given("noise", draw.uniform(size=(1000, 5)), draw.uniform(size=1000))
    return recipe(data, MODEL.format(output="softmax"), binary_crossentropy, adam(), init=GLOROT, batch_size=1, epochs=5)


def fixed() -> Recipe:
    """A sigmoid."""
    return program().change(model=MODEL.format(output="sigmoid"))


case = Case("so-45337371", program, fixed, measure="loss", published="loss 7.85 → .693")
