"""PyTorch forum, thread 7146: a network with batch norm that answers well in training mode and at random in evaluation mode.

Simplified: network, training and the cause in the thread are not known. Three convolutions with batch norm whose running statistics
follow at a momentum of 0.001, so that they are still near where they began when training ends; Adam, batches of 64, 5 epochs over 500
pictures a class of CIFAR-10 (as JPEG), 100 a class to test.
"""

from __future__ import annotations

import io
import tarfile

import numpy as np
from PIL import Image
from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from whynet.recipe import Given, Recipe, recipe


def pictures(each: dict[str, int]) -> Given:
    """The first pictures of each class in either split, (N, 3, 32, 32) in [0, 1]."""
    found: dict[str, list[tuple[np.ndarray, str]]] = {split: [] for split in each}
    with tarfile.open(folder() / "cifar10-jpeg" / "cifar10-jpeg.tar.xz") as archive:
        for member in archive:
            split, name, file = member.name.split("/")[-3:] if member.name.endswith(".jpg") else ("", "", "")
            if split in each and int(file.removesuffix(".jpg")) < each[split]:
                content = archive.extractfile(member)
                assert content is not None
                found[split].append((np.asarray(Image.open(io.BytesIO(content.read())), np.float32) / 255, name))
    x, y = ({split: np.stack(part) for split, part in side} for side in (_column(found, 0), _column(found, 1)))
    train, test = each
    classes = sorted(set(y[train]))
    labels = {split: np.searchsorted(classes, y[split]) for split in y}
    x = {split: x[split].transpose(0, 3, 1, 2) for split in x}
    return given("CIFAR-10-JPEG", x[train], labels[train], test=(x[test], labels[test]), classes=classes)


def _column(found: dict[str, list[tuple[np.ndarray, str]]], place: int) -> list[tuple[str, list]]:
    return [(split, [pair[place] for pair in pairs]) for split, pairs in found.items()]


def network(momentum: float = 0.001) -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 64)):
        layers += [
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs, momentum=momentum),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, 10))


def program() -> Recipe:
    data = pictures({"train": 500, "test": 100})
    return recipe(data, network, nn.CrossEntropyLoss(), "adam(lr=0.001)", batch_size=64, epochs=5)


def fixed() -> Recipe:
    """torch's own momentum of 0.1."""
    return program().change(model=lambda: network(momentum=0.1))


case = Case("ptforum-7146", program, fixed, published="acc .76 in train mode, .10 in eval mode")
