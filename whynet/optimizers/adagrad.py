"""A learning rate per weight that shrinks as the weight moves."""

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
    year=2011,
    source="Duchi, Hazan and Singer, Adaptive subgradient methods",
    en="Divide each weight's step by the size of all its gradients so far: rare features keep learning, the rest slow down.",
    ko="가중치마다 지금까지 받은 기울기의 크기로 걸음을 나눈다. 드문 특징은 계속 배우고 나머지는 느려진다.",
)
@dataclass(frozen=True)
class Adagrad(Optimizer):
    """``s = s + g²``, ``w = w - lr g / (√s + eps)``.

    Why it works: a weight that is seldom moved keeps a large step, and 1/√t is the rate at which regret is bounded. Its
    weakness is the same sum: it only grows, so the steps die out. Raises `OptionError`.
    """

    lr: Annotated[float, Range(above=0)] = 0.01
    eps: Annotated[float, Range(least=0)] = 1e-10
    weight_decay: Annotated[float, Range(least=0)] | None = None  # L2 penalty

    def start(self, weights: Tensor) -> State:
        return {"squares": torch.zeros_like(weights)}

    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        gradient = with_penalty(weights, gradient, hyper)
        squares = torch.addcmul(state["squares"], gradient, gradient)
        direction = gradient / (squares.sqrt() + hyper["eps"])
        return torch.addcmul(weights, direction, like(weights, hyper["lr"]), value=-1), {"squares": squares}
