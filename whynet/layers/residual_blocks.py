"""The two blocks of ResNet: learn what to add, in two wide steps or through a narrow waist.

    basic_block(C)                              bottleneck(C)

    x ─┬─ 3×3, C ── norm ── relu ─┐             x ─┬─ 1×1, C ── norm ── relu ─┐
       │  3×3, C ── norm ─────────⊕── relu         │  3×3, C ── norm ── relu  │
       └─ shortcut ───────────────┘                │  1×1, 4C ─ norm ─────────⊕── relu
                                                   └─ shortcut ───────────────┘

    y = relu(F(x) + x)            where stride or width change, the shortcut does, too:
                                  A: every stride-th place, zeros for the new channels (no weights)
                                  B: a 1×1 convolution with norm (a projection)

The stride of a bottleneck sits in its 3×3 convolution, as in every later code ("v1.5"), not in its first 1×1 as in the paper: fewer
places are thrown away unseen, at the same number of weights. He, Zhang, Ren and Sun, Deep residual learning (2015).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from whynet.errors import ShapeError
from whynet.registry import Range, register
from whynet.text import Text

Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]
Shortcut = Literal["A", "B"]
EXPANSION = 4  # a bottleneck's output over its waist


class PadShortcut(nn.Module):
    """Option A: every ``stride``-th place, zeros on both sides of the channels; (B, C, H, W) → (B, C + 2 · half, H', W')."""

    def __init__(self, channels: int, wider: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.before = (wider - channels) // 2
        self.after = wider - channels - self.before

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, self.before, self.after))

    def extra_repr(self) -> str:
        return f"stride={self.stride}, channels={self.before}+{self.after}"


def _shortcut(kind: Shortcut, channels: int, wider: int, stride: int) -> nn.Module:
    """What x is added as: itself where nothing changes. Raises `ShapeError` where zeros would have to take channels away."""
    if channels == wider and stride == 1:
        return nn.Identity()
    if kind == "B":
        conv = nn.Conv2d(channels, wider, 1, stride, bias=False)
        return nn.Sequential(OrderedDict(conv=conv, norm=nn.BatchNorm2d(wider)))
    if wider < channels:
        raise ShapeError(_NARROWER, channels=channels, wider=wider)
    return PadShortcut(channels, wider, stride)


class BasicBlock(nn.Module):
    """relu(F(x) + shortcut(x)), F two 3×3 convolutions; (B, C, H, W) → (B, channels, H / stride, W / stride)."""

    def __init__(self, inputs: int, channels: int, stride: int = 1, shortcut: Shortcut = "B") -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)  # a norm has a bias of its own
        self.norm1 = nn.BatchNorm2d(channels)
        self.act1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut = _shortcut(shortcut, inputs, channels, stride)
        self.act2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        h = self.act1(self.norm1(self.conv1(x)))
        h = self.norm2(self.conv2(h))
        return self.act2(h + self.shortcut(x))


class Bottleneck(nn.Module):
    """relu(F(x) + shortcut(x)), F narrows, looks, widens; (B, C, H, W) → (B, 4 · channels, H / stride, W / stride)."""

    def __init__(self, inputs: int, channels: int, stride: int = 1, shortcut: Shortcut = "B") -> None:
        super().__init__()
        wide = EXPANSION * channels
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.act1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.act2 = nn.ReLU()
        self.conv3 = nn.Conv2d(channels, wide, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(wide)
        self.shortcut = _shortcut(shortcut, inputs, wide, stride)
        self.act3 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        h = self.act1(self.norm1(self.conv1(x)))  # (B, C, H, W)
        h = self.act2(self.norm2(self.conv2(h)))  # (B, C, H', W')
        h = self.norm3(self.conv3(h))  # (B, 4 C, H', W')
        return self.act3(h + self.shortcut(x))


@register(
    "layer",
    takes=("CHW",),
    example="basic_block(6, stride=2)",
    year=2015,
    source="He, Zhang, Ren and Sun, Deep residual learning for image recognition",
    en="ResNet's plain block: two 3×3 convolutions learn what to add to x.",
    ko="ResNet의 기본 블록: 3×3 합성곱(convolution) 둘이 x에 더할 것을 배운다.",
)
def basic_block(inputs: Shape, channels: Count, stride: Count = 1, shortcut: Shortcut = "B") -> nn.Module:
    """relu(F(x) + shortcut(x)); (B, C, H, W) → (B, channels, H', W'). Shortcut A pads with zeros, B projects."""
    return BasicBlock(inputs[0], channels, stride, shortcut)


@register(
    "layer",
    takes=("CHW",),
    example="bottleneck(2)",
    year=2015,
    source="He, Zhang, Ren and Sun, Deep residual learning for image recognition",
    en="ResNet's deep block: narrow to few channels, look with 3×3, widen to four times as many, add to x.",
    ko="ResNet의 깊은 블록: 채널을 줄이고 3×3으로 본 다음 네 배로 넓혀 x에 더한다.",
)
def bottleneck(inputs: Shape, channels: Count, stride: Count = 1, shortcut: Shortcut = "B") -> nn.Module:
    """relu(F(x) + shortcut(x)); (B, C, H, W) → (B, 4 · channels, H', W'). Shortcut A pads with zeros, B projects."""
    return Bottleneck(inputs[0], channels, stride, shortcut)


_NARROWER = Text(
    "Shortcut A fills new channels with zeros and can take none away. Received: {channels} channels before the block, {wider} after. "
    'Use shortcut="B", or more channels.',
    "지름길(shortcut) A는 새 채널을 0으로 채울 뿐 채널을 줄이지 못한다. 받은 것: 블록 앞 채널 {channels}개, 뒤 {wider}개. "
    'shortcut="B"를 쓰거나 채널을 늘린다.',
)
