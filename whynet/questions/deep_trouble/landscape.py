"""The loss around trained weights on a plane through them, in directions as large as the weights themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from whynet.engine.fit import Fitted
from whynet.engine.network import clone
from whynet.rng import generator

EXAMPLES = 256  # training examples on which the loss is taken, always the first


def direction(one: Fitted, weights: Tensor, seed: int, normalised: bool = True) -> Tensor:
    """A random direction (P,): each filter d_i ~ N(0, I), scaled to d_i · ‖w_i‖ / ‖d_i‖; biases and norms stay where they are.

    A filter is what makes one unit: a row of a matrix. Not ``normalised``: every entry N(0, 1 / 100), whatever the weights.
    Li, Xu, Taylor, Studer and Goldstein, Visualizing the loss landscape of neural nets (2018).
    """
    stream, parts = generator(seed, "sample", "direction"), []
    for value in one.arm.network.unpack(weights).values():
        if value.ndim < 2:
            parts.append(torch.zeros_like(value).flatten())
            continue
        drawn = torch.randn(value.shape, generator=stream)
        lengths = value.flatten(1).norm(dim=1) / drawn.flatten(1).norm(dim=1)
        parts.append((drawn * lengths.view(-1, *[1] * (value.ndim - 1)) if normalised else drawn / 10).flatten())
    return torch.cat(parts)


def loss_at(one: Fitted) -> Callable[[Tensor], float]:
    """The loss in evaluation mode as a function of all weights (P,)."""
    network, split = one.arm.network, one.dataset.train
    x, y = split.x[:EXAMPLES], split.y[:EXAMPLES]

    def at(weights: Tensor) -> float:
        network.eval()
        with torch.no_grad():
            return float(one.loss(network(weights, clone(one.outcome.buffers), x), y))

    return at


def surface(one: Fitted, across: np.ndarray, seed: int) -> np.ndarray:
    """loss(w + α d + β e) at all α and β of a grid, (len, len), d and e two normalised directions of one seed."""
    weights, at = one.outcome.weights, loss_at(one)
    d, e = (direction(one, weights, 2 * seed + i) for i in range(2))
    return np.array([[at(weights + float(a) * d + float(b) * e) for a in across] for b in across])


def rise(one: Fitted, weights: Tensor, seed: int, normalised: bool = True, reach: float = 1.0) -> float:
    """How much higher the loss is ``reach`` away, the mean to both sides along one direction."""
    at, d = loss_at(one), direction(one, weights, 2 * seed, normalised)
    return (at(weights + reach * d) + at(weights - reach * d)) / 2 - at(weights)


def rugged(heights: np.ndarray) -> float:
    """The share of inner grid points at which the surface bends down in some direction: a negative eigenvalue of its Hessian.

    Second differences of 3 × 3 points; what is down by less than a thousandth of the greatest bend counts as flat.
    """
    z = heights
    xx = z[1:-1, 2:] - 2 * z[1:-1, 1:-1] + z[1:-1, :-2]
    yy = z[2:, 1:-1] - 2 * z[1:-1, 1:-1] + z[:-2, 1:-1]
    xy = (z[2:, 2:] - z[2:, :-2] - z[:-2, 2:] + z[:-2, :-2]) / 4
    least = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    return float((least < -1e-3 * max(np.abs(xx).max(), np.abs(yy).max(), 1e-12)).mean())


def rescaled(one: Fitted, factor: float) -> Tensor:
    """The same function in other weights (P,): the first hidden layer of ReLUs puts out ``factor`` times as much, the next takes less."""
    module = one.module
    first = module.get_submodule("hidden.0")
    scaled = getattr(first, "norm", None) or first.get_submodule("linear")
    after = module.get_submodule("hidden.1.linear")
    with torch.no_grad():
        for parameter in scaled.parameters():
            parameter.mul_(factor)
        after.get_parameter("weight").div_(factor)
    return one.arm.network.pack(module)
