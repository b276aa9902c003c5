"""What networks answer in evaluation mode; nothing of their state changes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import vmap

from whynet.engine.device import CPU, drawing, home, place
from whynet.engine.network import Buffers, Network, clone
from whynet.engine.noise import seeded
from whynet.engine.threads import has_convolutions
from whynet.rng import derive

BUDGET = 2**22  # numbers of input handed to one pass, over all arms
CONVOLVED = (
    64  # pictures handed to a convolutional network at a time: what it makes of more of them leaves the processor's memory
)


def outputs(network: Network, weights: Tensor, buffers: Buffers, x: Tensor, seed: int, device: torch.device = CPU) -> Tensor:
    """One network's outputs, (N, units), worked out on the device in passes that fit the memory."""
    network.eval()
    rows = max(1, BUDGET // max(1, x[0].numel()))
    if device.type == "cpu" and has_convolutions(network.module):
        rows = min(rows, CONVOLVED)
    weights, buffers = place(weights, device), {name: place(buffer, device) for name, buffer in buffers.items()}
    draws = seeded(seed, "sample"), drawing(device, derive(seed, "sample"))  # some networks draw in evaluation too
    with torch.no_grad(), draws[0], draws[1]:
        return torch.cat([home(network(weights, clone(buffers), place(part, device))) for part in x.split(rows)])


def outputs_of_many(network: Network, weights: Tensor, buffers: Buffers, x: Sequence[Tensor]) -> list[Tensor]:
    """The outputs of several sets of weights (A, P), each on its own inputs, in one mapped pass.

    Raises `RuntimeError` where it cannot be mapped: a draw, a branch on values, or an operation without a rule for the arms' axis.
    """
    network.eval()
    shared = all(one is x[0] for one in x)
    rows = max(1, BUDGET // max(1, x[0][0].numel() * len(x)))
    run = vmap(lambda w, b, part: network(w, clone(b), part), in_dims=(0, 0, None if shared else 0))
    parts = []
    with torch.no_grad(), seeded(0, "sample"):  # what draws here is refused, or is drawn alike for all
        for start in range(0, len(x[0]), rows):
            part = x[0][start : start + rows] if shared else torch.stack([one[start : start + rows] for one in x])
            parts.append(run(weights, buffers, part))
    return list(torch.cat(parts, dim=1).unbind())
