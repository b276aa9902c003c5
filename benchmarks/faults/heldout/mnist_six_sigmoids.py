""" "Two layers get 85 %, six get 11 %": sigmoids all the way, as in the old book, and plain gradient descent.

784 – six times Linear 64 sigmoid – Linear 10, cross-entropy, SGD at 0.1, batches of 64, 10 epochs of 5,000 digits.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(activation: str = "sigmoid") -> Recipe:
    model = f'mlp(widths=[64, 64, 64, 64, 64, 64], activation="{activation}")'
    return recipe("mnist(train=5000)", model, "cross_entropy", "sgd(lr=0.1)", batch_size=64, epochs=10)


case = Case(
    "mnist-six-sigmoids",
    program,
    lambda: program("relu"),
    stated=stated(
        "mnist-six-sigmoids",
        "vanishing-gradient | wrong-hidden-activation | too-deep | missing-batchnorm",
        fix="relu in the hidden layers",
    ),
)
