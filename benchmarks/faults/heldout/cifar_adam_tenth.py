""" "My CNN on CIFAR-10 stays at 10 %": Adam at 0.1, which was the rate that the SGD of the tutorial had.

Conv 32 – pool – Conv 64 – pool – Linear 64 – Linear 10, cross-entropy, batches of 50, 5 epochs of 2,000 pictures of CIFAR-10
(as JPEG).
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.cases.ptforum_7146 import pictures
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 8 * 8, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def program(lr: float = 0.1) -> Recipe:
    data = pictures({"train": 200, "test": 100})
    return recipe(data, network, nn.CrossEntropyLoss(), f"adam(lr={lr})", batch_size=50, epochs=5)


case = Case(
    "cifar-adam-tenth",
    program,
    lambda: program(lr=0.001),
    stated=stated("cifar-adam-tenth", "lr-too-high | dead-relu | exploding-gradient", fix="a rate of 0.001"),
)
