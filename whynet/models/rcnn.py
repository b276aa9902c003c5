"""R-CNN: cut out every region that may hold a thing, warp it to one size, and ask a classifier what it is.

    picture ── proposals (R, 4)
        │           │
        └── crop and warp ── R pictures 227×227 ── trunk ── (256, 6, 6) ─┬─ dense 4096 ── dense 4096 ── head       class, K + 1
                                                   each alone            └─ box_head                               change, 4 K

Detection as classification: what convolutions had learned of whole pictures was put to work on regions, and the best mAP on VOC 2012
rose from 40 to 53 %. Each region is stretched to the network's size whatever its shape, with ``context`` pixels around it; the change
of its box is read off the last map. Regions share nothing: 2 000 passes of AlexNet a picture, which is what its followers did away with.

The paper trains in three stages: the network by cross-entropy, then a linear support vector machine for each class on its features
(with hard negatives), then ridge regressions for the boxes. Here, as in Fast R-CNN, a softmax layer and the changes are learned at once on
the loss `regions`; the paper itself found softmax 3 points below the machines, and Fast R-CNN none. Selective search is replaced by
colour contrast (`vision.proposals`): the ``proposals`` most contrasting of all windows with areas of ``windows``² pixels, shapes
``ratios`` (h / w) and corners on every ``stride``-th pixel.

The default is the paper's: AlexNet in two groups (Caffe's copy) up to pool5, regions of 227×227 with 16 pixels of context.
Girshick, Donahue, Darrell and Malik, Rich feature hierarchies for accurate object detection and semantic segmentation (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Annotated

from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.models._regions import Count, Layers, Positive, Rate, begin_small, dense_layers, windows_of
from whynet.models._regions import trunk as make_trunk
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.text import Text
from whynet.vision.proposals import propose
from whynet.vision.roi import crop_and_warp
from whynet.vision.rows import DETECTOR, pack

ALEXNET = (
    "conv2d(96, 11, stride=4)", "relu", "max_pool(3, stride=2)", "local_response_norm",
    "conv2d(256, 5, padding=2, groups=2)", "relu", "max_pool(3, stride=2)", "local_response_norm",
    "conv2d(384, 3, padding=1)", "relu", "conv2d(384, 3, padding=1, groups=2)", "relu",
    "conv2d(256, 3, padding=1, groups=2)", "relu", "max_pool(3, stride=2)",
)  # fmt: skip


@register(
    "model",
    accepts={"detect"},
    takes=("CHW",),
    loss="regions",
    example="rcnn(trunk=[vgg_block(1, 4)], windows=[6], ratios=[1], stride=3, proposals=3, side=6, context=1, dense=[8], dropout=0)",
    name="rcnn",
    year=2014,
    source="Girshick, Donahue, Darrell and Malik, Rich feature hierarchies for accurate object detection and semantic segmentation",
    en="Every region of interest is cut out, warped to one size and classified by a convolutional network on its own.",
    ko="관심 영역을 하나하나 잘라 같은 크기로 변형한 뒤 합성곱 신경망(convolutional network)으로 따로 분류한다.",
    published=(
        Published(
            "rcnn(proposals=4)", (3, 375, 500), 20, 57_691_621, "counted from the layer sizes in the paper, AlexNet, VOC"
        ),
    ),
    recipes=(
        Training(
            "shapes",
            'rcnn(trunk=[vgg_block(1, 16, norm="batch"), vgg_block(1, 32, norm="batch"), vgg_block(1, 64, norm="batch")], '
            "windows=[12, 16, 22, 30], ratios=[1], stride=4, proposals=16, side=24, context=2, dense=[128], dropout=0)",
            "adam(lr=0.005)",
            "regions(lowest=0)",
            {"epochs": 5, "batch_size": 16, "schedule": "warmup(fraction=0.1, then=cosine)"},
            reaches=0.85,
        ),
    ),
)
class RCNN(nn.Module):
    """Rows about proposals; (B, C, H, W) → (B, proposals, 6 + 5 K), see `whynet.vision.rows`.

    side: what regions are warped to, pixels; context: so many of them around the region. Raises `ShapeError` for no picture, or where
    nothing is left of ``side`` within its context.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        trunk: Layers = ALEXNET,
        side: Count = 227,
        context: Annotated[int, Range(least=0)] = 16,
        windows: Sequence[Positive] = (64.0, 128.0, 256.0),
        ratios: Sequence[Positive] = (0.5, 1.0, 2.0),
        stride: Count = 16,
        proposals: Count = 300,
        dense: Sequence[Count] = (4096, 4096),
        dropout: Rate = 0.5,
    ) -> None:
        super().__init__()
        if side <= 2 * context:
            raise ShapeError(_ALL_CONTEXT, side=side, context=context)
        self.classes, self.proposals, self.side, self.context = outputs, proposals, side, context
        shape = (inputs[0], side, side) if len(inputs) == 3 else inputs
        self.trunk, after = make_trunk("rcnn", trunk, shape)
        self.windows: Tensor
        self.register_buffer("windows", windows_of("rcnn", inputs, windows, ratios, stride), persistent=False)
        self.dense = dense_layers(prod(after), dense, dropout)
        self.head = nn.Linear(dense[-1], outputs + 1)
        self.box_head = nn.Linear(prod(after), 4 * outputs)
        begin_small(self.head, 0.01)
        begin_small(self.box_head, 0.001)

    def forward(self, x: Tensor) -> Tensor:
        proposals = propose(x, self.windows, self.proposals)  # (B, R, 4)
        regions = crop_and_warp(x, proposals, self.side, self.context).flatten(0, 1)  # (B·R, C, 227, 227)
        features = self.trunk(regions).flatten(1).unflatten(0, (len(x), -1))  # (B, R, 9216)
        judged = self.dense(features)  # (B, R, 4096)
        return pack(proposals, DETECTOR, self.head(judged), self.box_head(features), self.classes)


_ALL_CONTEXT = Text(
    "rcnn: expected a side larger than twice the context. Received: side={side}, context={context}. Use a smaller context.",
    "rcnn: side는 context의 두 배보다 커야 한다. 받은 것: side={side}, context={context}. context를 줄인다.",
)
