"""Clipping: what to do with a gradient that is too large."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from whynet.registry import Range, register


class Clip(ABC):
    """A clipping rule is a frozen dataclass; its float field may be a 0-dim tensor, each arm of a population its own."""

    @abstractmethod
    def __call__(self, gradient: Tensor) -> Tensor:
        """The gradient of all weights, one vector, made small enough. Nothing is modified in place."""


@register(
    "clip",
    year=2013,
    source="Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks",
    en="Shorten the whole gradient to a length, keeping its direction: one cliff does not throw the weights away.",
    ko="기울기 전체를 방향은 그대로 두고 정한 길이로 줄인다. 절벽 하나가 가중치를 날려 버리지 못한다.",
)
@dataclass(frozen=True)
class Norm(Clip):
    """``g · min(1, most / (|g| + 1e-6))``, |g| the Euclidean length over all weights together."""

    most: Annotated[float, Range(above=0)] = 1.0

    def __call__(self, gradient: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(gradient)
        most = self.most.to(gradient) if isinstance(self.most, Tensor) else self.most
        return gradient * (most * (length + 1e-6).reciprocal()).clamp(max=1)


@register(
    "clip",
    year=2012,
    source="Mikolov, Statistical language models based on neural networks",
    en="Cut every entry of the gradient at a size: simple, but the direction changes.",
    ko="기울기의 성분마다 정한 크기에서 자른다. 간단하지만 방향이 바뀐다.",
)
@dataclass(frozen=True)
class Value(Clip):
    """``min(max(g, -most), most)``, entry by entry."""

    most: Annotated[float, Range(above=0)] = 1.0

    def __call__(self, gradient: Tensor) -> Tensor:
        most = torch.as_tensor(self.most, dtype=gradient.dtype, device=gradient.device)
        return torch.minimum(torch.maximum(gradient, -most), most)
