"""What happens between one layer with weights and the next, seen from what goes in and what comes out.

A user's ``forward`` may call ``torch.relu`` where no module shows it; what goes into the next layer tells all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sample import sample
from whynet.doctor.remembered import remembered
from whynet.engine.network import Network, clone, is_activation
from whynet.rng import generator

Matrix = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
NO_BEND = (  # in use, these add, scale or move numbers, or hand them on
    "Identity", "Flatten", "Unflatten", "Reshape", "BatchNorm", "Dropout", "AlphaDropout", "AvgPool", "AdaptiveAvgPool", "Noise",
    "GaussianNoise", "MaxPool", "AdaptiveMaxPool",  # picks one of several, which bends, but is no activation
)  # fmt: skip


@dataclass(frozen=True)
class Between:
    """From one layer with weights to the next: (N, …) what the first gave and what came of it.

    activation: the kind of the activation function between; None where there is none, "?" where something happened that no module
    shows and that is none of the usual functions.
    """

    layer: str
    then: str
    activation: str | None
    before: Tensor  # what goes into the activation
    after: Tensor  # what comes out of it


@dataclass(frozen=True)
class Passed:
    """One module without children, in the order in which they ran."""

    name: str
    module: nn.Module
    before: Tensor
    after: Tensor


@remembered
def at_start(seen: Examination) -> list[Between]:
    """Between the layers of the network as its initialisation made it."""
    network = seen.fitted.arm.network
    return between(network, network.initial, network.buffers, sample(seen)[0])


@remembered
def at_end(seen: Examination) -> list[Between]:
    """Between the layers of the trained network; empty where the weights are no numbers any more."""
    outcome = seen.fitted.outcome
    if not bool(outcome.weights.isfinite().all()):
        return []
    return between(seen.fitted.arm.network, outcome.weights, outcome.buffers, sample(seen)[0])


@remembered
def without_activation(seen: Examination) -> list[Between]:
    """The places where the next layer takes what the one before gives, on the data and on noise three times as wide."""
    network, x = seen.fitted.arm.network, sample(seen)[0]
    noise = 3 * torch.randn(x.shape, generator=generator(0, "noise"))
    elsewhere = {one.layer: one.activation for one in between(network, network.initial, network.buffers, noise)}
    return [one for one in at_start(seen) if one.activation is None and elsewhere.get(one.layer, "?") is None]


def between(network: Network, weights: Tensor, buffers: Mapping[str, Tensor], x: Tensor) -> list[Between]:
    """What happens between the linear and convolution layers, in evaluation mode."""
    steps = passed(network, weights, buffers, x)
    places = [i for i, one in enumerate(steps) if isinstance(one.module, Matrix)]
    return [_between(steps[first : second + 1]) for first, second in pairwise(places)]


def passed(network: Network, weights: Tensor, buffers: Mapping[str, Tensor], x: Tensor) -> list[Passed]:
    """Every module without children that ran, with what went in and what came out."""
    steps: list[Passed] = []

    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
            if inputs and isinstance(inputs[0], Tensor) and isinstance(output, Tensor):
                steps.append(Passed(name, module, inputs[0], output))

        return hook

    leaves = [(name, child) for name, child in network.module.named_modules() if not list(child.children())]
    handles = [child.register_forward_hook(keep(name)) for name, child in leaves]
    network.eval()
    try:
        with torch.no_grad():
            network(weights, clone(buffers), x)
    finally:
        for handle in handles:
            handle.remove()
    return steps


def _between(steps: list[Passed]) -> Between:
    first, last = steps[0], steps[-1]
    now, kind, before, after = first.after, None, first.after, last.before
    for one in steps[1:]:
        if not _same(now, one.before):
            kind, before, after = kind or _function(now, one.before), now, one.before
        if one is last:
            break
        if is_activation(one.module) and type(one.module).__name__ != "Identity":
            kind, before, after = kind or type(one.module).__name__, one.before, one.after
        elif not type(one.module).__name__.rstrip("123d").startswith(NO_BEND):
            kind = kind or "?"
        now = one.after
    return Between(first.name, last.name, kind, before, after)


def _same(a: Tensor, b: Tensor) -> bool:
    return a.numel() == b.numel() and torch.equal(a.flatten(), b.flatten())


def _function(before: Tensor, after: Tensor) -> str:
    """The usual function that makes the one of the other."""
    if before.numel() != after.numel():
        return "?"
    z, a = before.flatten(1), after.flatten(1)
    return next((name for name, function in FUNCTIONS.items() if torch.allclose(function(z), a, atol=1e-6)), "?")


FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "ReLU": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Softmax": lambda z: torch.softmax(z, 1),
    "LeakyReLU": nn.functional.leaky_relu,
    "ELU": nn.functional.elu,
    "GELU": nn.functional.gelu,
    "SiLU": nn.functional.silu,
}
