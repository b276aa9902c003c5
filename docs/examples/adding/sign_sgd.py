"""Gradient descent by sign alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from whynet.optimizers._scalars import like
from whynet.optimizers.optimizer import Optimizer, State
from whynet.registry import Range, register


@register(
    "optimizer",
    year=2018,
    source="Bernstein, Wang, Azizzadenesheli and Anandkumar, signSGD: compressed optimisation for non-convex problems",
    en="Every weight moves by lr against the sign of its gradient: how steep it is does not matter.",
    ko="가중치마다 기울기(gradient) 부호의 반대로 학습률만큼 움직인다. 얼마나 가파른지는 보지 않는다.",
)
@dataclass(frozen=True)
class SignSGD(Optimizer):
    """``w = w - lr sign(g)``: the step of Adam where the gradients all agree. Raises `OptionError`."""

    lr: Annotated[float, Range(above=0)] = 0.001

    def start(self, weights: Tensor) -> State:
        return {}

    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        return weights - like(weights, hyper["lr"]) * gradient.sign(), {}
