"""Pooling: a neighbourhood becomes one number, so small shifts matter less and what follows gets cheaper."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn

from whynet.registry import Range, register

Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]
Padding = Annotated[int, Range(least=0)]


@register(
    "layer",
    takes=("CHW", "CT"),
    window=True,
    example="max_pool(2)",
    year=1999,
    source="Riesenhuber and Poggio, Hierarchical models of object recognition in cortex",
    en="Keeps the largest value of each window: was the pattern anywhere here?",
    ko="창마다 가장 큰 값을 남긴다: 이 근처에 그 무늬가 있었는가?",
)
def max_pool(inputs: Shape, size: Count, stride: Count | None = None, padding: Padding = 0) -> nn.Module:
    """Largest of each window; (B, C, H, W) → (B, C, H', W') or (B, C, T) → (B, C, T'). ``stride`` is ``size`` unless given."""
    pool = nn.MaxPool2d if len(inputs) == 3 else nn.MaxPool1d
    return pool(size, stride or size, padding)


@register(
    "layer",
    takes=("CHW", "CT"),
    window=True,
    example="avg_pool(2)",
    year=1998,
    source="LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition",
    en="Keeps the mean of each window: how much of the pattern is here?",
    ko="창마다 평균을 남긴다: 이 근처에 그 무늬가 얼마나 있는가?",
)
def avg_pool(inputs: Shape, size: Count, stride: Count | None = None, padding: Padding = 0) -> nn.Module:
    """Mean of each window; (B, C, H, W) → (B, C, H', W') or (B, C, T) → (B, C, T'). ``stride`` is ``size`` unless given."""
    pool = nn.AvgPool2d if len(inputs) == 3 else nn.AvgPool1d
    return pool(size, stride or size, padding)


class GlobalAvgPool(nn.Module):
    """Mean over all places: (B, C, …) → (B, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).mean(2)  # (B, C, places) → (B, C)


@register(
    "layer",
    takes=("CHW", "CT"),
    year=2013,
    source="Lin, Chen and Yan, Network in network",
    en="One mean per channel: replaces the big fully connected layer, and takes pictures of any size.",
    ko="채널마다 평균 하나: 커다란 완전연결 층을 대신하고 어떤 크기의 그림이든 받는다.",
)
def global_avg_pool(inputs: Shape) -> nn.Module:
    """Mean over height and width, or over time: (B, C, H, W) → (B, C)."""
    return GlobalAvgPool()
