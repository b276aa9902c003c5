"""Learned enlargement: a transposed convolution that begins as bilinear interpolation.

    stride f, kernel 2f:   every value of x lays a tent of 2f × 2f over the f times larger picture; where tents overlap they add

        f = 2, along one axis:   ¼ ¾ ¾ ¼            tent[i] = 1 − |i + ½ − f| / f
                                     ¼ ¾ ¾ ¼
                                         ¼ ¾ ¾ ¼    in sum 1 everywhere but at the picture's edge

At first each channel goes to itself alone. Long, Shelhamer and Darrell (2015), section 3.3; transposed: Zeiler et al. (2010).
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from whynet.registry import Range, register

Shape = tuple[int, ...]


def tent(factor: int) -> Tensor:
    """``1 - |i + ½ - f| / f`` for i = 0 … 2f - 1: (2f,)."""
    return 1 - (torch.arange(2 * factor) + 0.5 - factor).abs() / factor


class Upsample(nn.ConvTranspose2d):
    """(B, C, H, W) → (B, C, f H, f W), for an even factor f; bilinear at first."""

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__(channels, channels, 2 * factor, stride=factor, padding=factor // 2, bias=False)
        line = tent(factor)
        with torch.no_grad():
            self.weight.copy_(torch.eye(channels)[:, :, None, None] * line[:, None] * line)  # (C, C, 2f, 2f)


@register(
    "layer",
    takes=("CHW",),
    example="upsample(2)",
    year=2015,
    source="Long, Shelhamer and Darrell, Fully convolutional networks for semantic segmentation",
    en="Enlarges a picture by bilinear interpolation at first, and learns a better one.",
    ko="그림을 키운다. 처음에는 쌍선형 보간(bilinear interpolation)이고, 학습하며 더 나은 것을 찾는다.",
)
def upsample(inputs: Shape, doublings: Annotated[int, Range(least=1, most=6)] = 1) -> nn.Module:
    """(B, C, H, W) → (B, C, f H, f W), f = 2 to the power of ``doublings``; weights (C, C, 2f, 2f)."""
    return Upsample(inputs[0], 2**doublings)
