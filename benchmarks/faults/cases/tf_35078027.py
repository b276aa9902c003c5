"""StackOverflow 35078027: MNIST in TensorFlow, with the logarithm of an output that may be negative.

784 – 512 sigmoid – 10 without an output activation, weights N(0, 1), binary cross-entropy written by hand, gradient descent at 0.05,
batches of 100. The first logarithm of a negative number is not a number.

Simplified: how long it trained is not known; two epochs.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from benchmarks.faults.case import Case
from whynet.recipe import Recipe, recipe

MODEL = 'mlp(widths=[512], activation="sigmoid")'


def by_hand(outputs: Tensor, labels: Tensor) -> Tensor:
    """The mean over the batch of -Σ (y log o + (1 - y) log(1 - o))."""
    y = one_hot(labels, 10).to(outputs.dtype)
    return -(y * torch.log(outputs) + (1 - y) * torch.log(1 - outputs)).sum(1).mean()


def clipped(outputs: Tensor, labels: Tensor) -> Tensor:
    return by_hand(outputs.clamp(1e-6, 1 - 1e-6), labels)


def program() -> Recipe:
    data, init = 'mnist(scale="none")', "normal(std=1.0)"
    return recipe(data, MODEL, by_hand, "sgd(lr=0.05)", init=init, batch_size=100, epochs=2)


def fixed() -> Recipe:
    """A sigmoid at the end, clipping, and a rate of 0.5."""
    model = 'mlp(widths=[512], activation="sigmoid", output_activation="sigmoid")'
    return program().change(model=model, loss=clipped, optimizer="sgd(lr=0.5)")


case = Case("tf-35078027", program, fixed, published="NaN at once")
