"""Gaussian noise on what flows through: in training only, a regulariser that works like fresh data."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from whynet.registry import Range, register

Shape = tuple[int, ...]


class Noise(nn.Module):
    """x + std · ε with ε ~ N(0, 1) drawn anew each time in training; the identity in evaluation. Any shape."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        return x + self.std * torch.randn_like(x) if self.training else x

    def extra_repr(self) -> str:
        return f"std={self.std:g}"


@register(
    "layer",
    example="noise(0.1)",
    year=1995,
    source="Bishop, Training with noise is equivalent to Tikhonov regularization",
    en="Adds Gaussian noise in training, so that nearby inputs must get the same answer.",
    ko="학습할 때 가우스 잡음(Gaussian noise)을 더한다. 가까운 입력은 같은 답을 내야 한다.",
)
def noise(inputs: Shape, std: Annotated[float, Range(least=0)] = 0.1) -> nn.Module:
    """x + std · N(0, 1) in training, x in evaluation."""
    return Noise(std)
