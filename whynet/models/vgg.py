"""VGG: nothing but 3×3 filters, and many of them on top of each other.

    depth                11       13       16       19        side of what comes out, from 224
    stage1     64        1        2        2        2         112        a stage: 3×3 ── (norm) ── relu, so many times, then max pool 2
    stage2     128       1        2        2        2         56
    stage3     256       2        2        3        4         28
    stage4     512       2        2        3        4         14
    stage5     512       2        2        3        4         7
    dense1 4096 ── dense2 4096 ── head                        the depth counts these three, too

The question was what depth alone is worth, so all else is kept simple; 11 to 19 layers took the error down from 10.4 to 9.0 %. Of
VGG-16's 138 million weights 103 million sit in dense1. ``norm="batch"``, which came a year later, lets it train from scratch.

``pools``: only the first so many stages end in a pool, for pictures smaller than 32×32: 3 for 8×8, 4 for 28×28; dense1 then takes what
is left, at most 7×7. ``width``: filters of stage 1; all others, and the dense units, in proportion.
Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.layers.augment import augmentation
from whynet.layers.vgg_block import VGGBlock
from whynet.models._pictures import check_picture
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
TIMES = (1, 2, 4, 8, 8)  # filters of each stage over those of the first
DENSE = 64  # dense units over filters of the first stage: 4096 / 64
LEFT = 7  # side of what the dense layers take


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    example='vgg(depth=11, width=2, pools=2, norm="batch", dropout=0)',
    name="vgg",
    year=2014,
    source="Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition",
    en="Only 3×3 filters, stacked deep: the large view of one big filter, with fewer weights and more bends.",
    ko="3×3 필터만 깊이 쌓는다: 큰 필터 하나의 넓은 시야를 더 적은 가중치와 더 많은 비선형으로 얻는다.",
    published=tuple(
        Published(f"vgg(depth={depth}{norm})", (3, 224, 224), 1000, count, "torchvision; Simonyan and Zisserman 2014, table 2")
        for depth, norm, count in (
            (11, "", 132_863_336), (13, "", 133_047_848), (16, "", 138_357_544), (19, "", 143_667_240),
            (11, ', norm="batch"', 132_868_840), (16, ', norm="batch"', 138_365_992),
        )
    ),
    recipes=(
        Training(
            "digits", 'vgg(depth=11, width=8, pools=3, norm="batch")', "adam(lr=0.002)",
            settings={"epochs": 15, "schedule": "cosine", "clip": "norm(1.0)"}, reaches=0.98,
        ),
    ),
)  # fmt: skip
class VGG(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs).

    ``augment``: layers that change the pictures in training. Raises `ShapeError` for what is no picture or too small.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        depth: Literal[11, 13, 16, 19] = 16,
        width: Annotated[int, Range(least=1)] = 64,
        norm: Literal["batch"] | None = None,
        pools: Annotated[int, Range(least=0, most=5)] = 5,
        dropout: Annotated[float, Range(least=0, below=1)] = 0.5,
        augment: Sequence[Spec | str] = (),
    ) -> None:
        super().__init__()
        check_picture("vgg", inputs, 2**pools, _FEWER_POOLS)

        self.augment = augmentation(augment, inputs)
        channels, sides = inputs[0], inputs[1:]
        for number, (count, times) in enumerate(zip(CONVOLUTIONS[depth], TIMES, strict=True)):
            pool = number < pools
            self.add_module(f"stage{number + 1}", VGGBlock(channels, count, times * width, norm, pool))
            channels, sides = times * width, tuple(side // 2 for side in sides) if pool else sides
        left = (LEFT, LEFT) if pools == len(TIMES) else tuple(min(LEFT, side) for side in sides)
        self.pool = nn.AdaptiveAvgPool2d(left)
        self.flatten = nn.Flatten()
        self.dense1 = nn.Linear(channels * prod(left), DENSE * width)
        self.act1 = nn.ReLU()
        self.drop1 = nn.Dropout(dropout)
        self.dense2 = nn.Linear(DENSE * width, DENSE * width)
        self.act2 = nn.ReLU()
        self.drop2 = nn.Dropout(dropout)
        self.head = nn.Linear(DENSE * width, outputs)
        self._draw()

    def _draw(self) -> None:
        """After He: with the paper's own draws the deeper ones did not begin to learn, and were started from shallower ones."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        if self.augment is not None:
            x = self.augment(x)
        for name, stage in self.named_children():
            if name.startswith("stage"):
                x = stage(x)  # (B, C, H / 2, W / 2): (B, 512, 7, 7) after the last
        x = self.flatten(self.pool(x))  # (B, 25088)
        x = self.drop1(self.act1(self.dense1(x)))  # (B, 4096)
        x = self.drop2(self.act2(self.dense2(x)))  # (B, 4096)
        return self.head(x)  # (B, outputs)


_FEWER_POOLS = Text(
    "Use larger pictures, fewer pools (pools=3 for 8×8, pools=4 for 28×28), or mlp, which takes any shape.",
    "더 큰 그림을 쓰거나, 풀링을 줄이거나(8×8에는 pools=3, 28×28에는 pools=4), 모양을 가리지 않는 mlp를 쓴다.",
)
