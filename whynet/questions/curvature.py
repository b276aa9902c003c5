"""How sharply the training loss of a network bends where it starts."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.engine.arm import Arm
from whynet.rng import generator

ENOUGH = 1e-3  # relative change of the estimate at which it has settled


def sharpness(arm: Arm, most: int = 200) -> float:
    """λ_max of ∂²L/∂w² at the initial weights, L over all training examples; by power iteration on products with the Hessian.

    It is the curvature of greatest size, whichever its sign. Full-batch descent on a quadratic of this curvature diverges beyond
    η = 2/λ_max. Pearlmutter, Fast exact multiplication by the Hessian (1994).
    """
    train, network = arm.dataset.train, arm.network
    x, y = train.pool_x[train.index], train.pool_y[train.index]
    weights = network.initial.clone().requires_grad_()
    loss = arm.loss(network(weights, dict(network.buffers), x), y)
    (gradient,) = torch.autograd.grad(loss, weights, create_graph=True)
    direction = torch.randn(network.size, generator=generator(arm.seed, "sample", "curvature"))
    found = 0.0
    for _ in range(most):
        direction = direction / direction.norm()
        product: Tensor = torch.autograd.grad(gradient, weights, direction, retain_graph=True)[0]
        before, found = found, float(direction @ product)
        if abs(found - before) <= ENOUGH * abs(found):
            break
        direction = product
    return found
