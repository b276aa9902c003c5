"""YOLO: one look at the picture, and every cell of a grid says what lies in it. Detection as a single regression.

    (3, 448, 448)                       a 7 × 7 grid, and in each cell
      stage1   7×7, 64 /2     pool      ┌───┬───┬───┐
      stage2   3×3, 192       pool      │   │ · │   │    box 1   x  y  √w  √h  C       C: is there an object here,
      stage3   1×1 3×3 1×1 3×3, pool    ├───┼─╲─┼───┤    box 2   x  y  √w  √h  C          and how well does the box fit?
      stage4   (1×1 3×3)×4 1×1 3×3 pool │   │  ╲│   │    20 classes   p₁ … p₂₀       p: if so, of what?
      stage5   (1×1 3×3)×2 3×3 3×3 /2   ├───┼───●───┤
      stage6   3×3 3×3                  │   │   │   │    the cell with the centre ● answers for the object
      dense    4096, dropout            └───┴───┴───┘
      head     7 · 7 · 30

Before it, a detector first proposed places and then looked at each. Here the network sees the whole picture once, so it is fast
and seldom takes background for an object; but a cell holds one object only, and the grid is coarse, so crowds of small things are
its weakness. Outputs are linear, also those of confidence and class; leaky rectifiers (0.1) everywhere else. The loss (`yolo`) says
how an answer is read.

``body="paper"`` is the network of figure 3 without the pretraining on ImageNet that the paper begins with. ``body="small"`` keeps
grid, answer and loss, and builds a net for small pictures: halvings down to one cell per ``stride`` pixels, each a 3×3 convolution
with batch norm and a pool, then ``depth`` convolutions more so that a cell sees around its objects, and a head that is a 1×1
convolution, so that all cells share it (as in YOLO9000, 2017). It then takes any size of picture, and knows no place by heart.

Redmon, Divvala, Girshick and Farhadi, You only look once: unified, real-time object detection (2016).
"""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.layers.stack import shape_after
from whynet.models._pictures import check_picture
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.text import Text

SLOPE = 0.1
STRIDE = 64  # pixels of a picture to a cell, in the paper's network


@register(
    "model",
    accepts={"detect"},
    takes=("CHW",),
    name="yolo",
    year=2016,
    source="Redmon, Divvala, Girshick and Farhadi, You only look once: unified, real-time object detection",
    loss="yolo",
    example='yolo(body="small", width=4, stride=4)',
    published=(
        Published(
            "yolo",
            inputs=(3, 448, 448),
            outputs=20,
            parameters=271_703_550,
            said="figure 3 for PASCAL VOC: 24 convolutions with biases and no batch norm, two linear layers; counted from the figure",
        ),
    ),
    recipes=(
        Training(
            "shapes(n=4000)",
            'yolo(body="small", width=8)',
            optimizer="adam(lr=0.005)",
            settings={"epochs": 10, "batch_size": 32, "schedule": "cosine"},
            reaches=0.75,  # 0.737, 0.802 and 0.727 in 36 seconds of one core each
        ),
        Training(  # 0.876 with seed 0, in three minutes of one core
            "shapes(n=6000)",
            'yolo(body="small", width=16)',
            optimizer="adam(lr=0.005)",
            settings={"epochs": 24, "batch_size": 64, "schedule": "cosine"},
        ),
        Training(  # 0.783 with seed 0, in six minutes of one core; of 160 pixels a platelet is about 10 × 13, a cell 8 × 8
            "bccd(size=160, flips=True)",
            'yolo(body="small", width=16)',
            optimizer="adam(lr=0.003)",
            settings={"epochs": 40, "batch_size": 16, "schedule": "cosine"},
        ),
    ),
    en="A grid laid over the picture, and each cell tells box and class of the object whose centre it holds: detection in one look.",
    ko="그림 위에 격자를 놓고 칸마다 중심이 그 안에 든 물체의 박스와 클래스를 답한다. 한 번만 보고 검출(detection)한다.",
)
class Yolo(nn.Module):
    """A grid of answers from pictures, (B, C, H, W) → (B, H/stride, W/stride, 5 · boxes + K); ``outputs`` is K. Raises `ShapeError`."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        body: Literal["paper", "small"] = "paper",
        boxes: Annotated[int, Range(least=1, most=20)] = 2,
        width: Annotated[int, Range(least=1)] = 16,
        stride: Literal[4, 8, 16, 32] = 8,
        depth: Annotated[int, Range(least=0)] = 2,
    ) -> None:
        super().__init__()
        self.answer = 5 * boxes + outputs  # numbers in a cell
        if body == "paper":
            check_picture("yolo", inputs, STRIDE, _SMALL)
            self._paper(inputs)
        else:
            check_picture('yolo(body="small")', inputs, stride, _FINER)
            self._small(inputs, width, stride, depth)

    def _paper(self, inputs: tuple[int, ...]) -> None:
        self.stage1 = nn.Sequential(*_plain(inputs[0], 64, 7, stride=2), nn.MaxPool2d(2))
        self.stage2 = nn.Sequential(*_plain(64, 192, 3), nn.MaxPool2d(2))
        self.stage3 = nn.Sequential(*_squeezed(192, 128, 256), *_squeezed(256, 256, 512), nn.MaxPool2d(2))
        fours = [layer for _ in range(4) for layer in _squeezed(512, 256, 512)]
        self.stage4 = nn.Sequential(*fours, *_squeezed(512, 512, 1024), nn.MaxPool2d(2))
        twos = [layer for _ in range(2) for layer in _squeezed(1024, 512, 1024)]
        self.stage5 = nn.Sequential(*twos, *_plain(1024, 1024, 3), *_plain(1024, 1024, 3, stride=2))
        self.stage6 = nn.Sequential(*_plain(1024, 1024, 3), *_plain(1024, 1024, 3))
        features = shape_after(nn.Sequential(*self.children()), inputs)  # (1024, 7, 7)
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(prod(features), 4096), nn.LeakyReLU(SLOPE), nn.Dropout(0.5))
        self.grid = features[1:]
        self.head: nn.Module = nn.Linear(4096, prod(self.grid) * self.answer)

    def _small(self, inputs: tuple[int, ...], width: int, stride: int, depth: int) -> None:
        channels = inputs[0]
        for number in range(stride.bit_length() - 1):  # a halving each
            self.add_module(f"stage{number + 1}", nn.Sequential(*_normed(channels, width << number), nn.MaxPool2d(2)))
            channels = width << number
        around = [layer for number in range(depth) for layer in _normed(channels * (2 if number else 1), 2 * channels)]
        self.context = nn.Sequential(*around)
        self.head = nn.Conv2d(2 * channels if depth else channels, self.answer, 1)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():  # stages, then the head
            x = part(x)  # (B, H · W · answer), or (B, answer, H, W)
        if x.ndim == 2:
            return x.unflatten(1, (*self.grid, self.answer))
        return x.permute(0, 2, 3, 1)  # (B, H, W, answer)


def _plain(channels: int, out: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, kernel, stride, kernel // 2), nn.LeakyReLU(SLOPE)]


def _squeezed(channels: int, narrow: int, out: int) -> list[nn.Module]:
    """A 1×1 convolution that reduces what the 3×3 one has to read."""
    return [*_plain(channels, narrow, 1), *_plain(narrow, out, 3)]


def _normed(channels: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.LeakyReLU(SLOPE)]


_SMALL = Text(
    'The published network is for 448×448; for small pictures use yolo(body="small").',
    '발표된 네트워크는 448×448용이다. 작은 그림에는 yolo(body="small")을 쓴다.',
)
_FINER = Text("Use larger pictures or a smaller stride=.", "더 큰 그림을 쓰거나 stride=를 낮춘다.")
