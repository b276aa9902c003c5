"""LeNet-5: convolve, pool, convolve, pool, then think it over. The network that read the cheques.

                 conv1 5×5   pool1      conv2 5×5    pool2      dense1  dense2  head
    (1, 28, 28) ── (6, 28, 28) ─ (6, 14, 14) ─ (16, 10, 10) ─ (16, 5, 5) ─ 120 ─── 84 ─── 10
    parameters     156           0             2 416          0            48 120  10 164 850    = 61 706 for ten classes

A small filter slides over the whole picture, so what it learns in one corner it knows in all; pooling forgets where exactly.
The sizes are the paper's. Its tanh and average pooling are ``lenet5(activation="tanh", pool="average")``; relu and max pooling,
which came later, learn faster and are the default. As in most modern versions the pools have no weights, every filter of conv2 sees
all six maps, and the head is linear instead of radial basis functions.

The paper's pictures are 32×32; smaller ones are padded so that all published sizes stay. By the shorter side:

    32 and more: no padding   ·   12 to 31: conv1 by 2   ·   4 to 11: conv1 and conv2 by 2   ·   below 4: `ShapeError`

LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition (1998).
"""

from __future__ import annotations

from math import prod
from typing import Literal

from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.activations import activation as make_activation
from whynet.layers.stack import shape_after
from whynet.models.card import Published, Training
from whynet.registry import register
from whynet.spec import Spec
from whynet.text import Text

SMALLEST = 4  # the shorter side of a picture: 4 → 4 → pool 2 → 2 → pool 1


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    name="lenet5",
    year=1998,
    source="LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition",
    en="Two convolutions with pooling, then three linear layers: shared weights make a picture's patterns cheap to learn.",
    ko="풀링이 딸린 합성곱(convolution) 둘과 선형 층 셋: 가중치를 나누어 쓰므로 그림의 무늬를 적은 값으로 배운다.",
    published=(
        Published(
            "lenet5",
            (1, 28, 28),
            10,
            61_706,
            "LeCun et al. 1998, figure 2; pools without weights, all maps joined, a linear head",
        ),
    ),
    recipes=(
        Training("digits", "lenet5", "adam(lr=0.003)", settings={"epochs": 20, "schedule": "cosine"}, reaches=0.95),
        Training("fashion_mnist", "lenet5", settings={"epochs": 10, "schedule": "cosine"}),
    ),
)
class LeNet5(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs). Raises `ShapeError` for what is no picture or too small."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        activation: str | Spec = "relu",
        pool: Literal["average", "max"] = "max",
    ) -> None:
        super().__init__()
        if len(inputs) != 3 or min(inputs[1:]) < SMALLEST:
            raise ShapeError(_NO_PICTURE, smallest=SMALLEST, inputs=inputs)
        channels, side = inputs[0], min(inputs[1:])
        pooling = nn.AvgPool2d if pool == "average" else nn.MaxPool2d

        self.conv1 = nn.Conv2d(channels, 6, 5, padding=0 if side >= 32 else 2)
        self.act1 = make_activation(activation, inputs)
        self.pool1 = pooling(2)
        self.conv2 = nn.Conv2d(6, 16, 5, padding=0 if side >= 12 else 2)
        self.act2 = make_activation(activation, inputs)
        self.pool2 = pooling(2)
        self.flatten = nn.Flatten()
        self.dense1 = nn.Linear(self._features(inputs), 120)
        self.act3 = make_activation(activation, (120,))
        self.dense2 = nn.Linear(120, 84)
        self.act4 = make_activation(activation, (84,))
        self.head = nn.Linear(84, outputs)

    def _features(self, inputs: tuple[int, ...]) -> int:
        """What comes out of the second pool, counted by running it; 16·5·5 for 28×28 and for 32×32."""
        return prod(shape_after(nn.Sequential(self.conv1, self.pool1, self.conv2, self.pool2), inputs))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.act1(self.conv1(x)))  # (B, 1, 28, 28) → (B, 6, 28, 28) → (B, 6, 14, 14)
        x = self.pool2(self.act2(self.conv2(x)))  # → (B, 16, 10, 10) → (B, 16, 5, 5)
        x = self.flatten(x)  # (B, 400)
        x = self.act3(self.dense1(x))  # (B, 120)
        x = self.act4(self.dense2(x))  # (B, 84)
        return self.head(x)  # (B, outputs)


_NO_PICTURE = Text(
    "lenet5 expects pictures, (channels, height, width) with sides of at least {smallest}. Received: {inputs}. "
    "Use pictures that large, or mlp, which takes any shape.",
    "lenet5는 그림을 받는다: (채널, 높이, 너비), 각 변은 {smallest} 이상. 받은 것: {inputs}. "
    "더 큰 그림을 쓰거나, 모양을 가리지 않는 mlp를 쓴다.",
)
