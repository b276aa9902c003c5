"""The shape of an mlp: what its spec says, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

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
