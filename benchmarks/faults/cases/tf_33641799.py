"""StackOverflow 33641799: TensorFlow's MNIST for beginners, whose loss is summed over the batch, with a larger batch.

Softmax regression that begins at zero, -Σ y log p as in the tutorial, gradient descent at 0.01, 1,000 steps of 205 pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from benchmarks.faults.case import Case
from whynet.recipe import Recipe, recipe


def summed(outputs: Tensor, labels: Tensor) -> Tensor:
    """-tf.reduce_sum(y_ * tf.log(y))"""
    return -(one_hot(labels, 10) * torch.log(outputs)).sum()


def averaged(outputs: Tensor, labels: Tensor) -> Tensor:
    return summed(outputs, labels) / len(labels)


def program() -> Recipe:
    data, model = 'mnist(scale="none")', 'mlp(widths=[], output_activation="softmax")'
    return recipe(data, model, summed, "sgd(lr=0.01)", init="zeros", batch_size=205, steps=1000)


def fixed() -> Recipe:
    """The mean."""
    return program().change(loss=averaged)


case = Case("tf-33641799", program, fixed)
