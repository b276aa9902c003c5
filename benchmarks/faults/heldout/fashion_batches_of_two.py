""" "The GPU has only memory for two pictures": batch norm behind every convolution, statistics of two examples.

Conv 8 – norm – pool – Conv 16 – norm – pool – Linear 64 – norm – Linear 10, cross-entropy, Adam at 0.003, 1,600 pictures in
batches of 2, 3 epochs.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 7 * 7, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def program(batch_size: int = 2) -> Recipe:
    data = "fashion_mnist(train=1600)"
    return recipe(data, network, nn.CrossEntropyLoss(), "adam(lr=0.003)", batch_size=batch_size, epochs=3)


case = Case(
    "fashion-batches-of-two",
    program,
    lambda: program(batch_size=32),
    stated=stated("fashion-batches-of-two", "batch-too-small | batchnorm-train-eval-gap", fix="batches of 32"),
)
