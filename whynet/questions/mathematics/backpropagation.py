"""The gradient of a multilayer perceptron in four ways that share no code, each with its count of multiplications.

Signals are written as in the book: z_l = W_l h_{l-1} + b_l, h_l = f(z_l), and δ_l = ∂L/∂z_l going back. Counted are the products of
weights and signals; those of the activation, one for each unit, are left out everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from whynet.questions.mathematics.landscape import Landscape

Activation = Literal["tanh", "sigmoid", "relu"]
SCALAR: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {  # f(z), and f'(z) as a function of h = f(z)
    "tanh": (math.tanh, lambda h: 1 - h * h),
    "sigmoid": (lambda z: 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z)), lambda h: h * (1 - h)),
    "relu": (lambda z: max(z, 0.0), lambda h: 1.0 if h > 0 else 0.0),
}


@dataclass(frozen=True)
class Found:
    """A gradient, (P,) in the order of the network's weights, and how many multiplications it took."""

    gradient: np.ndarray
    products: int


@dataclass(frozen=True)
class Perceptron:
    """The same network as plain arrays: weights (out, in) and biases (out,) by layer, inputs (B, D), targets by example."""

    weights: Sequence[np.ndarray]
    biases: Sequence[np.ndarray]
    activation: Activation
    x: np.ndarray
    y: np.ndarray  # labels (B,), or values (B, n)

    @property
    def forward_products(self) -> int:
        """Multiplications of one forward pass over the batch."""
        return len(self.x) * sum(w.size for w in self.weights)


def taken_apart(here: Landscape, activation: Activation) -> Perceptron:
    """The arrays of a landscape whose network is an mlp of linear layers alone."""
    parts = [part.detach().numpy() for part in here.arm.network.unpack(here.start).values()]
    return Perceptron(parts[::2], parts[1::2], activation, here.x.flatten(1).numpy(), here.y.numpy())


def by_hand(net: Perceptron) -> Found:
    """The chain rule one number at a time: loops over examples, layers and units, as on paper."""
    f, slope = SCALAR[net.activation]
    weights, biases = [w.tolist() for w in net.weights], [b.tolist() for b in net.biases]
    of_weights, of_biases = [np.zeros_like(w).tolist() for w in net.weights], [np.zeros_like(b).tolist() for b in net.biases]
    products, depth = 0, len(weights)
    for x, y in zip(net.x.tolist(), net.y.tolist(), strict=True):
        signals = [x]  # h_0 = x, h_1, …
        for layer in range(depth):
            h, out = signals[-1], []
            for unit, bias in zip(weights[layer], biases[layer], strict=True):
                z = bias
                for w, signal in zip(unit, h, strict=True):
                    z += w * signal
                products += len(h)
                out.append(z if layer == depth - 1 else f(z))
            signals.append(out)
        delta = _error(signals[-1], y, len(net.x))
        for layer in reversed(range(depth)):
            h, before = signals[layer], [0.0] * len(signals[layer])
            for i, d in enumerate(delta):
                of_biases[layer][i] += d
                for j, signal in enumerate(h):
                    of_weights[layer][i][j] += d * signal  # ∂z_i/∂w_ij = h_j
                    if layer:
                        before[j] += d * weights[layer][i][j]  # the sum over all paths through h_j
                products += len(h) * (2 if layer else 1)
            delta = [back * slope(signal) for back, signal in zip(before, h, strict=True)]
    return Found(_flat([np.array(w) for w in of_weights], [np.array(b) for b in of_biases]), products)


def by_matrices(net: Perceptron) -> Found:
    """The same sums as products of matrices: δ_{l-1} = δ_l W_l ⊙ f'(z), ∂L/∂W_l = δ_lᵀ h_{l-1}."""
    slope, squash = np.vectorize(SCALAR[net.activation][1]), np.vectorize(SCALAR[net.activation][0])
    signals, products = [net.x], 0
    for layer, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        z = signals[-1] @ w.T + b  # (B, out)
        products += z.size * w.shape[1]
        signals.append(z if layer == len(net.weights) - 1 else squash(z))
    delta = np.array([_error(z.tolist(), y, len(net.x)) for z, y in zip(signals[-1], net.y.tolist(), strict=True)])
    of_weights: list[np.ndarray] = []
    of_biases: list[np.ndarray] = []
    for layer in reversed(range(len(net.weights))):
        of_weights.insert(0, delta.T @ signals[layer])
        of_biases.insert(0, delta.sum(axis=0))
        products += delta.size * signals[layer].shape[1]
        if layer:
            products += delta.size * net.weights[layer].shape[1]
            delta = delta @ net.weights[layer] * slope(signals[layer])
    return Found(_flat(of_weights, of_biases), products)


def by_autograd(here: Landscape) -> Found:
    """What torch does, counted by torch: a multiplication and an addition are two of its operations."""
    with FlopCounterMode(display=False) as counter:
        gradient = here.gradient(here.start)
    return Found(gradient.numpy(), counter.get_total_flops() // 2)


def by_differences(here: Landscape, net: Perceptron, step: float, which: Sequence[int] | None = None) -> Found:
    """(L(w + h e_i) − L(w − h e_i)) / 2h for every weight, or for those named: two forward passes each, and no calculus."""
    moves = step * torch.eye(len(here.start), dtype=here.start.dtype)[slice(None) if which is None else list(which)]
    gradient = (here.many(here.start + moves) - here.many(here.start - moves)) / (2 * step)
    return Found(gradient.double().numpy(), 2 * len(moves) * net.forward_products)


def _error(z: list[float], y: int | list[float], batch: int) -> list[float]:
    """∂L/∂z of one example: (softmax(z) − one-hot) / B for a label, 2 (z − y) / (B n) for values."""
    if isinstance(y, list):
        return [2 * (one - target) / (batch * len(z)) for one, target in zip(z, y, strict=True)]
    top = max(z)
    raised = [math.exp(one - top) for one in z]
    return [(one / sum(raised) - (k == y)) / batch for k, one in enumerate(raised)]


def _flat(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([part.ravel() for pair in zip(weights, biases, strict=True) for part in pair])
