"""ResNet: let each block learn a correction to its input, and a hundred layers train as easily as ten.

    depth 18 … 152, for photos (224×224):                          depth 6n + 2, for small pictures (32×32):

    stem     7×7, 64, /2 ── norm ── relu ── max pool 3, /2          3×3, 16 ── norm ── relu
    stage1   blocks of 64                     56×56                 n blocks of 16            32×32
    stage2   blocks of 128, the first /2      28×28                 n blocks of 32, /2        16×16
    stage3   blocks of 256, /2                14×14                 n blocks of 64, /2        8×8
    stage4   blocks of 512, /2                7×7                   -
             mean over all places ── head                           mean over all places ── head

    a block:   y = relu(F(x) + x)        ∂y/∂x = 1 + ∂F/∂x: the gradient has a way around every block

Plain networks grow *worse* with depth, on their own training examples, so it is no overfitting: twenty more layers cannot even learn
to do nothing. Here doing nothing is F = 0. Depth 18, 34 and 6n + 2 are made of basic blocks, 50, 101 and 152 of bottlenecks (see
``whynet.layers.residual_blocks``). Where width or stride change, the shortcut is B, a projection, for photos, and A, zeros for the new
channels, for small pictures: those of the paper. Convolutions are drawn after He (fan out), as in torchvision.

``stem="3x3"`` gives a network for photos the stem for small pictures. ``width``: the channels of stage 1; all others in proportion.
He, Zhang, Ren and Sun, Deep residual learning for image recognition (2015).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.errors import OptionError
from whynet.layers.augment import augmentation
from whynet.layers.pooling import GlobalAvgPool
from whynet.layers.residual_blocks import EXPANSION, BasicBlock, Bottleneck, Shortcut
from whynet.models._pictures import SMALLER_STEM, check_picture
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

PHOTOS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}  # blocks a stage
DEEP = 50  # from here on bottlenecks: with basic blocks it would cost three times as much


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    example="resnet(depth=8, width=4)",
    name="resnet",
    year=2015,
    source="He, Zhang, Ren and Sun, Deep residual learning for image recognition",
    en="Each block adds a learned correction to its input, so the gradient passes undiminished through a hundred layers.",
    ko="블록마다 입력에 더할 보정만 배운다. 그래서 기울기가 백 개 층을 지나도 줄지 않는다.",
    published=(
        *(
            Published(f"resnet(depth={depth})", (3, 224, 224), 1000, count, "torchvision; He et al. 2015, table 1")
            for depth, count in (
                (18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808)
            )
        ),
        *(
            Published(f"resnet(depth={depth})", (3, 32, 32), 10, count, f"shortcut A; {said} in He et al. 2015, table 6")
            for depth, count, said in ((20, 269_722, "0.27M"), (56, 853_018, "0.85M"), (110, 1_727_962, "1.7M"))
        ),
    ),
    recipes=(
        Training(
            "digits", "resnet(depth=8, width=8)", "adam(lr=0.003)",
            settings={"epochs": 10, "schedule": "cosine"}, reaches=0.98,
        ),
        Training(
            "fashion_mnist", "resnet(depth=14, augment=[random_shift(2), random_flip])", "sgd(lr=0.1, momentum=0.9, weight_decay=0.0005)",
            settings={"epochs": 8, "batch_size": 128, "schedule": "warmup(fraction=0.2, then=cosine)"},
        ),
        Training(
            "cifar10_jpeg", "resnet(depth=20, augment=[random_shift(4), random_flip])", "sgd(lr=0.1, momentum=0.9, weight_decay=0.0005)",
            settings={"epochs": 8, "batch_size": 128, "schedule": "warmup(fraction=0.2, then=cosine)"},
        ),
    ),
)  # fmt: skip
class ResNet(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs).

    ``depth``: 18, 34, 50, 101 or 152, else 6n + 2. ``zero_gamma`` starts every block as the identity (Goyal et al. 2017).
    ``augment``: layers that change the pictures in training. Raises `ShapeError` for what is no picture or too small,
    `OptionError` for a depth that no ResNet has.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        depth: Annotated[int, Range(least=8)] = 50,
        width: Annotated[int, Range(least=1)] | None = None,
        stem: Literal["7x7", "3x3"] | None = None,
        shortcut: Shortcut | None = None,
        zero_gamma: bool = False,
        augment: Sequence[Spec | str] = (),
    ) -> None:
        super().__init__()
        blocks = _blocks(depth)
        photos = depth in PHOTOS
        large = stem == "7x7" or (stem is None and photos)
        halvings = len(blocks) - 1 + 2 * large
        check_picture("resnet", inputs, 2 ** (halvings - 1) + 1, SMALLER_STEM)  # every stride still finds two places
        width = width or (64 if photos else 16)

        self.augment = augmentation(augment, inputs)
        self.stem = _stem(inputs[0], width, large)
        channels = width
        block, expansion = (Bottleneck, EXPANSION) if photos and depth >= DEEP else (BasicBlock, 1)
        for number, count in enumerate(blocks):
            stage, wide = nn.Sequential(), width * 2**number
            for place in range(count):
                stride = 2 if number and not place else 1
                stage.append(block(channels, wide, stride, shortcut or ("B" if photos else "A")))
                channels = wide * expansion
            self.add_module(f"stage{number + 1}", stage)
        self.pool = GlobalAvgPool()
        self.head = nn.Linear(channels, outputs)
        self._draw(zero_gamma)

    def _draw(self, zero_gamma: bool) -> None:
        """Weights of convolutions from N(0, 2 / fan out): relu halves the variance, this restores it on the way back."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif zero_gamma and isinstance(module, BasicBlock | Bottleneck):
                last = module.norm2 if isinstance(module, BasicBlock) else module.norm3
                nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        if self.augment is not None:
            x = self.augment(x)
        x = self.stem(x)  # (B, 64, H / 4, W / 4), or (B, 16, H, W)
        for name, stage in self.named_children():
            if name.startswith("stage"):
                x = stage(x)  # (B, 2 C, H / 2, W / 2), after the first
        x = self.pool(x)  # (B, C)
        return self.head(x)  # (B, outputs)


def _blocks(depth: int) -> tuple[int, ...]:
    """How many blocks each stage has. Raises `OptionError`."""
    if depth in PHOTOS:
        return PHOTOS[depth]
    if (depth - 2) % 6:
        raise OptionError(_NO_DEPTH, depth=depth, depths=", ".join(map(str, PHOTOS)))
    return ((depth - 2) // 6,) * 3


def _stem(inputs: int, width: int, large: bool) -> nn.Sequential:
    kernel, stride = (7, 2) if large else (3, 1)
    parts: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(inputs, width, kernel, stride, kernel // 2, bias=False), norm=nn.BatchNorm2d(width), act=nn.ReLU()
    )
    if large:
        parts["pool"] = nn.MaxPool2d(3, 2, 1)
    return nn.Sequential(parts)


_NO_DEPTH = Text(
    "resnet: there is no depth {depth}. Expected one of {depths} (for photos), or 6n + 2 (for small pictures): 8, 14, 20, 32, 44, 56, 110.",
    "resnet: 깊이 {depth:은} 없다. 사진에는 {depths} 중 하나, 작은 그림에는 6n + 2(8, 14, 20, 32, 44, 56, 110)를 쓴다.",
)
