"""How many weights an mlp has, and how the function it is to learn bends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor


def weights_of(inputs: int, widths: Sequence[int], outputs: int) -> int:
    """Weights and biases of an mlp: Σ (n_l + 1) · n_(l+1)."""
    sizes = [inputs, *widths, outputs]
    return sum((a + 1) * b for a, b in pairwise(sizes))


@dataclass(frozen=True)
class Wave:
    """sin(π · waves · x): the function of the data set ``sine``."""

    waves: float

    def __call__(self, x: Tensor) -> Tensor:
        return torch.sin(torch.pi * self.waves * x)

    @property
    def bend(self) -> float:
        """max |f″| = (π · waves)²."""
        return (math.pi * self.waves) ** 2
