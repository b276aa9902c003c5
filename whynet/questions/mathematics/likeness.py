"""How alike vectors are: by inner product, by angle, by distance; and what that is worth for telling classes apart."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from whynet.engine.fit import Fitted
from whynet.engine.network import clone
from whynet.rng import generator, numpy_generator

TESTED, KNOWN, PAIRS = 500, 3_000, 2_000  # at most: examples asked about, examples looked among, pairs of either kind


def products(a: Tensor, b: Tensor) -> Tensor:
    """a · b for every pair: (N, D), (M, D) → (N, M)."""
    return a @ b.T


def cosines(a: Tensor, b: Tensor) -> Tensor:
    """a · b / ‖a‖‖b‖ for every pair; 0 where one of them is zero."""
    return products(_unit(a), _unit(b))


def nearness(a: Tensor, b: Tensor) -> Tensor:
    """−‖a − b‖² = 2 a · b − ‖a‖² − ‖b‖² for every pair."""
    return 2 * products(a, b) - a.square().sum(dim=1)[:, None] - b.square().sum(dim=1)


def hidden(one: Fitted, x: Tensor, trained: bool) -> Tensor:
    """What the last activation function puts out, (N, D) float64, with the initial weights or the trained ones."""
    network, outcome = one.arm.network, one.outcome
    weights, buffers = (outcome.weights, outcome.buffers) if trained else (network.initial, network.buffers)
    network.eval()
    with torch.no_grad(), network.capturing() as captured:
        network(weights, clone(buffers), x)
    return captured.activations[network.activations[-1]].flatten(1).double()


def pairs(labels: Tensor, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of different examples, (n, 2) each: of the same class, and of different ones; equally many where there are enough."""
    drawn = numpy_generator(seed, "sample", "pairs").integers(0, len(labels), (40 * PAIRS, 2))
    drawn = drawn[drawn[:, 0] != drawn[:, 1]]
    alike = labels.numpy()[drawn[:, 0]] == labels.numpy()[drawn[:, 1]]
    return drawn[alike][:PAIRS], drawn[~alike][:PAIRS]


def cosines_of(x: Tensor, which: np.ndarray) -> np.ndarray:
    """The cosine of each pair (n, 2) of rows of x."""
    unit = _unit(x)
    return np.asarray((unit[which[:, 0]] * unit[which[:, 1]]).sum(dim=1).numpy())


def random_products(size: int, seed: int, count: int = 20_000) -> np.ndarray:
    """a · b of independent vectors whose D entries are standard normal."""
    a, b = torch.randn(2, count, size, generator=generator(seed, "sample", "vectors"), dtype=torch.float64)
    return np.asarray((a * b).sum(dim=1).numpy())


def templates(weights: Tensor, x: Tensor, labels: Tensor) -> np.ndarray:
    """The cosine between each class's weights (K, D) and its mean example, both less their mean over the classes: (K,)."""
    means = torch.stack([x[labels == k].mean(dim=0) if (labels == k).any() else x.mean(dim=0) for k in range(len(weights))])
    centred = [part - part.mean(dim=0) for part in (weights.double(), means)]
    return np.asarray((_unit(centred[0]) * _unit(centred[1])).sum(dim=1).numpy())


def _unit(a: Tensor) -> Tensor:
    return a / a.norm(dim=1, keepdim=True).clamp(min=1e-300)
