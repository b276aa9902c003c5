"""Divide by the recent size of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from whynet.optimizers._scalars import like, with_penalty
from whynet.optimizers.optimizer import Optimizer, State
from whynet.registry import Range, register


@register(
    "optimizer",
    name="rmsprop",
    year=2012,
    source="Tieleman and Hinton, Lecture 6.5: RMSProp, Coursera",
    en="Divide each weight's step by the recent size of its gradient: flat and steep directions move alike.",
    ko="가중치마다 최근 기울기의 크기로 걸음을 나눈다. 평평한 방향도 가파른 방향도 비슷하게 움직인다.",
)
@dataclass(frozen=True)
class RMSProp(Optimizer):
    """``s = alpha s + (1 - alpha) g²``, ``w = w - lr g / (√s + eps)``; ``centered`` divides by the deviation ``√(s - m²)``.

    Why it works: the step depends on the sign and the agreement of the gradients, not on their scale, and old squares are
    forgotten, so that it does not stall as Adagrad does. ``momentum`` sums the divided gradients; None leaves it out of the
    graph. Raises `OptionError`.
    """

    lr: Annotated[float, Range(above=0)] = 0.01
    alpha: Annotated[float, Range(least=0, below=1)] = 0.99
    eps: Annotated[float, Range(least=0)] = 1e-8
    momentum: Annotated[float, Range(least=0, below=1)] | None = None
    centered: bool = False
    weight_decay: Annotated[float, Range(least=0)] | None = None  # L2 penalty

    def start(self, weights: Tensor) -> State:
        names = ["squares"] + ["mean"] * self.centered + ["velocity"] * (self.momentum is not None)
        return {name: torch.zeros_like(weights) for name in names}

    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        gradient = with_penalty(weights, gradient, hyper)
        fresh = like(weights, 1 - hyper["alpha"])
        after = {"squares": torch.lerp(state["squares"], gradient * gradient, fresh)}
        spread = after["squares"]
        if self.centered:
            after["mean"] = torch.lerp(state["mean"], gradient, fresh)
            spread = torch.addcmul(spread, after["mean"], after["mean"], value=-1).clamp(min=0)  # rounding may go below 0
        direction = gradient / (spread.sqrt() + hyper["eps"])
        if self.momentum is not None:
            direction = torch.addcmul(direction, state["velocity"], like(weights, hyper["momentum"]))
            after["velocity"] = direction
        return torch.addcmul(weights, direction, like(weights, hyper["lr"]), value=-1), after
