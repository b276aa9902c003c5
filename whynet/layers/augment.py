"""Pictures moved and mirrored at random in training: more examples of what should not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whynet.errors import ShapeError
from whynet.layers.stack import sequence, stack
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

Shape = tuple[int, ...]


class RandomShift(nn.Module):
    """Each picture moved by up to ``most`` pixels along both axes, zeros coming in; the identity in evaluation. (B, C, H, W)."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.most == 0:
            return x
        batch, channels, height, width = x.shape
        drawn = torch.rand(batch, 2, device=x.device)
        first = (drawn * (2 * self.most + 1)).floor().long()  # (B, 2) where the window begins: 0 … 2 · most
        rows = first[:, :1] + torch.arange(height, device=x.device)  # (B, H)
        columns = first[:, 1:] + torch.arange(width, device=x.device)  # (B, W)
        wide = F.pad(x, [self.most] * 4)  # (B, C, H + 2 most, W + 2 most)
        wide = wide.gather(2, rows[:, None, :, None].expand(batch, channels, height, wide.shape[3]))
        return wide.gather(3, columns[:, None, None, :].expand(batch, channels, height, width))

    def extra_repr(self) -> str:
        return f"most={self.most}"


class RandomFlip(nn.Module):
    """Each picture mirrored left to right with probability ``p``; the identity in evaluation. (B, C, H, W)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        drawn = torch.rand(len(x), 1, 1, 1, device=x.device)
        return torch.where(drawn < self.p, x.flip(-1), x)

    def extra_repr(self) -> str:
        return f"p={self.p:g}"


@register(
    "layer",
    takes=("CHW",),
    example="random_shift(1)",
    year=1998,
    source="LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition",
    en="Moves each picture a few pixels at random in training: where it lies must not change the answer.",
    ko="학습할 때 그림을 몇 픽셀씩 무작위로 옮긴다. 어디에 놓이든 답은 같아야 한다.",
)
def random_shift(inputs: Shape, most: Annotated[int, Range(least=0)] = 1) -> nn.Module:
    """Whole pixels from -most to most along each axis, all equally likely, drawn anew each time; zeros come in at the edge."""
    return RandomShift(most)


@register(
    "layer",
    takes=("CHW",),
    example="random_flip(0.5)",
    year=2012,
    source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks",
    en="Mirrors each picture left to right at random in training: right for cats, wrong for writing.",
    ko="학습할 때 그림의 좌우를 무작위로 뒤집는다. 고양이에는 맞고 글자에는 맞지 않는다.",
)
def random_flip(inputs: Shape, p: Annotated[float, Range(least=0, most=1)] = 0.5) -> nn.Module:
    """The last axis reversed with probability p, drawn anew for each picture each time."""
    return RandomFlip(p)


def augmentation(specs: Sequence[Spec | str], inputs: Shape) -> nn.Module | None:
    """Layers that move or mirror pictures before a network sees them, None where there are none.

    Raises `ShapeError` where a picture comes out in another shape than it went in.
    """
    modules, after = stack(specs, inputs)
    if after != inputs:
        raise ShapeError(_RESHAPED, before=inputs, after=after)
    return sequence(modules) if modules else None


_RESHAPED = Text(
    "augment= expects layers that keep the shape of a picture, such as [random_shift(2), random_flip]. "
    "Received: {before} in, {after} out.",
    "augment=에는 [random_shift(2), random_flip]처럼 그림의 모양을 지키는 층만 쓴다. 받은 것: 들어간 모양 {before}, 나온 모양 {after}.",
)
