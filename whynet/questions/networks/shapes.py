"""The shape of an mlp, and of the function it is to learn: what their specs say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor

from whynet.registry import canonical
from whynet.spec import Spec


def widths_of(model: Spec) -> list[int]:
    """Units of the hidden layers of an mlp, the default filled in; none for another model."""
    return list(cast(Any, canonical("model", model).options.get("widths", [64, 64]))) if model.name == "mlp" else []


def activation_of(model: Spec) -> str:
    """The activation of an mlp as text, the default filled in."""
    return str(canonical("model", model).options.get("activation", "relu"))


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
