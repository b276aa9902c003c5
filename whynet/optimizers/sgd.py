"""Gradient descent, plain or with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from whynet.errors import OptionError
from whynet.optimizers._scalars import like, with_penalty
from whynet.optimizers.optimizer import Optimizer, State
from whynet.registry import Range, register
from whynet.text import Text


@register(
    "optimizer",
    year=1951,
    source="Robbins and Monro, A stochastic approximation method; momentum: Polyak 1964, Nesterov 1983",
    en="Step against the gradient of a few examples; momentum sums the steps that agree and cancels those that zigzag.",
    ko="예제 몇 개의 기울기(gradient) 반대로 한 걸음 간다. 모멘텀(momentum)은 같은 쪽 걸음은 쌓고 지그재그는 지운다.",
)
@dataclass(frozen=True)
class SGD(Optimizer):
    """``v = momentum v + g``, ``w = w - lr v``; with ``nesterov``, ``w = w - lr (g + momentum v)``; without momentum v = g.

    Why it works: the mean of the noisy gradients is the true one, and a small enough step along it lowers the loss
    (Robbins & Monro 1951); a velocity keeps what they agree on (Polyak 1964); looking ahead corrects it sooner (Nesterov 1983).

    ``momentum=None`` leaves the velocity out of the graph, which is the leanest; ``momentum=0.0`` gives the same weights but
    carries a velocity, so that it can be stacked with arms of other momenta. ``weight_decay`` likewise; it is an L2 penalty,
    added to the gradient. Raises `OptionError`.
    """

    lr: Annotated[float, Range(above=0)] = 0.01
    momentum: Annotated[float, Range(least=0, below=1)] | None = None
    nesterov: bool = False
    weight_decay: Annotated[float, Range(least=0)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and self.momentum is None:
            raise OptionError(_NO_MOMENTUM)

    def start(self, weights: Tensor) -> State:
        return {} if self.momentum is None else {"velocity": torch.zeros_like(weights)}

    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        lr = like(weights, hyper["lr"])
        gradient = with_penalty(weights, gradient, hyper)
        if self.momentum is None:
            return torch.addcmul(weights, gradient, lr, value=-1), {}
        momentum = like(weights, hyper["momentum"])
        velocity = torch.addcmul(gradient, state["velocity"], momentum)
        direction = torch.addcmul(gradient, velocity, momentum) if self.nesterov else velocity
        return torch.addcmul(weights, direction, lr, value=-1), {"velocity": velocity}


_NO_MOMENTUM = Text(
    "sgd: nesterov looks ahead along the momentum and needs one. Received: momentum=None. "
    "Write sgd(momentum=0.9, nesterov=True).",
    "sgd: nesterov는 모멘텀(momentum) 방향을 미리 내다보므로 모멘텀이 필요하다. 받은 것: momentum=None. "
    "sgd(momentum=0.9, nesterov=True)로 쓴다.",
)
