"""The step that Adam and AdamW share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from whynet.optimizers._scalars import like
from whynet.optimizers.optimizer import State


def adam_step(
    weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
) -> tuple[Tensor, State]:
    """``w - lr m̂ / (√v̂ + eps)`` with the moments ``m̂ = m / (1 - beta1^t)``, ``v̂ = v / (1 - beta2^t)``.

    Both corrections are folded into two scalars, so that no vector is divided for them:
    ``lr m̂ / (√v̂ + eps) = (lr c / (1 - beta1^t)) · m / (√v + eps c)`` with ``c = √(1 - beta2^t)``.
    """
    beta1, beta2 = hyper["beta1"], hyper["beta2"]
    mean = torch.lerp(state["mean"], gradient, like(weights, 1 - beta1))
    squares = torch.lerp(state["squares"], gradient * gradient, like(weights, 1 - beta2))
    c = (1 - beta2**step).sqrt()
    scale = like(weights, hyper["lr"] * c / (1 - beta1**step))
    direction = mean / (squares.sqrt() + hyper["eps"] * c)
    return torch.addcmul(weights, direction, scale, value=-1), {"mean": mean, "squares": squares}
