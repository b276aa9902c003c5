"""What reaches the first layer with weights: the inputs as they are, or as the network itself has scaled them before."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from whynet.data.scale import fit
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import between
from whynet.doctor.facts.sample import sample
from whynet.doctor.facts.units import flattened
from whynet.doctor.remembered import remembered
from whynet.engine.network import clone
from whynet.engine.noise import seeded

TURNS = 20  # of the power iteration: the first eigenvalue stands far above the others where it matters


@dataclass(frozen=True)
class Reaching:
    """Moments by column or channel, (D,), and the squared length of an example on average; ``None`` where the "
    "first layer looks up words."""

    mean: Tensor
    spread: Tensor
    length: float  # E‖x‖²
    steepest: float  # λ_max of E[x̃ x̃ᵀ], x̃ = (x, 1): the curvature that the inputs give the first layer
    own: bool  # whether the network changed the scale itself


@remembered
def reaching(seen: Examination) -> Reaching | None:
    """One pass in training mode, so that a norm at the entrance has a batch to work with."""
    network = seen.fitted.arm.network
    if not network.layers or network.layers[0].kind == "Embedding":
        return None
    caught: list[Tensor] = []

    def keep(module: torch.nn.Module, given: tuple[Tensor, ...]) -> None:
        caught.extend(given[:1])

    handle = network.module.get_submodule(network.layers[0].name).register_forward_pre_hook(keep)
    try:
        network.train()
        with torch.no_grad(), seeded(0, "sample"):
            network(network.initial, clone(network.buffers), seen.inputs)
    finally:
        handle.remove()
        network.eval()
    x = seen.inputs
    own = (
        bool(caught) and not torch.equal(caught[0].reshape(len(x), -1), x.reshape(len(x), -1))
        if _alike(caught, x)
        else bool(caught)
    )
    x = (caught[0] if own else x).double()
    by_channel = x.movedim(1, -1).reshape(-1, x.shape[1]) if x.ndim > 2 else x  # images by channel, tables by column
    length = float(x.reshape(len(x), -1).square().sum(1).mean())
    return Reaching(by_channel.mean(0), by_channel.std(0, correction=0), length, _steepest(x.reshape(len(x), -1)), own)


def _steepest(x: Tensor) -> float:
    """λ_max of the second moments of rows (N, D) and a constant 1, by twenty turns of the power iteration from their mean."""
    x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    vector, value = x.mean(0) + 1e-3 * x.square().mean(0).sqrt(), 0.0
    for _ in range(TURNS):
        vector = vector / vector.norm().clamp_min(1e-300)
        vector = x.T @ (x @ vector) / len(x)
        value = float(vector.norm())
    return value


@remembered
def still_flat(seen: Examination) -> float:
    """Share of the first layer's answers on the flat ends of its activation, were the inputs standardised and all weights as they are."""
    network, x = seen.fitted.arm.network, sample(seen)[0]
    shift, spread = fit(seen.inputs, "standard")
    first = between(network, network.initial, network.buffers, x.sub(shift).div(spread).float())[:1]
    return max((one.share for one in flattened(first)), default=0.0)


def _alike(caught: list[Tensor], x: Tensor) -> bool:
    return bool(caught) and caught[0].numel() == x.numel()
