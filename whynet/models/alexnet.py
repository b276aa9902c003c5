"""AlexNet: the network that won ImageNet by ten points, and ended the years of hand-made features.

                    conv1         conv2        conv3      conv4      conv5        dense1 dense2 head
                    11×11, /4     5×5          3×3        3×3        3×3
    (3, 224, 224) ─ 64 ── pool ── 192 ── pool ─ 384 ────── 256 ────── 256 ── pool ─ 4096 ── 4096 ── 1000
                    55×55   27×27         13×13                               6×6

What was new was the sum: relu, which does not saturate (six times faster to 25 % error than tanh), dropout in the wide dense layers,
pictures shifted and mirrored, two GPUs, and a million labelled pictures. 94 % of the weights sit in the three dense layers.

Two variants. ``torchvision`` (the default) is the single tower of Krizhevsky, One weird trick (2014), without normalisation:
61,100,840 weights. ``paper`` is that of 2012: 96, 256, 384, 384 and 256 filters, those of conv2, conv4 and conv5 in two groups, one for
each GPU of then, which see only their own half, and local response normalisation before the first two pools: 60,965,224 weights.

``stem="3x3"`` is for small pictures: conv1 becomes 3×3 at stride 1, the pools are padded, so that 5×5 pixels are enough, and dense1 takes
what is left, at most 6×6. ``width``: filters of conv1; all others, and the dense units, in proportion.
Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks (2012).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from math import prod
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.layers.augment import augmentation
from whynet.layers.local_response_norm import LocalResponseNorm
from whynet.layers.stack import shape_after
from whynet.models._pictures import SMALLER_STEM, check_picture
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.spec import Spec

FILTERS = {"torchvision": (64, 192, 384, 256, 256), "paper": (96, 256, 384, 384, 256)}
DENSE = 4096
LEFT = 6  # side of what the dense layers take
SMALLEST, SMALLEST_SMALL = 63, 5  # the shorter side from which the third pool finds a window, with padding more than one place


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    example='alexnet(stem="3x3", width=4, dropout=0)',
    name="alexnet",
    year=2012,
    source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks",
    en="Five convolutions and three dense layers with relu and dropout: depth and data beat hand-made features.",
    ko="relu와 드롭아웃(dropout)을 쓴 합성곱(convolution) 다섯 층과 완전연결 세 층: 깊이와 데이터가 손으로 만든 특징을 이겼다.",
    published=(
        Published("alexnet", (3, 224, 224), 1000, 61_100_840, "torchvision; Krizhevsky 2014, one tower"),
        Published('alexnet(variant="paper")', (3, 224, 224), 1000, 60_965_224, "60 million in Krizhevsky et al. 2012; Caffe"),
    ),
    recipes=(
        Training(
            "digits", 'alexnet(stem="3x3", width=16)', "adam(lr=0.001)",
            settings={"epochs": 15, "schedule": "cosine", "init": "he"}, reaches=0.97,
        ),
    ),
)  # fmt: skip
class AlexNet(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs).

    ``augment``: layers that change the pictures in training. Raises `ShapeError` for what is no picture or too small.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        variant: Literal["torchvision", "paper"] = "torchvision",
        width: Annotated[int, Range(least=1)] | None = None,
        stem: Literal["11x11", "3x3"] = "11x11",
        dropout: Annotated[float, Range(least=0, below=1)] = 0.5,
        augment: Sequence[Spec | str] = (),
    ) -> None:
        super().__init__()
        small, paper = stem == "3x3", variant == "paper"
        check_picture("alexnet", inputs, SMALLEST_SMALL if small else SMALLEST, SMALLER_STEM)
        groups = 2 if paper else 1
        share = (width or FILTERS[variant][0]) / FILTERS[variant][0]
        c1, c2, c3, c4, c5 = (groups * max(1, round(share * filters / groups)) for filters in FILTERS[variant])
        dense = max(1, round(share * DENSE))
        pad = 1 if small else 0

        self.augment = augmentation(augment, inputs)
        first = nn.Conv2d(inputs[0], c1, 3, 1, 1) if small else nn.Conv2d(inputs[0], c1, 11, 4, 2)
        self.stage1 = _stage(first, norm=paper, pool=pad)
        self.stage2 = _stage(nn.Conv2d(c1, c2, 5, padding=2, groups=groups), norm=paper, pool=pad)
        self.stage3 = _stage(nn.Conv2d(c2, c3, 3, padding=1))
        self.stage4 = _stage(nn.Conv2d(c3, c4, 3, padding=1, groups=groups))
        self.stage5 = _stage(nn.Conv2d(c4, c5, 3, padding=1, groups=groups), pool=pad)
        stages = nn.Sequential(self.stage1, self.stage2, self.stage3, self.stage4, self.stage5)
        left = shape_after(stages, inputs)  # (256, 6, 6)
        sides = (min(LEFT, left[1]), min(LEFT, left[2])) if small else (LEFT, LEFT)
        self.pool = nn.AdaptiveAvgPool2d(sides)
        self.flatten = nn.Flatten()
        self.drop1 = nn.Dropout(dropout)
        self.dense1 = nn.Linear(c5 * prod(sides), dense)
        self.act1 = nn.ReLU()
        self.drop2 = nn.Dropout(dropout)
        self.dense2 = nn.Linear(dense, dense)
        self.act2 = nn.ReLU()
        self.head = nn.Linear(dense, outputs)

    def forward(self, x: Tensor) -> Tensor:
        if self.augment is not None:
            x = self.augment(x)
        x = self.stage1(x)  # (B, 3, 224, 224) → (B, 64, 27, 27)
        x = self.stage2(x)  # (B, 192, 13, 13)
        x = self.stage5(self.stage4(self.stage3(x)))  # (B, 256, 6, 6)
        x = self.flatten(self.pool(x))  # (B, 9216)
        x = self.act1(self.dense1(self.drop1(x)))  # (B, 4096)
        x = self.act2(self.dense2(self.drop2(x)))  # (B, 4096)
        return self.head(x)  # (B, outputs)


def _stage(conv: nn.Conv2d, norm: bool = False, pool: int | None = None) -> nn.Sequential:
    """Convolution, relu, perhaps local response norm, perhaps an overlapping pool with so much padding."""
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv=conv, act=nn.ReLU())
    if norm:
        parts["norm"] = LocalResponseNorm()
    if pool is not None:
        parts["pool"] = nn.MaxPool2d(3, 2, pool)
    return nn.Sequential(parts)
