""" "The loss goes to zero and jumps, again and again": digits read folder by folder, DataLoader(shuffle=False).

All zeros come first and all nines last. 784 – Linear 100 relu – Linear 10, SGD at 0.1, batches of 50, 4 epochs of 5,000 digits.
"""

from __future__ import annotations

import torch

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.data import load
from whynet.recipe import Recipe, recipe


def program(shuffle: bool = False) -> Recipe:
    digits = load("mnist(train=5000)")
    order = torch.argsort(digits.train.y, stable=True)
    data = given("digits", digits.train.x[order], digits.train.y[order], test=(digits.test.x[:2000], digits.test.y[:2000]))
    return recipe(data, "mlp(widths=[100])", "cross_entropy", "sgd(lr=0.1)", batch_size=50, epochs=4, shuffle=shuffle)


case = Case(
    "mnist-folder-order",
    program,
    lambda: program(shuffle=True),
    stated=stated("mnist-folder-order", "data-not-shuffled", fix="shuffle=True"),
)
