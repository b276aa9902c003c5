"""VGG's block: small filters on top of each other, then a pool.

    x ── 3×3, C ── (norm) ── relu ── … ── 3×3, C ── (norm) ── relu ── max pool 2

Two 3×3 filters see 5×5, three see 7×7, with fewer weights than one large filter (27 C² against 49 C²) and more bends.
Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition (2014).
"""

from __future__ import annotations

from typing import Annotated, Literal

from torch import nn

from whynet.registry import Range, register

Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]


class VGGBlock(nn.Sequential):
    """Convolutions of 3×3 with relu, then a pool where wanted; (B, C, H, W) → (B, channels, H / 2, W / 2)."""

    def __init__(
        self, inputs: int, convolutions: int, channels: int, norm: Literal["batch"] | None = None, pool: bool = True
    ) -> None:
        super().__init__()
        for number in range(1, convolutions + 1):
            self.add_module(f"conv{number}", nn.Conv2d(inputs, channels, 3, padding=1))
            if norm:
                self.add_module(f"norm{number}", nn.BatchNorm2d(channels))
            self.add_module(f"act{number}", nn.ReLU())
            inputs = channels
        if pool:
            self.add_module("pool", nn.MaxPool2d(2))


@register(
    "layer",
    takes=("CHW",),
    window=True,
    example="vgg_block(2, 5)",
    year=2014,
    source="Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition",
    en="3×3 convolutions on top of each other, then a pool: a large view made of small filters.",
    ko="3×3 합성곱(convolution)을 쌓고 풀링(pooling)한다: 작은 필터로 넓은 시야를 만든다.",
)
def vgg_block(
    inputs: Shape, convolutions: Count, channels: Count, norm: Literal["batch"] | None = None, pool: bool = True
) -> nn.Module:
    """(B, C, H, W) → (B, channels, H / 2, W / 2), or (B, channels, H, W) without the pool."""
    return VGGBlock(inputs[0], convolutions, channels, norm, pool)
