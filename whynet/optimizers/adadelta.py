"""Steps in the units of the weights."""

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
    year=2012,
    source="Zeiler, ADADELTA: an adaptive learning rate method",
    en="Scale each step by how far the weight has lately moved over how steep it has lately been: no learning rate to tune.",
    ko="가중치가 최근에 움직인 거리를 최근 기울기의 크기로 나눠 걸음을 정한다. 학습률을 고를 필요가 없다.",
)
@dataclass(frozen=True)
class Adadelta(Optimizer):
    """``s = rho s + (1 - rho) g²``, ``d = √((u + eps) / (s + eps)) g``, ``u = rho u + (1 - rho) d²``, ``w = w - lr d``.

    Why it works: the quotient of past moves and past gradients has the unit of the weights, as Newton's step has, and a
    forgetting mean does not die out as Adagrad's sum does. It starts slowly: the first moves are of size √eps. Raises
    `OptionError`.
    """

    lr: Annotated[float, Range(above=0)] = 1.0
    rho: Annotated[float, Range(least=0, below=1)] = 0.9
    eps: Annotated[float, Range(least=0)] = 1e-6
    weight_decay: Annotated[float, Range(least=0)] | None = None  # L2 penalty

    def start(self, weights: Tensor) -> State:
        return {"squares": torch.zeros_like(weights), "moves": torch.zeros_like(weights)}

    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        gradient = with_penalty(weights, gradient, hyper)
        fresh, eps = like(weights, 1 - hyper["rho"]), hyper["eps"]
        squares = torch.lerp(state["squares"], gradient * gradient, fresh)
        move = ((state["moves"] + eps) / (squares + eps)).sqrt() * gradient
        moves = torch.lerp(state["moves"], move * move, fresh)
        return torch.addcmul(weights, move, like(weights, hyper["lr"]), value=-1), {"squares": squares, "moves": moves}
