"""The digits of scikit-learn with a network of one hidden layer and gradient descent with momentum, a control.

64 – Linear 64 relu – Linear 10, cross-entropy, SGD at 0.1 with momentum, batches of 32, 25 epochs.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    return recipe("digits", "mlp(widths=[64])", "cross_entropy", "sgd(lr=0.1, momentum=0.9)", batch_size=32, epochs=25)


case = Case("digits-sound", program, stated=stated("digits-sound"))
