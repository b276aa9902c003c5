""" "Writing a layer myself": the parameters of each are torch.zeros, so that nothing ever reaches the first.

2 – 16 tanh – 16 tanh – 2, cross-entropy, SGD at 0.5, batches of 20, 60 epochs of two moons.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


class Layer(nn.Module):
    """y = x W + b."""

    def __init__(self, n_in: int, n_out: int, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_in, n_out) * scale / math.sqrt(n_in))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias


def network(scale: float = 0.0) -> nn.Module:
    return nn.Sequential(Layer(2, 16, scale), nn.Tanh(), Layer(16, 16, scale), nn.Tanh(), Layer(16, 2, scale))


def program() -> Recipe:
    return recipe("moons(n=400)", network, nn.CrossEntropyLoss(), "sgd(lr=0.5)", batch_size=20, epochs=60)


case = Case(
    "moons-zero-weights",
    program,
    lambda: program().change(model=lambda: network(scale=1.0)),
    stated=stated("moons-zero-weights", "constant-initialization | bad-initialization", fix="weights drawn at random"),
)
