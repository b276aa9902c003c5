"""The small numbers of a rule, made ready for its large vectors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def like(weights: Tensor, scalar: Tensor) -> Tensor:
    """A 0-dim hyper-parameter in the type and on the device of the weights.

    Worked out in float64 and rounded once, here. Without it `torch.vmap` would widen the whole vector to float64, since an
    arm's own hyper-parameter is then no longer a scalar to the type rules.
    """
    return scalar.to(weights)


def with_penalty(weights: Tensor, gradient: Tensor, hyper: Mapping[str, Tensor]) -> Tensor:
    """g + λ w, the gradient of the loss with λ/2 |w|² added; g itself where the rule has no weight decay."""
    if "weight_decay" not in hyper:
        return gradient
    return torch.addcmul(gradient, weights, like(weights, hyper["weight_decay"]))
