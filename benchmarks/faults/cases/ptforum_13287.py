"""PyTorch forum, thread 13287: XOR with two linear layers and nothing between them.

Simplified: sizes, loss and optimizer are not known. 2 – 8 – 1, mean squared error, Adam at 0.01, 2,000 steps over the
four examples.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from whynet.recipe import Recipe, recipe


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 1))


def mended_network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))


def program() -> Recipe:
    data = given("xor", [[0, 0], [0, 1], [1, 0], [1, 1]], [[0.0], [1.0], [1.0], [0.0]], task="regress")
    return recipe(data, network, nn.MSELoss(), "adam(lr=0.01)", batch_size="all", epochs=2000)


def fixed() -> Recipe:
    """A ReLU between them."""
    return program().change(model=mended_network)


case = Case("ptforum-13287", program, fixed, measure="mse")
