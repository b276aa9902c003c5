""" "Can't a network learn x squared?" Linear layers without anything between them, and SGD at 0.00001.

1 – Linear 32 – Linear 32 – Linear 1, mean squared error, batches of 20, 200 epochs of the parabola.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def straight() -> nn.Module:
    return nn.Sequential(nn.Linear(1, 32), nn.Linear(32, 32), nn.Linear(32, 1))


def bent() -> nn.Module:
    return nn.Sequential(nn.Linear(1, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))


def program() -> Recipe:
    return recipe("parabola", straight, nn.MSELoss(), "sgd(lr=0.00001)", batch_size=20, epochs=200)


case = Case(
    "parabola-slow-and-straight",
    program,
    lambda: program().change(model=bent, **{"optimizer.lr": 0.05}),
    measure="r2",
    stated=stated(
        "parabola-slow-and-straight",
        "missing-hidden-nonlinearity",
        "lr-too-low | too-few-epochs | wrong-optimizer",
        fix="a relu behind each hidden layer, and a rate of 0.05",
    ),
)
