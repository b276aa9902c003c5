"""How sharply the loss curves where training began and where it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sample import MOST, sample
from whynet.doctor.rates import settings
from whynet.doctor.remembered import remembered
from whynet.engine.arm import Arm, prepare
from whynet.engine.network import clone
from whynet.recipe import Recipe
from whynet.rng import generator

TURNS = 10  # of the power iteration: what it finds is at most λ_max, and mostly above four fifths of it


@remembered
def sharpness(seen: Examination) -> tuple[float, float]:
    """λ_max of the Hessian of the loss, at the initial and at the trained weights; NaN where it cannot be had.

    Ten turns of the power iteration with products of Hessian and vector (Pearlmutter 1994; LeCun et al. 1998, section 7) over a sample of
    the training examples, without dropout. Costs forty passes over 256 examples.
    """
    arm, outcome = seen.fitted.arm, seen.fitted.outcome
    x, y = sample(seen)
    start = largest(arm, arm.network.initial, arm.network.buffers, x, y)
    if not bool(outcome.weights.isfinite().all()):
        return start, math.nan
    return start, largest(arm, outcome.weights, outcome.buffers, x, y)


def largest(arm: Arm, weights: Tensor, buffers: Mapping[str, Tensor], x: Tensor, y: Tensor) -> float:
    """λ_max of the loss over some examples at these weights, at most and nearly; NaN where the loss cannot be derived twice."""
    network = arm.network
    network.eval()
    at = weights.clone().requires_grad_()
    try:
        with torch.enable_grad():
            loss = arm.loss(network(at, clone(buffers), x), y)
            (gradient,) = torch.autograd.grad(loss, at, create_graph=True)
            if not gradient.requires_grad:  # a loss that is straight everywhere
                return 0.0
            vector = torch.randn(len(at), generator=generator(0, "noise"))
            value = 0.0
            for _ in range(TURNS):
                vector = vector / vector.norm().clamp_min(1e-30)
                (product,) = torch.autograd.grad(gradient, at, vector, retain_graph=True)
                value, vector = float(vector @ product), product.detach()
    except (RuntimeError, NotImplementedError):  # an operation whose gradient has no gradient
        return math.nan
    return abs(value)


def reach(seen: Examination) -> tuple[float, float] | None:
    """η λ_max / (2 (1 + β)) at the start and at the end: above 1 gradient descent overshoots along the steepest direction.

    None for rules other than gradient descent, whose steps have a length of their own. β: momentum (Polyak 1964). At a flat start
    the second number tells; at a flat end the first.
    """
    name, options = settings(seen.recipe)
    if name != "sgd":
        return None
    most = 2 * (1 + float(options.get("momentum") or 0.0))
    first, last = (float(options["lr"]) * value / most for value in sharpness(seen))
    return first, last


def room(recipe: Recipe) -> float:
    """By how much a rate of gradient descent may be multiplied to be half of the greatest that does not overshoot at the start.

    Half of it goes straight to the bottom of the steepest direction (LeCun et al. 1998, section 4.6). Rounded down, so that the rate has
    one digit; 0 for other rules and where nothing is known.
    """
    name, options = settings(recipe)
    if name != "sgd":
        return 0.0
    arm = prepare(recipe)
    train = arm.dataset.train
    index = train.index[torch.randperm(len(train), generator=generator(0, "sample"))[:MOST]]
    value = largest(arm, arm.network.initial, arm.network.buffers, train.pool_x[index], train.pool_y[index])
    if not 0 < value < math.inf:
        return 0.0
    wanted = (1 + float(options.get("momentum") or 0.0)) / value
    digit = 10.0 ** math.floor(math.log10(wanted))
    return math.floor(wanted / digit + 1e-9) * digit / float(options["lr"]) if float(options["lr"]) > 0 else 0.0
