"""Convolution: one small filter slides over the whole signal, so a pattern learned in one place is known in all places."""

from __future__ import annotations

from typing import Annotated, Literal

from torch import nn

from whynet.registry import Range, register

Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]
Padding = Annotated[int, Range(least=0)]

_SOURCE = "LeCun et al., Backpropagation applied to handwritten zip code recognition"


@register(
    "layer",
    takes=("CHW",),
    window=True,
    example="conv2d(4, 3, padding=1)",
    year=1989,
    source=_SOURCE,
    en="Slides small filters over a picture; the same weights look everywhere.",
    ko="작은 필터를 그림 전체에 훑는다. 같은 가중치가 모든 위치를 본다.",
)
def conv2d(
    inputs: Shape,
    channels: Count,
    kernel: Count | tuple[Count, Count],
    stride: Count | tuple[Count, Count] = 1,
    padding: Padding | tuple[Padding, Padding] | Literal["same"] = 0,
    dilation: Count = 1,
    groups: Count = 1,
    bias: bool = True,
) -> nn.Module:
    """(B, C, H, W) → (B, channels, H', W'); the weights are (channels, C / groups, kernel, kernel)."""
    return nn.Conv2d(inputs[0], channels, kernel, stride, padding, dilation, groups, bias)


@register(
    "layer",
    takes=("CT",),
    window=True,
    example="conv1d(4, 3, padding=1)",
    year=1989,
    source=_SOURCE,
    en="Slides small filters along time.",
    ko="작은 필터를 시간 축을 따라 훑는다.",
)
def conv1d(
    inputs: Shape,
    channels: Count,
    kernel: Count,
    stride: Count = 1,
    padding: Padding | Literal["same"] = 0,
    dilation: Count = 1,
    groups: Count = 1,
    bias: bool = True,
) -> nn.Module:
    """(B, C, T) → (B, channels, T'); the weights are (channels, C / groups, kernel)."""
    return nn.Conv1d(inputs[0], channels, kernel, stride, padding, dilation, groups, bias)
