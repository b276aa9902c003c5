"""Network in network: every filter becomes a small perceptron, and no dense layer is left.

    stage1   mlpconv 5×5: 192, 160, 96  ── max pool 3, /2 ── dropout        32×32 → 16×16
    stage2   mlpconv 5×5: 192, 192, 192 ── average pool 3, /2 ── dropout    16×16 → 8×8
    stage3   mlpconv 3×3: 192, 192                                          8×8
    head     1×1: K maps ── mean over all places                            K logits

A filter is a linear yes or no; a perceptron at each place can say "this or that". And each class gets a map of its own, whose mean is
its logit: nothing is left to overfit, and one can look at where a class was seen. 1×1 convolutions and the global average pool
outlived the network: Inception, ResNet and all that follow have them.

The sizes are those for CIFAR-10, 966,986 weights; the paper gives none, they are from the authors' own configuration. There the head
has a relu as well; without it logits may be negative. ``width``: filters of stage 1; all others in proportion.
Lin, Chen and Yan, Network in network (2013).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated

from torch import Tensor, nn

from whynet.layers.augment import augmentation
from whynet.layers.mlpconv import MlpConv
from whynet.layers.pooling import GlobalAvgPool
from whynet.models._pictures import LARGER, check_picture
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.spec import Spec

WIDTH = 192
STAGES = ((192, 160, 96), (192, 192, 192), (192, 192))
SMALLEST = 3  # 3 → pool 2 → pool 1


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    example="nin(width=8, dropout=0)",
    name="nin",
    year=2013,
    source="Lin, Chen and Yan, Network in network",
    en="A small perceptron in place of each filter, and one map a class whose mean is its logit: no dense layer is left.",
    ko="필터마다 작은 퍼셉트론을 두고, 클래스마다 맵 하나의 평균을 로짓(logit)으로 쓴다: 완전연결 층이 없다.",
    published=(Published("nin", (3, 32, 32), 10, 966_986, "the authors' configuration for CIFAR-10 (Caffe model zoo)"),),
    recipes=(
        Training(
            "digits", "nin(width=32, dropout=0.1)", "adam(lr=0.002)",
            settings={"epochs": 20, "batch_size": 32, "schedule": "cosine", "init": "he"}, reaches=0.97,
        ),
    ),
)  # fmt: skip
class NiN(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs).

    ``augment``: layers that change the pictures in training. Raises `ShapeError` for what is no picture or too small.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        width: Annotated[int, Range(least=1)] = WIDTH,
        dropout: Annotated[float, Range(least=0, below=1)] = 0.5,
        augment: Sequence[Spec | str] = (),
    ) -> None:
        super().__init__()
        check_picture("nin", inputs, SMALLEST, LARGER)
        first, second, third = ([max(1, round(filters * width / WIDTH)) for filters in stage] for stage in STAGES)

        self.augment = augmentation(augment, inputs)
        self.stage1 = _stage(MlpConv(inputs[0], first, 5, 2), nn.MaxPool2d(3, 2, 1), dropout)
        self.stage2 = _stage(MlpConv(first[-1], second, 5, 2), nn.AvgPool2d(3, 2, 1), dropout)
        self.stage3 = MlpConv(second[-1], third, 3, 1)
        self.head = nn.Conv2d(third[-1], outputs, 1)
        self.pool = GlobalAvgPool()

    def forward(self, x: Tensor) -> Tensor:
        if self.augment is not None:
            x = self.augment(x)
        x = self.stage1(x)  # (B, 3, 32, 32) → (B, 96, 16, 16)
        x = self.stage2(x)  # (B, 192, 8, 8)
        x = self.head(self.stage3(x))  # (B, K, 8, 8): one map a class
        return self.pool(x)  # (B, K)


def _stage(mlp: MlpConv, pool: nn.Module, dropout: float) -> nn.Sequential:
    return nn.Sequential(OrderedDict(mlp=mlp, pool=pool, drop=nn.Dropout(dropout)))
