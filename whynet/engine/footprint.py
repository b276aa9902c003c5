"""How much memory one arm takes while it trains."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.engine.arm import Arm
from whynet.engine.network import Network, clone
from whynet.engine.noise import seeded

COPIES = 4  # of the weights beside the optimizer's state: themselves, the gradient, the update, the result
KEPT = 3  # of each activation: itself, what its gradient is computed from, the gradient


def footprint(arm: Arm) -> int:
    """Bytes that one more arm in a stack takes, about.

    weights × (4 + state) + activations of a batch × 3 + the batch. Activations are measured on one forward pass of one example.
    """
    weights = arm.network.initial
    state = sum(value.nbytes for value in arm.optimizer.start(weights).values())
    x = arm.dataset.train.pool_x[arm.dataset.train.index[:2]]
    example = _activations(arm, x) + x.nbytes // max(1, len(x))
    return COPIES * weights.nbytes + 2 * state + KEPT * arm.batch_size * example


def _activations(arm: Arm, x: Tensor) -> int:
    """Bytes that all modules of a network put out for one example."""
    seen: dict[int, int] = {}

    def keep(_module: object, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            seen[output.data_ptr()] = output.nbytes

    network = Network(arm.network.template)  # a module may count its calls; this is none
    handles = [child.register_forward_hook(keep) for child in network.module.modules()]
    try:
        network.eval()
        with torch.no_grad(), seeded(arm.seed, "sample"):
            network(network.initial, clone(network.buffers), x)
    finally:
        for handle in handles:
            handle.remove()
    return sum(seen.values()) // max(1, len(x))
