"""How widely the initial weights of each layer are spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import Matrix, at_start
from whynet.doctor.remembered import remembered

HALVING = ("ReLU", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU")  # of what they are given they pass on about half


@dataclass(frozen=True)
class Spread:
    """One linear or convolution layer: gain is √(mean w²) · √fan_in, usual what would keep the size of the signal."""

    layer: str
    gain: float
    usual: float  # √2 before a ReLU and its kin, else 1
    last: bool
    constant: bool  # all weights are equal


@remembered
def spreads(seen: Examination) -> list[Spread]:
    """Of every linear and convolution layer, in network order."""
    network = seen.fitted.arm.network
    weights = network.unpack(network.initial)
    follows = {one.layer: one.activation for one in at_start(seen)}
    layers = [
        name for name, child in network.module.named_modules() if isinstance(child, Matrix) and f"{name}.weight" in weights
    ]
    found = []
    for name in layers:
        weight = weights[f"{name}.weight"]
        gain = float(weight.square().mean().sqrt()) * math.sqrt(weight[0].numel())
        usual = math.sqrt(2) if follows.get(name) in HALVING else 1.0
        found.append(Spread(name, gain, usual, name == layers[-1], bool((weight == weight.flatten()[0]).all())))
    return found
