"""The convolutional network that every tutorial has, on a tenth of Fashion-MNIST, a control.

Conv 32 – pool – Conv 64 – pool – Linear 128, dropout 0.3 – Linear 10, cross-entropy, Adam at 0.001, batches of 64, 6 epochs of
5,400 pictures.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10),
    )  # fmt: skip


def program() -> Recipe:
    return recipe("fashion_mnist(train=5400)", network, nn.CrossEntropyLoss(), "adam(lr=0.001)", batch_size=64, epochs=6)


case = Case("fashion-cnn-sound", program, stated=stated("fashion-cnn-sound"))
