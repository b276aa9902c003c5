""" "Three layers and it still draws a straight line": nn.Sequential of nothing but nn.Linear on two spirals.

2 – Linear 64 – Linear 64 – Linear 2, cross-entropy, Adam at 0.005, batches of 32, 150 epochs.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 64), nn.Linear(64, 64), nn.Linear(64, 2))


def mended_network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))


def program() -> Recipe:
    return recipe("spirals(n=600)", network, nn.CrossEntropyLoss(), "adam(lr=0.005)", batch_size=32, epochs=150)


case = Case(
    "spirals-linear-stack",
    program,
    lambda: program().change(model=mended_network),
    stated=stated("spirals-linear-stack", "missing-hidden-nonlinearity", fix="a relu behind each hidden layer"),
)
