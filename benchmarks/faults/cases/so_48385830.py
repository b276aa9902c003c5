"""StackOverflow 48385830: Nielsen's MNIST network rewritten in Keras without its sigmoids.

784 – Dense 30 – Dense 10, weights and biases N(0, 1), mean squared error on one-hot labels, SGD at a rate of 3, batches of 10. Both
layers stayed linear, so the network is one linear map, and the loss overflows.

Simplified: a tenth of the 60,000 pictures is set aside for validation, as whynet does.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.keras import CATEGORICAL
from whynet.recipe import Recipe, recipe


def dense(inputs: int, units: int) -> nn.Linear:
    """Weights and biases N(0, 1)."""
    layer = nn.Linear(inputs, units)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    return layer


def network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), dense(784, 30), dense(30, 10))


def mended_network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), dense(784, 30), nn.Sigmoid(), dense(30, 10), nn.Softmax(dim=1))


def program() -> Recipe:
    return recipe('mnist(scale="none")', network, "mse", "sgd(lr=3.0)", batch_size=10, epochs=30)


def fixed() -> Recipe:
    """Sigmoid, softmax, cross-entropy, and the benchmark's rate of 0.1."""
    return program().change(model=mended_network, loss=CATEGORICAL, **{"optimizer.lr": 0.1})


case = Case("so-48385830", program, fixed, published="acc .0987 → .9576", table_steps=6000)
