"""Adam with weight decay apart from the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from whynet.optimizers._moments import adam_step
from whynet.optimizers._scalars import like
from whynet.optimizers.optimizer import Optimizer, State
from whynet.registry import Range, register


@register(
    "optimizer",
    name="adamw",
    year=2019,
    source="Loshchilov and Hutter, Decoupled weight decay regularization",
    en="Adam whose weights also shrink by lr times weight_decay a step: the decay is not divided by the gradient's size.",
    ko="Adam에 더해 가중치가 걸음마다 lr × weight_decay만큼 줄어든다. 이 감쇠는 기울기의 크기로 나뉘지 않는다.",
)
@dataclass(frozen=True)
class AdamW(Optimizer):
    """``w = (1 - lr weight_decay) w - lr m̂ / (√v̂ + eps)``, with m̂ and v̂ as in `Adam`.

    Why it works: an L2 penalty inside Adam hardly shrinks the weights whose gradients are large; decay outside of it shrinks
    all alike, so that lr and weight_decay can be tuned one at a time. Raises `OptionError`.
    """

    lr: Annotated[float, Range(above=0)] = 1e-3
    beta1: Annotated[float, Range(least=0, below=1)] = 0.9
    beta2: Annotated[float, Range(least=0, below=1)] = 0.999
    eps: Annotated[float, Range(least=0)] = 1e-8
    weight_decay: Annotated[float, Range(least=0)] = 0.01

    def start(self, weights: Tensor) -> State:
        return {"mean": torch.zeros_like(weights), "squares": torch.zeros_like(weights)}

    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        shrunk = weights * like(weights, 1 - hyper["lr"] * hyper["weight_decay"])
        return adam_step(shrunk, gradient, state, hyper, step)
