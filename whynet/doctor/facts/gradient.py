"""The gradient of the loss before anything was learned."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sample import sample
from whynet.doctor.remembered import remembered
from whynet.engine.network import clone


@remembered
def first_gradient(seen: Examination) -> dict[str, Tensor]:
    """∂L/∂w of every parameter by name, at the initial weights, over a sample of the training examples and without dropout."""
    network, (x, y) = seen.fitted.arm.network, sample(seen)
    weights = network.initial.clone().requires_grad_()
    network.eval()
    with torch.enable_grad():
        loss = seen.fitted.loss(network(weights, clone(network.buffers), x), y)
        (gradient,) = torch.autograd.grad(loss, weights, allow_unused=True) if loss.requires_grad else (None,)
    return network.unpack(torch.zeros_like(weights) if gradient is None else gradient.detach())
