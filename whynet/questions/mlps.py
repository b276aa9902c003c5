"""What the spec of an mlp says of its hidden layers."""

from __future__ import annotations

from typing import Any, cast

from whynet.registry import canonical
from whynet.spec import Spec


def widths_of(model: Spec) -> list[int]:
    """Units of the hidden layers of an mlp, the default filled in; none for another model."""
    return list(cast(Any, canonical("model", model).options.get("widths", [64, 64]))) if model.name == "mlp" else []


def activation_of(model: Spec) -> str:
    """The activation of an mlp as text, the default filled in."""
    return str(canonical("model", model).options.get("activation", "relu"))


def skips(model: Spec) -> bool:
    """Whether an mlp has skip connections."""
    return bool(canonical("model", model).options.get("skip"))
