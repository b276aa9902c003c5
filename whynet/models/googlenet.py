"""GoogLeNet (Inception v1): wide instead of only deep; four scales side by side in every block, and a twelfth of AlexNet's weights.

    stem     7×7, 64, /2 ── pool ── 1×1, 64 ── 3×3, 192 ── pool                         224×224 → 28×28

    block    3a   3b  │  4a   4b   4c   4d   4e  │  5a   5b
    one      64   128 │  192  160  128  112  256 │  256  384       1×1
    three    128  192 │  208  224  256  288  320 │  320  384       3×3 behind a 1×1
    five     32   96  │  48   64   64   64   128 │  128  128       5×5 behind a 1×1
    pool     32   64  │  64   64   64   64   128 │  128  128       1×1 behind a max pool
    together 256  480 │  512  512  512  528  832 │  832  1024
             stage1   /2      stage2             /2    stage3      28×28, 14×14, 7×7 ── mean over all places ── dropout ── head

The paper has two further heads on 4a and 4d, to bring the gradient down to the early layers; they are thrown away after training. They
are left out here: batch normalisation, in the default variant, does what they were for, and one answer is what a loss is given.

Two variants. ``torchvision`` (the default) has a norm after each convolution and, by an old mistake that its weights have made
permanent, 3×3 filters where the paper has 5×5: 6,624,904 weights. ``paper`` has biases, real 5×5 filters and local response
normalisation in the stem: 6,998,552 weights. Both without the further heads.

``stem="3x3"`` is for small pictures: a 3×3 convolution at stride 1 in place of the 7×7 and its pool. ``width``: filters of the first
convolution; all others in proportion. Szegedy et al., Going deeper with convolutions (2014).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.layers.augment import augmentation
from whynet.layers.inception import ConvUnit, Inception, Norm
from whynet.layers.local_response_norm import LocalResponseNorm
from whynet.layers.pooling import GlobalAvgPool
from whynet.models._pictures import SMALLER_STEM, check_picture
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.spec import Spec

WIDTH, STEM = 64, 192
STAGES = (  # each block: 1×1, (1×1, 3×3), (1×1, 5×5), behind the pool
    {"3a": (64, (96, 128), (16, 32), 32), "3b": (128, (128, 192), (32, 96), 64)},
    {
        "4a": (192, (96, 208), (16, 48), 64),
        "4b": (160, (112, 224), (24, 64), 64),
        "4c": (128, (128, 256), (24, 64), 64),
        "4d": (112, (144, 288), (32, 64), 64),
        "4e": (256, (160, 320), (32, 128), 128),
    },
    {"5a": (256, (160, 320), (32, 128), 128), "5b": (384, (192, 384), (48, 128), 128)},
)
SMALLEST, SMALLEST_SMALL = 31, 8  # the shorter side at which every stride still finds two places


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    example='googlenet(stem="3x3", width=4, dropout=0)',
    name="googlenet",
    year=2014,
    source="Szegedy et al., Going deeper with convolutions",
    en="Blocks that look at four scales at once: 22 layers deep with a twelfth of AlexNet's weights.",
    ko="네 가지 크기로 한꺼번에 보는 블록: 22층인데도 가중치는 AlexNet의 12분의 1이다.",
    published=(
        Published("googlenet", (3, 224, 224), 1000, 6_624_904, "torchvision without its auxiliary heads"),
        Published('googlenet(variant="paper")', (3, 224, 224), 1000, 6_998_552, "Szegedy et al. 2014; Caffe, without auxiliary heads"),
    ),
    recipes=(
        Training(
            "digits", 'googlenet(stem="3x3", width=8)', "adam(lr=0.005)",
            settings={"epochs": 10, "schedule": "warmup(fraction=0.1, then=cosine)"}, reaches=0.96,
        ),
    ),
)  # fmt: skip
class GoogLeNet(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs).

    ``augment``: layers that change the pictures in training. Raises `ShapeError` for what is no picture or too small.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        variant: Literal["torchvision", "paper"] = "torchvision",
        width: Annotated[int, Range(least=1)] = WIDTH,
        stem: Literal["7x7", "3x3"] = "7x7",
        dropout: Annotated[float, Range(least=0, below=1)] = 0.2,
        augment: Sequence[Spec | str] = (),
    ) -> None:
        super().__init__()
        small, paper = stem == "3x3", variant == "paper"
        check_picture("googlenet", inputs, SMALLEST_SMALL if small else SMALLEST, SMALLER_STEM)
        norm: Norm = None if paper else "batch"
        large = 5 if paper else 3

        def of(filters: int) -> int:
            return max(1, round(filters * width / WIDTH))

        self.augment = augmentation(augment, inputs)
        self.stem = _stem(inputs[0], width, of(STEM), norm, small)
        channels = of(STEM)
        for number, blocks in enumerate(STAGES, 1):
            stage: OrderedDict[str, nn.Module] = OrderedDict()
            for name, (one, three, five, pool) in blocks.items():
                narrow, wide = (of(three[0]), of(three[1])), (of(five[0]), of(five[1]))
                block = Inception(channels, of(one), narrow, wide, of(pool), norm, large)
                stage[f"block{name}"], channels = block, block.channels
            if number < len(STAGES):  # torchvision's second pool here is 2 wide
                stage["pool"] = _pool() if number == 1 or paper else nn.MaxPool2d(2, 2, ceil_mode=True)
            self.add_module(f"stage{number}", nn.Sequential(stage))
        self.pool = GlobalAvgPool()
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        if self.augment is not None:
            x = self.augment(x)
        x = self.stem(x)  # (B, 3, 224, 224) → (B, 192, 28, 28)
        for name, stage in self.named_children():
            if name.startswith("stage"):
                x = stage(x)  # (B, 480, 14, 14), (B, 832, 7, 7), (B, 1024, 7, 7)
        x = self.drop(self.pool(x))  # (B, 1024)
        return self.head(x)  # (B, outputs)


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _stem(inputs: int, width: int, wide: int, norm: Norm, small: bool) -> nn.Sequential:
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["conv1"] = ConvUnit(inputs, width, 3, norm=norm) if small else ConvUnit(inputs, width, 7, 2, norm)
    if not small:
        parts["pool1"] = _pool()
    if norm is None:
        parts["norm1"] = LocalResponseNorm()
    parts["conv2"] = ConvUnit(width, width, 1, norm=norm)
    parts["conv3"] = ConvUnit(width, wide, 3, norm=norm)
    if norm is None:
        parts["norm3"] = LocalResponseNorm()
    parts["pool3"] = _pool()
    return nn.Sequential(parts)
