"""FCN: a classifier that slides, fused with finer layers, so that every pixel is told what it belongs to.

    stage1 /2 ── stage2 /4 ── stage3 /8 ── stage4 /16 ── stage5 /32 ── dense1 7×7 ── dense2 1×1 ── head 1×1 ─┐ K maps, 1/32
                                 │             └── score4 1×1 ────────────────────────────────⊕ ─────── up 2 ┘
                                 └── score3 1×1 ───────────────────────────⊕ ── up 2 ─────────┘
    stride 32: up 32 from the head at once        stride 16: … ⊕ ── up 16       stride 8: … ⊕ ── up 8 ──► (K, H, W)

Deep layers know *what*, but only on a coarse grid; shallow ones know *where*. A 1×1 convolution scores a finer map, and the sum of both is
enlarged further. The scores of finer maps begin at zero, so that the network begins as the coarser one; enlargement begins bilinear and
is learned (``whynet.layers.upsampling``). The stages are VGG's and the dense layers are those of a classifier, convolutionalised
(``whynet.models.convolutionalise``): `start_from` takes the weights of a `vgg` over.

As published (VGG-16, K = 21) it has 134 million weights, "134M" in the paper's table 1; counted from its layers:

    stages  14 714 688      dense1  7·7·512·4096 + 4096 = 102 764 544      dense2  16 781 312      head  86 037      = 134 346 581
    stride 32:  up 21·21·64² = 1 806 336                                                                             = 136 152 917
    stride 16:  score4 10 773   up 21·21·4²  = 7 056   up 21·21·32² = 451 584                                        = 134 815 994
    stride 8:   score4, score3 16 170   2 × up 2: 14 112   up 21·21·16² = 112 896                                    = 134 489 759

What differs: the picture is padded to whole windows, where the paper pads it by 100 and crops; all enlargements are learned, where the
paper keeps the last one bilinear; ``norm`` (Ioffe and Szegedy 2015), which the paper does not have, lets small ones begin from scratch.
Long, Shelhamer and Darrell, Fully convolutional networks for semantic segmentation (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from whynet.errors import OptionError, ShapeError
from whynet.layers.upsampling import Upsample
from whynet.layers.vgg_block import VGGBlock
from whynet.models._pictures import LARGER, check_picture
from whynet.models.card import Published, Training
from whynet.models.convolutionalise import convolutionalise
from whynet.registry import Range, register
from whynet.text import Text

Count = Annotated[int, Range(least=1)]
VGG16 = (2, 2, 3, 3, 3)  # convolutions of each stage
MOST = 8  # filters of a stage over those of the first
DENSE = 64  # units of a dense layer over filters of the first stage: 4096 / 64


@register(
    "model",
    accepts={"segment"},
    takes=("CHW",),
    example="fcn(stride=2, convolutions=[1, 1], width=4, dense=8, window=3, dropout=0)",
    name="fcn",
    year=2015,
    source="Long, Shelhamer and Darrell, Fully convolutional networks for semantic segmentation",
    en="A classifier made of convolutions alone slides over the picture, and finer layers sharpen its answer for every pixel.",
    ko="합성곱(convolution)만으로 된 분류기가 그림 위를 미끄러지고, 더 촘촘한 층이 픽셀마다의 답을 다듬는다.",
    published=tuple(
        Published(f"fcn(stride={stride})", (3, 224, 224), 21, count, 'counted from the layers of the paper, which says "134M" (table 1)')
        for stride, count in ((32, 136_152_917), (16, 134_815_994), (8, 134_489_759))
    ),
    recipes=(
        Training(
            "shape_masks(n=1000, size=32, objects=2, flips=True)",
            'fcn(stride=2, convolutions=[1, 2, 2], width=16, dense=64, window=3, norm="batch", dropout=0)', "adam(lr=0.01)",
            settings={"epochs": 40, "batch_size": 16, "schedule": "cosine"}, reaches=0.77,
        ),
        Training(
            "coco_masks(flips=True)",
            'fcn(stride=4, convolutions=[1, 2, 2, 2], width=16, dense=64, window=3, norm="batch", dropout=0.5)', "adam(lr=0.003)",
            settings={"epochs": 100, "batch_size": 8, "schedule": "cosine"},
        ),
    ),
)  # fmt: skip
class FCN(nn.Module):
    """Logits of each pixel; (B, C, H, W) → (B, outputs, H, W), for pictures of any size.

    ``stride``: how coarse the finest map is that is scored, in pixels: 32, 16 or 8 of the paper; each halving fuses one more stage.
    ``convolutions``: how many each stage has; a stage halves the map. ``width``: filters of the first stage, doubled up to eight
    times that. ``dense``: units of the dense layers, 64 times the width. ``window``: the side of what ``dense1`` sees, odd.
    Raises `ShapeError` for what is no picture or too small, `OptionError` for a stride that no stage has.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        stride: Literal[2, 4, 8, 16, 32] = 8,
        convolutions: Sequence[Count] = VGG16,
        width: Count = 64,
        dense: Count | None = None,
        window: Literal[1, 3, 5, 7] = 7,
        norm: Literal["batch"] | None = None,
        dropout: Annotated[float, Range(least=0, below=1)] = 0.5,
    ) -> None:
        super().__init__()
        self.coarse = 2 ** len(convolutions)  # pixels to a cell of the coarsest map
        check_picture("fcn", inputs, 2, LARGER)
        if stride > self.coarse:
            raise OptionError(_NO_STRIDE, stride=stride, n=len(convolutions), coarse=self.coarse)

        channels, widths = inputs[0], []
        for number, count in enumerate(convolutions):
            wide = width * min(2**number, MOST)
            self.add_module(f"stage{number + 1}", VGGBlock(channels, count, wide, norm))
            widths.append(channels := wide)
        dense = dense or DENSE * width
        self.dense1 = nn.Conv2d(channels, dense, window, padding=window // 2)
        self.act1 = nn.ReLU()
        self.drop1 = nn.Dropout(dropout)
        self.dense2 = nn.Conv2d(dense, dense, 1)
        self.act2 = nn.ReLU()
        self.drop2 = nn.Dropout(dropout)
        self.head = nn.Conv2d(dense, outputs, 1)
        self.fused = [number for number in range(len(convolutions) - 1, 0, -1) if 2**number >= stride]  # stages, coarse to fine
        for number in self.fused:
            self.add_module(f"up{number}", Upsample(outputs, 2))
            self.add_module(f"score{number}", nn.Conv2d(widths[number - 1], outputs, 1))
        self.up = Upsample(outputs, stride)
        self._draw()

    def _draw(self) -> None:
        """Stages after He, as `vgg`'s; finer scores zero."""
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and name.startswith("stage"):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
            elif isinstance(module, nn.Conv2d) and name.startswith("score"):
                nn.init.zeros_(module.weight)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % self.coarse, 0, -height % self.coarse))  # whole cells
        maps: dict[int, Tensor] = {}
        for name, stage in self.named_children():
            if name.startswith("stage"):
                maps[len(maps) + 1] = x = stage(x)  # (B, C, H / 2, W / 2)
        x = self.drop1(self.act1(self.dense1(x)))  # (B, dense, H / 32, W / 32)
        x = self.drop2(self.act2(self.dense2(x)))
        x = self.head(x)  # (B, K, H / 32, W / 32)
        for number in self.fused:
            finer = self.get_submodule(f"score{number}")(maps[number])  # (B, K, H / 16, W / 16), …
            x = self.get_submodule(f"up{number}")(x) + finer
        return self.up(x)[:, :, :height, :width]  # (B, K, H, W)

    def start_from(self, classifier: nn.Module, inputs: tuple[int, ...]) -> list[str]:
        """Take the weights of a classifier of pictures ``inputs``, such as a trained `vgg`, all but its head; the names taken.

        Raises `ShapeError` where a layer of the classifier has another size here.
        """
        theirs = convolutionalise(classifier, inputs).state_dict()
        own = self.state_dict()
        taken = {name: value for name, value in theirs.items() if name in own and not name.startswith("head")}
        for name, value in taken.items():
            if value.shape != own[name].shape:
                raise ShapeError(_OTHER_SIZE, name=name, theirs=tuple(value.shape), ours=tuple(own[name].shape))
        if not any(name.startswith("stage") for name in taken):
            raise ShapeError(_NOTHING, ours=", ".join(list(own)[:4]), theirs=", ".join(list(theirs)[:4]))
        self.load_state_dict({**own, **taken})
        return list(taken)


_NO_STRIDE = Text(
    "fcn: stride {stride} is coarser than the network: {n} stage(s) halve the picture {n} time(s), to one cell in {coarse}. "
    "Use stride={coarse} or less, or more stages in convolutions.",
    "fcn: stride {stride:은} 네트워크보다 성기다. 단계 {n}개가 그림을 {n}번 반으로 줄여 {coarse}픽셀이 한 칸이 된다. "
    "stride={coarse} 이하로 하거나 convolutions에 단계를 더한다.",
)
_OTHER_SIZE = Text(
    "{name} has the shape {theirs} in the classifier and {ours} here. Build both with equal width, norm, window and dense.",
    "{name}의 모양이 분류기에서는 {theirs}, 여기서는 {ours}. 둘의 width, norm, window, dense를 맞춘다.",
)
_NOTHING = Text(
    "The classifier has no part of this network's name. Expected: {ours}, …. Received: {theirs}, …. Use a vgg.",
    "분류기에 이 네트워크와 이름이 같은 부분이 없다. 있어야 하는 것: {ours}, …. 받은 것: {theirs}, …. vgg를 쓴다.",
)
