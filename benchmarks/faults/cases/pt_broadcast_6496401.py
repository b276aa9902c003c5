"""whosebug.com 6496401: a linear layer that should sum three numbers, with targets of shape [1024] beside outputs of shape [1024, 1].

The loss compares every output with every target, and is least where all outputs are as near to the mean target as they can be: without a
bias that is at weights of 0.9 instead of 1. Linear(3, 1) from zero, SGD at 0.1, 500 steps over all examples. torch says so in a warning,
which is easily missed.
"""

from __future__ import annotations

import warnings

import torch
from torch import nn

from benchmarks.faults.case import Case, Watch


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Mean squared error, each output against its own target."""
    torch.manual_seed(seed)
    x = torch.rand(1024, 3)
    y = x.sum(dim=1)  # (1024,)
    model = nn.Linear(3, 1, bias=False)
    nn.init.zeros_(model.weight)
    loss_fn, optimizer = nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1)
    targets = y[:, None] if fixed else y
    with warnings.catch_warnings(), watch(model, optimizer):
        warnings.simplefilter("ignore")
        for _epoch in range(500):
            optimizer.zero_grad()
            loss = loss_fn(model(x), targets)
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return ((model(x)[:, 0] - y) ** 2).mean().item()


case = Case("pt-broadcast-6496401", train=train, measure="mse")
