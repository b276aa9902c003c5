"""Keras's defaults, where they are not torch's.

Dense and Conv layers begin Glorot uniform with zero biases; Adam and RMSprop have eps 1e-7, RMSprop rho 0.9; the old ``decay`` of an
optimizer divides the learning rate by ``1 + decay · step``; losses take probabilities, clip them at 1e-7, and renormalise the
categorical ones (whynet's ``nll_of_probabilities`` and ``binary_cross_entropy_of_probabilities``).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import init

GLOROT = "xavier"  # of a recipe: Glorot uniform weights, zero biases
UNIFORM = "uniform(bound=0.05)"  # Keras 1's init="uniform": U(-.05, .05)
NORMAL = "normal(std=0.05)"  # Keras 1's init="normal": N(0, .05)
CATEGORICAL = "nll_of_probabilities"
BINARY = "binary_cross_entropy_of_probabilities"
DECAY = (
    'exponential(gamma=0.999999, unit="step")'  # decay=1e-6: 1 / (1 + 1e-6 t), which is e^(-1e-6 t) to 0.2 % up to 62,500 steps
)


def adam(lr: float = 0.001) -> str:
    """Keras's Adam."""
    return f"adam(lr={lr}, eps=1e-7)"


def rmsprop(lr: float = 0.001) -> str:
    """Keras's RMSprop."""
    return f"rmsprop(lr={lr}, alpha=0.9, eps=1e-7)"


def dense(inputs: int, units: int, kernel: Callable[[Tensor], object] = init.xavier_uniform_) -> nn.Linear:
    """Dense(units, kernel_initializer=kernel): for models in which layers begin differently, which a recipe cannot say."""
    layer = nn.Linear(inputs, units)
    kernel(layer.weight)
    init.zeros_(layer.bias)
    return layer
