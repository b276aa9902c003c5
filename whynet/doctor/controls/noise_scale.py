"""How many examples a batch needs before more of them say nothing new."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sample import sample
from whynet.doctor.remembered import remembered
from whynet.engine.network import clone

EXAMPLES = 64  # whose gradients are taken one by one: the estimate is good to a factor of about two, and is used for tenfolds


@remembered
def noise_scale(seen: Examination) -> float:
    """tr(Σ) / ‖G‖²: the number of examples whose mean gradient is half noise (McCandlish et al. 2018, equation 2.9).

    The larger of the untrained and the trained network's; inf where the mean cannot be told from zero. Costs 128 backward
    passes of one example.
    """
    outcome, network = seen.fitted.outcome, seen.fitted.arm.network
    starts = [(network.initial, network.buffers)]
    if bool(outcome.weights.isfinite().all()):
        starts.append((outcome.weights, outcome.buffers))
    return max(_scale(seen, weights, dict(buffers)) for weights, buffers in starts)


def _scale(seen: Examination, weights: Tensor, buffers: dict[str, Tensor]) -> float:
    network, (x, y) = seen.fitted.arm.network, sample(seen)
    network.eval()
    gradients = []
    for i in range(min(EXAMPLES, len(x))):
        own = weights.clone().requires_grad_()
        with torch.enable_grad():
            loss = seen.fitted.loss(network(own, clone(buffers), x[i : i + 1]), y[i : i + 1])
            if not loss.requires_grad:
                return math.inf
            (gradient,) = torch.autograd.grad(loss, own)
        gradients.append(gradient.double())
    return scale(torch.stack(gradients))


def scale(gradients: Tensor) -> float:
    """The noise scale of gradients (n, P) of single examples, from unbiased estimates of tr(Σ) and ‖G‖²."""
    n = len(gradients)
    if n < 2:
        return math.inf
    mean = gradients.mean(0)
    spread = float((gradients - mean).square().sum()) / (n - 1)
    signal = float(mean.square().sum()) - spread / n
    return spread / signal if signal > 0 else math.inf
