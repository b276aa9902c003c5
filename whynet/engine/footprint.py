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

    4 × weights + 2 × the optimizer's state + 3 × what the layers put out for a batch, measured on one forward pass.
    """
    weights = arm.network.initial
    state = sum(value.nbytes for value in arm.optimizer.start(weights).values())
    x = arm.dataset.train.pool_x[arm.dataset.train.index[:2]]
    return COPIES * weights.nbytes + 2 * state + KEPT * arm.batch_size * _activations(arm, x)


def _activations(arm: Arm, x: Tensor) -> int:
    """Bytes of one example and of what all modules of a network make of it."""
    seen: dict[int, Tensor] = {x.data_ptr(): x}  # held, or the next one might lie where the last one lay

    def keep(_module: object, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            seen[output.data_ptr()] = output

    was = arm.network
    network = Network(was.template, was.precision, was.frozen)  # a module may count its calls; this is none
    handles = [child.register_forward_hook(keep) for child in network.module.modules()]
    try:
        network.eval()
        with torch.no_grad(), seeded(arm.seed, "sample"):
            network(network.initial, clone(network.buffers), x)
    finally:
        for handle in handles:
            handle.remove()
    return sum(output.nbytes for output in seen.values()) // max(1, len(x))
