"""Fast R-CNN: convolve the picture once, cut every region out of the map, and learn class and box in one training.

    picture ─── trunk ─── map (C, H', W') ─┐
        │                                  roi pooling ── (C, 7, 7) ── dense 4096 ── dense 4096 ─┬─ head       class, K + 1
        └── proposals (R, 4) ──────────────┘                                                     └─ box_head   change, 4 K

Region of interest pooling is the one new layer: each region is cut into 7×7 cells, whatever its size, and each cell keeps its largest
value. A gradient goes back to the place where that value was, so that, unlike in SPP-net, the convolutions below learn too. Three
trainings of R-CNN (the network, the support vector machines, the box regressors) become one, on one loss, `regions`:

    L = -log p_u + [u ≥ 1] · smooth_l1(t_u - v)        u the region's class, v the change that makes the region the object's box

The paper's regions come from selective search, about 2 000 a picture. Here colour contrast stands in its place (`vision.proposals`):
the ``proposals`` most contrasting of all windows with areas of ``windows``² pixels, shapes ``ratios`` (h / w) and corners on every
``stride``-th pixel. The default is otherwise the paper's model L for VOC: VGG-16 up to conv5_3, 7×7 cells, two dense layers of 4096.
Girshick, Fast R-CNN (2015).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from whynet.models._regions import VGG16, Count, Layers, Positive, Rate, begin_small, dense_layers, windows_of
from whynet.models._regions import trunk as make_trunk
from whynet.models.card import Published, Training
from whynet.registry import register
from whynet.vision.proposals import propose
from whynet.vision.roi import roi_pool
from whynet.vision.rows import DETECTOR, pack


@register(
    "model",
    accepts={"detect"},
    takes=("CHW",),
    loss="regions",
    example="fast_rcnn(trunk=[vgg_block(1, 4)], windows=[6], ratios=[1], stride=3, proposals=3, cells=2, dense=[8], dropout=0)",
    name="fast_rcnn",
    year=2015,
    source="Girshick, Fast R-CNN",
    en="One map for all regions, cells of it pooled for each, and class and box learned at once.",
    ko="모든 영역이 특징 맵(feature map) 하나를 함께 쓰고, 영역마다 칸으로 나눠 풀링하며, 클래스와 박스를 한꺼번에 배운다.",
    published=(
        Published(
            "fast_rcnn(proposals=4)", (3, 600, 800), 20, 134_674_341, "counted from the layer sizes in the paper, model L, VOC"
        ),
    ),
    recipes=(
        Training(
            "shapes",
            'fast_rcnn(trunk=[vgg_block(1, 16, norm="batch"), vgg_block(1, 32, norm="batch"), '
            'vgg_block(2, 64, norm="batch", pool=False)], windows=[12, 16, 22, 30], ratios=[1], stride=4, proposals=16, '
            "cells=4, dense=[128], dropout=0)",
            "adam(lr=0.005)",
            "regions(lowest=0)",
            {"epochs": 6, "batch_size": 16, "schedule": "warmup(fraction=0.1, then=cosine)"},
            reaches=0.93,
        ),
    ),
)
class FastRCNN(nn.Module):
    """Rows about proposals; (B, C, H, W) → (B, proposals, 6 + 5 K), see `whynet.vision.rows`. Raises `ShapeError` for no picture."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        trunk: Layers = VGG16,
        windows: Sequence[Positive] = (64.0, 128.0, 256.0, 448.0),
        ratios: Sequence[Positive] = (0.5, 1.0, 2.0),
        stride: Count = 16,
        proposals: Count = 300,
        cells: Count = 7,
        dense: Sequence[Count] = (4096, 4096),
        dropout: Rate = 0.5,
    ) -> None:
        super().__init__()
        self.classes, self.proposals, self.cells = outputs, proposals, cells
        self.trunk, (channels, *_) = make_trunk("fast_rcnn", trunk, inputs)
        self.windows: Tensor
        self.register_buffer("windows", windows_of("fast_rcnn", inputs, windows, ratios, stride), persistent=False)
        self.dense = dense_layers(channels * cells**2, dense, dropout)
        self.head = nn.Linear(dense[-1], outputs + 1)
        self.box_head = nn.Linear(dense[-1], 4 * outputs)
        begin_small(self.head, 0.01)
        begin_small(self.box_head, 0.001)

    def forward(self, x: Tensor) -> Tensor:
        proposals = propose(x, self.windows, self.proposals)  # (B, R, 4)
        features = self.trunk(x)  # (B, C, H', W')
        pooled = roi_pool(features, proposals, self.cells)  # (B, R, C, 7, 7)
        judged = self.dense(pooled.flatten(2))  # (B, R, 4096)
        return pack(proposals, DETECTOR, self.head(judged), self.box_head(judged), self.classes)
