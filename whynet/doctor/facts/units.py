"""How many hidden units are silent, and how many answers lie on the flat ends of an activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from whynet.doctor.facts.chain import Between

FLAT = 0.05  # share of the greatest slope
RECTIFIED = ("ReLU", "ReLU6")


@dataclass(frozen=True)
class Share:
    """A share of one hidden layer."""

    layer: str
    share: float


def silent(places: Sequence[Between]) -> list[Share]:
    """Of each ReLU layer, the share of units (channels) that answer zero to every example of the sample."""
    return [Share(one.layer, _silent(one.after)) for one in places if one.activation in RECTIFIED]


def _silent(after: Tensor) -> float:
    units = after.flatten(2).amax(2) if after.ndim > 2 else after  # (N, C)
    return float((units.amax(0) <= 0).float().mean())


def flattened(places: Sequence[Between]) -> list[Share]:
    """Of each layer that flattens on both sides, the share of answers where its slope is below 5 % of the greatest."""
    return [
        Share(one.layer, float((SLOPES[one.activation](one.after, one.before) < FLAT).float().mean()))
        for one in places
        if one.activation in SLOPES
    ]


SLOPES = {  # over the greatest, from what comes out (a) and what goes in (z)
    "Sigmoid": lambda a, z: 4 * a * (1 - a),
    "Tanh": lambda a, z: 1 - a * a,
    "Softsign": lambda a, z: (1 - a.abs()) ** 2,
    "Hardtanh": lambda a, z: (z.abs() < 1).to(z.dtype),
    "Hardsigmoid": lambda a, z: (z.abs() < 3).to(z.dtype),
}
