"""Whether most of what is left of the loss lies in a direction that the rate hardly moves along."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sample import sample
from whynet.doctor.rates import settings
from whynet.doctor.remembered import remembered
from whynet.engine.network import clone

MOST = 8  # tensors of weights that are asked, those of the longest gradients; each costs two passes over 256 examples


@dataclass(frozen=True)
class Stuck:
    """The direction in which most is left to gain: the gradient of one tensor of weights where training ended.

    name: of the tensor. gain: ‖g‖² / 2c over the loss, what the best step along it would take off, c = gᵀHg / ‖g‖² being the curvature.
    way: η c T / (1 − β), how often the distance to go was divided by e in T steps; for a straight slope (c = 0) there is none.
    """

    name: str
    gain: float
    way: float


@remembered
def stuck(seen: Examination) -> Stuck | None:
    """By gradient descent; None for other rules, whose steps have a length of their own, and where training diverged."""
    name, options = settings(seen.recipe)
    arm, outcome = seen.fitted.arm, seen.fitted.outcome
    if name != "sgd" or not bool(outcome.weights.isfinite().all()):
        return None
    (x, y), network = sample(seen), arm.network
    at = outcome.weights.clone().requires_grad_()
    network.eval()
    found = []
    try:
        with torch.enable_grad():
            loss = arm.loss(network(at, clone(outcome.buffers), x), y)
            (gradient,) = torch.autograd.grad(loss, at, create_graph=True)
            if not gradient.requires_grad or not float(loss.detach()) > 0:
                return None
            lengths = {tensor: float(own.norm()) for tensor, own in network.unpack(gradient.detach()).items()}
            places = network.unpack(torch.arange(len(at)))
            for tensor in sorted(lengths, key=lambda name: -lengths[name])[:MOST]:
                index = places[tensor]
                vector = torch.zeros_like(at).index_put((index.reshape(-1),), gradient.detach()[index.reshape(-1)])
                length = float(vector.norm())
                if not length > 0:
                    continue
                (product,) = torch.autograd.grad(gradient, at, vector / length, retain_graph=True)
                curvature = float(vector @ product) / length
                if curvature > 0:
                    speed = float(options["lr"]) / (1 - float(options.get("momentum") or 0.0))
                    found.append(
                        Stuck(tensor, length**2 / 2 / curvature / float(loss.detach()), speed * curvature * seen.steps)
                    )
    except (RuntimeError, NotImplementedError):  # an operation whose gradient has no gradient
        return None
    return max(found, key=lambda one: one.gain if math.isfinite(one.gain) else 0.0, default=None)
