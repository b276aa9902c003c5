"""DenseNet: nothing found is ever thrown away; each layer sees the work of all before it.

    depth 121 … 201, for photos:                                   depth 6n + 4, for small pictures:

    stem     7×7, 2k, /2 ── norm ── relu ── max pool 3, /2          3×3, 2k
    stage1   6 layers ── transition, /2       56×56 → 28×28         n layers ── transition, /2
    stage2   12 layers ── transition, /2      28×28 → 14×14         n layers ── transition, /2
    stage3   24 layers ── transition, /2      14×14 → 7×7           n layers
    stage4   16 layers                        7×7                   -
             norm ── relu ── mean over all places ── head           the same

    x_l = [x_{l-1}, H_l(x_{l-1})]        each layer adds k channels, its ``growth``; a transition halves their number

A ResNet adds what a layer found to what was there, and the two can no longer be told apart; here they stay side by side, and a layer
needs few filters of its own. With bottlenecks and compression this is DenseNet-BC (see ``whynet.layers.dense_block``).

``stem="3x3"`` gives a network for photos the stem for small pictures.
Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks (2017).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.errors import OptionError
from whynet.layers.augment import augmentation
from whynet.layers.dense_block import DenseBlock, Transition
from whynet.layers.pooling import GlobalAvgPool
from whynet.models._pictures import SMALLER_STEM, check_picture
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

PHOTOS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32), 161: (6, 12, 36, 24)}  # layers a stage
WIDE = 161  # the one with 48 channels a layer


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    example="densenet(depth=10, growth=4)",
    name="densenet",
    year=2017,
    source="Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks",
    en="Each layer sees the channels of all layers before it: features are reused instead of relearned.",
    ko="층마다 앞선 모든 층의 채널을 본다. 특징을 다시 배우지 않고 다시 쓴다.",
    published=(
        Published("densenet(depth=121)", (3, 224, 224), 1000, 7_978_856, "torchvision; Huang et al. 2017, table 1"),
        Published("densenet(depth=169)", (3, 224, 224), 1000, 14_149_480, "torchvision; Huang et al. 2017, table 1"),
        Published("densenet(depth=201)", (3, 224, 224), 1000, 20_013_928, "torchvision; Huang et al. 2017, table 1"),
        Published("densenet(depth=161)", (3, 224, 224), 1000, 28_681_000, "torchvision"),
        Published("densenet(depth=100, growth=12)", (3, 32, 32), 10, 769_162, "0.8M in Huang et al. 2017, table 2"),
    ),
    recipes=(
        Training(
            "digits", "densenet(depth=16, growth=8)", "adam(lr=0.003)",
            settings={"epochs": 10, "schedule": "cosine"}, reaches=0.99,
        ),
    ),
)  # fmt: skip
class DenseNet(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs).

    ``depth``: 121, 161, 169 or 201, else 6n + 4. ``growth``: 32 for photos (48 at depth 161), 12 for small pictures unless given;
    ``width``: channels of the stem, twice the growth unless given. ``augment``: layers that change the pictures in training.
    Raises `ShapeError` for what is no picture or too small, `OptionError` for a depth that no DenseNet has.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        depth: Annotated[int, Range(least=10)] = 121,
        growth: Annotated[int, Range(least=1)] | None = None,
        width: Annotated[int, Range(least=1)] | None = None,
        stem: Literal["7x7", "3x3"] | None = None,
        compression: Annotated[float, Range(above=0, most=1)] = 0.5,
        dropout: Annotated[float, Range(least=0, below=1)] = 0.0,
        augment: Sequence[Spec | str] = (),
    ) -> None:
        super().__init__()
        layers = _layers(depth)
        photos = depth in PHOTOS
        large = stem == "7x7" or (stem is None and photos)
        smallest = 2 ** (len(layers) - 1)  # each transition rounds down
        check_picture("densenet", inputs, 4 * smallest - 3 if large else smallest, SMALLER_STEM)  # the stem rounds up
        growth = growth or (48 if depth == WIDE else 32 if photos else 12)

        self.augment = augmentation(augment, inputs)
        channels = width or 2 * growth
        self.stem = _stem(inputs[0], channels, large, photos)
        for number, count in enumerate(layers, 1):
            stage: OrderedDict[str, nn.Module] = OrderedDict(block=DenseBlock(channels, count, growth, dropout=dropout))
            channels += count * growth
            if number < len(layers):
                fold = Transition(channels, compression)
                stage["transition"], channels = fold, fold.channels
            self.add_module(f"stage{number}", nn.Sequential(stage))
        self.norm = nn.BatchNorm2d(channels)
        self.act = nn.ReLU()
        self.pool = GlobalAvgPool()
        self.head = nn.Linear(channels, outputs)
        self._draw()

    def _draw(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.augment is not None:
            x = self.augment(x)
        x = self.stem(x)  # (B, 2 k, H / 4, W / 4), or (B, 2 k, H, W)
        for name, stage in self.named_children():
            if name.startswith("stage"):
                x = stage(x)  # (B, (C + n k) / 2, H / 2, W / 2), but the last keeps what it has
        x = self.pool(self.act(self.norm(x)))  # (B, C)
        return self.head(x)  # (B, outputs)


def _layers(depth: int) -> tuple[int, ...]:
    """How many layers each stage has. Raises `OptionError`."""
    if depth in PHOTOS:
        return PHOTOS[depth]
    if (depth - 4) % 6:
        raise OptionError(_NO_DEPTH, depth=depth, depths=", ".join(map(str, sorted(PHOTOS))))
    return ((depth - 4) // 6,) * 3


def _stem(inputs: int, width: int, large: bool, norm: bool) -> nn.Sequential:
    """Networks for small pictures have no norm here, since the first layer begins with one."""
    kernel, stride = (7, 2) if large else (3, 1)
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv=nn.Conv2d(inputs, width, kernel, stride, kernel // 2, bias=False))
    if norm:
        parts |= {"norm": nn.BatchNorm2d(width), "act": nn.ReLU()}
    if large:
        parts["pool"] = nn.MaxPool2d(3, 2, 1)
    return nn.Sequential(parts)


_NO_DEPTH = Text(
    "densenet: there is no depth {depth}. Expected one of {depths} (for photos), or 6n + 4 (for small pictures): 10, 16, 22, 40, 100.",
    "densenet: 깊이 {depth:은} 없다. 사진에는 {depths} 중 하나, 작은 그림에는 6n + 4(10, 16, 22, 40, 100)를 쓴다.",
)
