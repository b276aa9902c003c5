"""StackOverflow 50481178, a control: five relu layers on scikit-learn's counts of words, which learn as they are.

4 – Dense 10-20-30-40-50 relu – Dense 1 sigmoid, binary cross-entropy, Adam, batches of 10, 50 epochs of 1,000 samples.

Simplified: one unit answers, so there is one label; the draw of `make_multilabel_classification` is not at hand. With one class, seed 1
gives a label that can be learned, as the published .99 says theirs was; with seed 0 the classes overlap and no model passes .8.
"""

from __future__ import annotations

from sklearn.datasets import make_multilabel_classification

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import BINARY, GLOROT, adam
from whynet.recipe import Recipe, recipe

MODEL = 'mlp(widths=[10, 20, 30, 40, 50], output_activation="sigmoid")'


def program() -> Recipe:
    x, labels = make_multilabel_classification(n_samples=1000, n_features=4, n_classes=1, random_state=1)
    return recipe(given("counts of words", x, labels[:, 0]), MODEL, BINARY, adam(), init=GLOROT, batch_size=10, epochs=50)


case = Case("so-50481178", program, published="acc .9944 (unmended)")
