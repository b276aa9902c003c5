"""StackOverflow 60335387: a convolutional network on MNIST whose gradients are never set to zero.

Conv 32 – Conv 64 – max pooling – Linear 128 – Linear 10, cross-entropy, a rate of 1e-4, batches of 30.

Simplified: the optimizer is not noted; Adam, with which a rate of 1e-4 reaches the 99 % of the mended program. The first
6,000 pictures and two epochs instead of 60,000 and ten.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.faults.case import Case, Watch
from whynet.data import load


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on 2,000 test pictures."""
    torch.manual_seed(seed)
    digits = load('mnist(scale="none")')
    x, y = digits.train.x[:6000], digits.train.y[:6000]
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
    loss_fn, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-4)
    with watch(model, optimizer):
        for _epoch in range(2):
            for batch in torch.randperm(len(x)).split(30):
                if fixed:
                    optimizer.zero_grad()
                loss = loss_fn(model(x[batch]), y[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        return (model(digits.test.x[:2000]).argmax(1) == digits.test.y[:2000]).float().mean().item()


case = Case("pt-so-60335387", train=train, published="fixed .99")
