""" "Nonsense for single pictures": model.eval() is never called, and a batch of one is its own statistics.

Conv 16 – batch norm – relu – pool – Conv 32 – batch norm – relu – mean – Linear 10, Adam at 0.003, batches of 32, 12 epochs of
the digits; tested one picture at a time.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated
from whynet.data import load


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test digits, one after another."""
    torch.manual_seed(seed)
    digits = load("digits")
    x, y = digits.train.x, digits.train.y
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip
    criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=0.003)
    correct = 0
    with watch(model, optimizer):
        for _epoch in range(12):
            for batch in torch.randperm(len(x)).split(32):
                optimizer.zero_grad()
                loss = criterion(model(x[batch]), y[batch])
                loss.backward()
                optimizer.step()
        if fixed:
            model.eval()
        with torch.no_grad():
            for picture, label in zip(digits.test.x, digits.test.y, strict=True):
                correct += int(model(picture[None]).argmax(1) == label)
    return correct / len(digits.test)


case = Case(
    "digits-one-at-a-time",
    train=train,
    stated=stated("digits-one-at-a-time", "batchnorm-train-eval-gap", fix="model.eval() before testing"),
)
