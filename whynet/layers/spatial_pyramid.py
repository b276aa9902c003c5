"""Spatial pyramid pooling: a map of any size becomes a row of one length.

    (C, H, W) ──┬─ 1×1 cells ─┐
                ├─ 2×2 cells ─┼─ the largest value of each cell, side by side: C (1 + 4 + 9 + …) numbers
                └─ 3×3 cells ─┘

With n × n cells, cell (i, j) holds the places from ⌊i·H/n⌋ up to ⌈(i+1)·H/n⌉, and so across. What comes after, a linear layer for
instance, need not know how large the picture was; fine cells keep where things were, coarse ones what was there at all.
He, Zhang, Ren and Sun, Spatial pyramid pooling in deep convolutional networks for visual recognition (2014). For cells of many boxes in
one map see `whynet.vision.roi`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whynet.registry import Range, register

Shape = tuple[int, ...]


class SpatialPyramid(nn.Module):
    """The largest values of level × level cells for each level; (B, C, H, W) → (B, C · Σ level²)."""

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        self.levels = tuple(levels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([F.adaptive_max_pool2d(x, level).flatten(1) for level in self.levels], dim=1)

    def extra_repr(self) -> str:
        return f"levels={self.levels}"


@register(
    "layer",
    takes=("CHW",),
    example="spatial_pyramid([1, 2])",
    year=2014,
    source="He, Zhang, Ren and Sun, Spatial pyramid pooling in deep convolutional networks for visual recognition",
    en="The largest value in each cell of several grids: a picture of any size gives a row of one length.",
    ko="여러 격자의 칸마다 가장 큰 값을 모은다. 그림의 크기가 어떻든 길이가 같은 벡터가 된다.",
)
def spatial_pyramid(inputs: Shape, levels: Sequence[Annotated[int, Range(least=1)]] = (1, 2, 3, 6)) -> nn.Module:
    """(B, C, H, W) → (B, C · Σ level²)."""
    return SpatialPyramid(levels)
