"""Iris in centimetres, nothing scaled, a control: columns between 0.1 and 8 need no scaling.

4 – Linear 16 tanh – Linear 3, cross-entropy, Adam at 0.02, batches of 16, 60 epochs.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    model = 'mlp(widths=[16], activation="tanh")'
    return recipe('iris(scale="none")', model, "cross_entropy", "adam(lr=0.02)", batch_size=16, epochs=60)


case = Case("iris-centimetres-sound", program, stated=stated("iris-centimetres-sound"))
