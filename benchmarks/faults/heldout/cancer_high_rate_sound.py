"""Logistic regression with gradient descent at a rate of 1, a control: high, but not too high for standardised columns.

30 features – Linear 2, cross-entropy, batches of 64, 30 epochs.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    data = 'breast_cancer(scale="standard")'
    return recipe(data, "mlp(widths=[])", "cross_entropy", "sgd(lr=1.0)", batch_size=64, epochs=30)


case = Case("cancer-high-rate-sound", program, stated=stated("cancer-high-rate-sound"))
