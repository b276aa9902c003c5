"""The inception block: look at four scales at once, and let the next layer choose.

           ┌── 1×1, one ──────────────────────────────┐
           ├── 1×1, three[0] ── 3×3, three[1] ────────┤
        x ─┤                                          ├── side by side: one + three[1] + five[1] + pool channels
           ├── 1×1, five[0] ─── 5×5, five[1] ─────────┤
           └── max pool 3×3 ─── 1×1, pool ────────────┘

The 1×1 convolutions in front of the large ones make them affordable: 5×5 on 192 channels costs 4800 products a place and filter,
on 16 channels 400. Each convolution is followed by relu, with ``norm="batch"`` by a norm before it.
Szegedy et al., Going deeper with convolutions (2014).
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from whynet.registry import Range, register

Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]
Norm = Literal["batch"] | None


class ConvUnit(nn.Module):
    """Convolution, perhaps norm, relu: relu(norm(W ∗ x)); (B, C, H, W) → (B, channels, H', W'), H' = H at stride 1."""

    def __init__(self, inputs: int, channels: int, kernel: int, stride: int = 1, norm: Norm = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, channels, kernel, stride, kernel // 2, bias=norm is None)
        self.norm = nn.BatchNorm2d(channels, eps=1e-3) if norm else None  # eps as in the paper's own code
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.act(x if self.norm is None else self.norm(x))


class Inception(nn.Module):
    """Four branches side by side; (B, C, H, W) → (B, one + three[1] + five[1] + pool, H, W)."""

    def __init__(
        self,
        inputs: int,
        one: int,
        three: tuple[int, int],
        five: tuple[int, int],
        pool: int,
        norm: Norm = None,
        large: int = 5,
    ) -> None:
        super().__init__()
        self.one = ConvUnit(inputs, one, 1, norm=norm)
        self.three = nn.Sequential(ConvUnit(inputs, three[0], 1, norm=norm), ConvUnit(three[0], three[1], 3, norm=norm))
        self.five = nn.Sequential(ConvUnit(inputs, five[0], 1, norm=norm), ConvUnit(five[0], five[1], large, norm=norm))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), ConvUnit(inputs, pool, 1, norm=norm))
        self.channels = one + three[1] + five[1] + pool  # what comes out

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], dim=1)


@register(
    "layer",
    takes=("CHW",),
    example="inception(2, [3, 4], [2, 3], 2)",
    year=2014,
    source="Szegedy et al., Going deeper with convolutions",
    en="Filters of 1×1, 3×3 and 5×5 and a pool on the same input, side by side; 1×1 convolutions keep them cheap.",
    ko="같은 입력에 1×1, 3×3, 5×5 필터와 풀링(pooling)을 나란히 둔다. 1×1 합성곱(convolution)이 계산량을 줄인다.",
)
def inception(
    inputs: Shape,
    one: Count,
    three: tuple[Count, Count],
    five: tuple[Count, Count],
    pool: Count,
    norm: Norm = None,
    large: Literal[3, 5] = 5,
) -> nn.Module:
    """[1×1, 1×1 then 3×3, 1×1 then 5×5, pool then 1×1] along the channels; numbers as in the paper's table 1.

    (B, C, H, W) → (B, one + three[1] + five[1] + pool, H, W). ``large``: side of the largest filter.
    """
    return Inception(inputs[0], one, three, five, pool, norm, large)
