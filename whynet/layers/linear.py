"""The linear layer: every output is a weighted sum of every input."""

from __future__ import annotations

from typing import Annotated

from torch import nn

from whynet.registry import Range, register

Shape = tuple[int, ...]


@register(
    "layer",
    takes=("D", "TD"),
    example="linear(3)",
    en="Wx + b: every output is a weighted sum of all inputs, plus a bias.",
    ko="Wx + b: 출력마다 모든 입력의 가중합에 편향(bias)을 더한다.",
)
def linear(inputs: Shape, units: Annotated[int, Range(least=1)], bias: bool = True) -> nn.Module:
    """x Wᵀ + b on the last axis: (B, D) → (B, units), (B, T, D) → (B, T, units)."""
    return nn.Linear(inputs[-1], units, bias)
