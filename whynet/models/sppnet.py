"""SPP-net: one convolution for all regions, and a pyramid that makes every region the same length.

    picture ─── trunk ─── map (C, H', W') ─┐           ┌ 6×6 ┐
        │                                  regions ──→ │ 3×3 │ ── 50 C ─┬─ dense 4096 ── dense 4096 ── head       class, K + 1
        └── proposals (R, 4) ──────────────┘           │ 2×2 │          └─ box_head                               change, 4 K
                                                       └ 1×1 ┘
                                                 largest of each cell

Only the dense layers want inputs of one length; the convolutions take any picture. Spatial pyramid pooling stands between them: a
region is cut into 6×6, 3×3, 2×2 and 1×1 cells, fine and coarse, and each cell keeps its largest value. So R-CNN's 2 000 passes a picture
become one, 24 to 102 times faster at about the same mAP. The price in the paper: its training did not reach through the pyramid, so the
convolutions stayed as ImageNet had made them. ``fixed=True`` is that, for a trunk with weights that were loaded; the default lets
them learn, because here they may begin from nothing.

Two departures, which R-CNN's file explains: a softmax layer and the change of the box, read off the pooled map as in the paper, are
learned at once on `regions` instead of support vector machines and ridge regressions one after another; and proposals come from
colour contrast (`vision.proposals`) instead of selective search. Whole places of the map are found by rounding corners to the nearest.

The default is the paper's for VOC: ZF-5 up to conv5 as the trunk, pyramid of 50 cells, two dense layers of 4096. windows, ratios, stride
and proposals are those of Fast R-CNN.
He, Zhang, Ren and Sun, Spatial pyramid pooling in deep convolutional networks for visual recognition (2014).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from whynet.models._regions import Count, Layers, Positive, Rate, begin_small, dense_layers, windows_of
from whynet.models._regions import trunk as make_trunk
from whynet.models.card import Published, Training
from whynet.registry import register
from whynet.vision.proposals import propose
from whynet.vision.roi import spatial_pyramid
from whynet.vision.rows import DETECTOR, pack

ZF5 = (
    "conv2d(96, 7, stride=2, padding=1)", "relu", "local_response_norm", "max_pool(3, stride=2, padding=1)",
    "conv2d(256, 5, stride=2, padding=1)", "relu", "local_response_norm", "max_pool(3, stride=2)",
    "conv2d(384, 3, padding=1)", "relu", "conv2d(384, 3, padding=1)", "relu", "conv2d(256, 3, padding=1)", "relu",
)  # fmt: skip


@register(
    "model",
    accepts={"detect"},
    takes=("CHW",),
    loss="regions",
    example="sppnet(trunk=[vgg_block(1, 4)], windows=[6], ratios=[1], stride=3, proposals=3, levels=[1, 2], dense=[8], dropout=0)",
    name="sppnet",
    year=2014,
    source="He, Zhang, Ren and Sun, Spatial pyramid pooling in deep convolutional networks for visual recognition",
    en="Convolve once, then pool every region into the same pyramid of cells, whatever its size.",
    ko="합성곱(convolution)은 그림마다 한 번만 하고, 영역은 크기가 어떻든 같은 피라미드 칸으로 풀링한다.",
    published=(
        Published("sppnet(proposals=4)", (3, 688, 688), 20, 74_050_789, "counted from the layer sizes in the paper, ZF-5, VOC"),
    ),
    recipes=(
        Training(
            "shapes",
            'sppnet(trunk=[vgg_block(1, 16, norm="batch"), vgg_block(1, 32, norm="batch"), '
            'vgg_block(2, 64, norm="batch", pool=False)], windows=[12, 16, 22, 30], ratios=[1], stride=4, proposals=16, '
            "levels=[1, 2, 4], dense=[128], dropout=0)",
            "adam(lr=0.005)",
            "regions(lowest=0)",
            {"epochs": 6, "batch_size": 16, "schedule": "warmup(fraction=0.1, then=cosine)"},
            reaches=0.92,
        ),
    ),
)
class SPPNet(nn.Module):
    """Rows about proposals; (B, C, H, W) → (B, proposals, 6 + 5 K), see `whynet.vision.rows`. Raises `ShapeError` for no picture."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        trunk: Layers = ZF5,
        fixed: bool = False,
        windows: Sequence[Positive] = (64.0, 128.0, 256.0, 448.0),
        ratios: Sequence[Positive] = (0.5, 1.0, 2.0),
        stride: Count = 16,
        proposals: Count = 300,
        levels: Sequence[Count] = (1, 2, 3, 6),
        dense: Sequence[Count] = (4096, 4096),
        dropout: Rate = 0.5,
    ) -> None:
        super().__init__()
        self.classes, self.proposals, self.levels = outputs, proposals, tuple(levels)
        self.trunk, (channels, *_) = make_trunk("sppnet", trunk, inputs)
        self.trunk.requires_grad_(not fixed)
        self.windows: Tensor
        self.register_buffer("windows", windows_of("sppnet", inputs, windows, ratios, stride), persistent=False)
        pooled = channels * sum(level**2 for level in levels)  # 256 · 50
        self.dense = dense_layers(pooled, dense, dropout)
        self.head = nn.Linear(dense[-1], outputs + 1)
        self.box_head = nn.Linear(pooled, 4 * outputs)
        begin_small(self.head, 0.01)
        begin_small(self.box_head, 0.001)

    def forward(self, x: Tensor) -> Tensor:
        proposals = propose(x, self.windows, self.proposals)  # (B, R, 4)
        features = self.trunk(x)  # (B, C, H', W')
        pooled = spatial_pyramid(features, proposals, self.levels)  # (B, R, 12800)
        judged = self.dense(pooled)  # (B, R, 4096)
        return pack(proposals, DETECTOR, self.head(judged), self.box_head(pooled), self.classes)
