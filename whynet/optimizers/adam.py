"""Momentum over a running scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from whynet.optimizers._moments import adam_step
from whynet.optimizers._scalars import with_penalty
from whynet.optimizers.optimizer import Optimizer, State
from whynet.registry import Range, register


@register(
    "optimizer",
    year=2015,
    source="Kingma and Ba, Adam: a method for stochastic optimization",
    en="The recent mean of the gradient over its recent size: every weight moves about lr a step while the gradients agree.",
    ko="최근 기울기의 평균을 최근 기울기의 크기로 나눈다. 기울기가 한쪽을 가리키는 동안 가중치는 걸음마다 학습률만큼 움직인다.",
)
@dataclass(frozen=True)
class Adam(Optimizer):
    """``m = beta1 m + (1 - beta1) g``, ``v = beta2 v + (1 - beta2) g²``, ``w = w - lr m̂ / (√v̂ + eps)``.

    m̂ and v̂ are m and v divided by 1 - beta^t, since both began at zero. Why it works: m̂/√v̂ is about ±1 where the gradients
    agree and near 0 where they are noise, whatever their scale. ``weight_decay`` is an L2 penalty, added to the gradient and
    therefore divided by √v̂ too; `AdamW` has it apart. None leaves it out of the graph. Raises `OptionError`.
    """

    lr: Annotated[float, Range(above=0)] = 1e-3
    beta1: Annotated[float, Range(least=0, below=1)] = 0.9
    beta2: Annotated[float, Range(least=0, below=1)] = 0.999
    eps: Annotated[float, Range(least=0)] = 1e-8
    weight_decay: Annotated[float, Range(least=0)] | None = None

    def start(self, weights: Tensor) -> State:
        return {"mean": torch.zeros_like(weights), "squares": torch.zeros_like(weights)}

    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        return adam_step(weights, with_penalty(weights, gradient, hyper), state, hyper, step)
