"""Network in network: a small multilayer perceptron slides over the picture in place of a linear filter.

    x ── k×k, channels[0] ── relu ── 1×1, channels[1] ── relu ── 1×1, channels[2] ── relu ── …

A 1×1 convolution is a linear layer across the channels of one pixel. Lin, Chen and Yan, Network in network (2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from torch import nn

from whynet.registry import Range, register

Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]


class MlpConv(nn.Sequential):
    """The layers of the little perceptron, in order; (B, C, H, W) → (B, channels[-1], H', W')."""

    def __init__(self, inputs: int, channels: Sequence[int], kernel: int, padding: int) -> None:
        super().__init__()
        for number, width in enumerate(channels, 1):
            conv = nn.Conv2d(inputs, width, kernel, padding=padding) if number == 1 else nn.Conv2d(inputs, width, 1)
            self.add_module(f"conv{number}", conv)
            self.add_module(f"act{number}", nn.ReLU())
            inputs = width


@register(
    "layer",
    takes=("CHW",),
    window=True,
    example="mlpconv([5, 4], 3)",
    year=2013,
    source="Lin, Chen and Yan, Network in network",
    en="A small multilayer perceptron in place of each filter: a convolution, then 1×1 convolutions, each with relu.",
    ko="필터 하나하나를 작은 다층 퍼셉트론으로 바꾼다: 합성곱(convolution) 다음에 1×1 합성곱을 두고 모두 relu를 붙인다.",
)
def mlpconv(
    inputs: Shape, channels: Sequence[Count], kernel: Count, padding: Annotated[int, Range(least=0)] | None = None
) -> nn.Module:
    """(B, C, H, W) → (B, channels[-1], H', W'); without a ``padding`` H' is H for odd kernels."""
    return MlpConv(inputs[0], channels, kernel, kernel // 2 if padding is None else padding)
