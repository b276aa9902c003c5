"""DenseNet's parts: each layer sees what all layers before it found, and a transition folds the heap together again.

    dense_block:   x ──┬── layer ──┬── layer ──┬── …      x_l = [x_{l-1}, H_l(x_{l-1})]:  ``growth`` channels more each time
                       └── beside ─┴── beside ─┘

    layer H:       norm ── relu ── 1×1, bottleneck · growth ── norm ── relu ── 3×3, growth ── (dropout)
    transition:    norm ── relu ── 1×1, compression · C ── average pool 2

Nothing is relearned, since nothing is lost on the way, and the loss has a short path to every layer.
Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks (2017); with bottleneck and compression: DenseNet-BC.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from whynet.registry import Range, register

Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]


class DenseLayer(nn.Module):
    """[x, H(x)] along the channels; (B, C, H, W) → (B, C + growth, H, W)."""

    def __init__(self, inputs: int, growth: int, bottleneck: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.act1 = nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, bottleneck * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bottleneck * growth)
        self.act2 = nn.ReLU()
        self.conv2 = nn.Conv2d(bottleneck * growth, growth, 3, padding=1, bias=False)
        self.dropout = nn.Dropout(dropout) if dropout else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(self.act1(self.norm1(x)))  # (B, bottleneck · growth, H, W)
        h = self.conv2(self.act2(self.norm2(h)))  # (B, growth, H, W)
        if self.dropout is not None:
            h = self.dropout(h)
        return torch.cat([x, h], dim=1)


class DenseBlock(nn.Sequential):
    """Dense layers one after the other; (B, C, H, W) → (B, C + layers · growth, H, W)."""

    def __init__(self, inputs: int, layers: int, growth: int, bottleneck: int = 4, dropout: float = 0.0) -> None:
        super().__init__(*(DenseLayer(inputs + i * growth, growth, bottleneck, dropout) for i in range(layers)))
        self.channels = inputs + layers * growth  # what comes out


class Transition(nn.Module):
    """Fewer channels, half the sides; (B, C, H, W) → (B, compression · C, H / 2, W / 2)."""

    def __init__(self, inputs: int, compression: float = 0.5) -> None:
        super().__init__()
        self.channels = max(1, int(compression * inputs))
        self.norm = nn.BatchNorm2d(inputs)
        self.act = nn.ReLU()
        self.conv = nn.Conv2d(inputs, self.channels, 1, bias=False)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.conv(self.act(self.norm(x))))


@register(
    "layer",
    takes=("CHW",),
    example="dense_block(2, 3)",
    year=2017,
    source="Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks",
    en="Each layer sees the channels of all layers before it and adds a few of its own.",
    ko="층마다 앞선 모든 층의 채널을 보고 자기 채널을 몇 개씩 더한다.",
)
def dense_block(
    inputs: Shape,
    layers: Count,
    growth: Count,
    bottleneck: Count = 4,
    dropout: Annotated[float, Range(least=0, below=1)] = 0.0,
) -> nn.Module:
    """x_l = [x_{l-1}, H_l(x_{l-1})]; (B, C, H, W) → (B, C + layers · growth, H, W)."""
    return DenseBlock(inputs[0], layers, growth, bottleneck, dropout)


@register(
    "layer",
    takes=("CHW",),
    window=True,
    example="transition(0.5)",
    year=2017,
    source="Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks",
    en="Folds many channels into fewer and halves the sides, between two dense blocks.",
    ko="두 dense 블록 사이에서 많은 채널을 줄이고 변의 길이를 반으로 줄인다.",
)
def transition(inputs: Shape, compression: Annotated[float, Range(above=0, most=1)] = 0.5) -> nn.Module:
    """norm, relu, 1×1 convolution, average pool 2; (B, C, H, W) → (B, ⌊compression · C⌋, H / 2, W / 2)."""
    return Transition(inputs[0], compression)
