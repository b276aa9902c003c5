"""Faster R-CNN: the network proposes its own regions, from the map that it also judges them by.

    picture ── trunk ── map (C, H', W') ─┬────────────────────────────────────── roi pooling ── dense ─┬─ head       class, K + 1
                                         │                                        ↑                    └─ box_head   change, 4 K
                                         └─ rpn_conv 3×3 ─┬─ rpn_scores 1×1, 2 k ─┴─ proposals
                                                          └─ rpn_boxes  1×1, 4 k

At every place of the map stand k anchors, boxes of fixed sizes and shapes. The region proposal network says of each whether it lies
on an object of any kind, and how to change it to fit. The best ``candidates`` go through non-maximum suppression; the ``proposals``
that stay are cut out of the same map and judged as in Fast R-CNN. Proposing took selective search 2 seconds a picture, and takes
10 milliseconds here, because the convolutions are shared; and it is learned.

Both halves are trained at once ("approximate joint training"): where the proposals lie is taken as given, so no gradient flows through
their corners. Unlike the authors' code, training does not slip the true boxes in among the proposals: a network sees pictures only.

The default is the paper's for VOC: VGG-16 up to conv5_3 as the trunk, anchors of 128², 256² and 512² pixels in three shapes, 300
proposals, 7×7 cells, two dense layers of 4096. A change is asked for each of the K classes, as the paper has it; the code had one for
the background too, never used. For other pictures choose ``anchors`` about as large as the objects. ``roi="align"``: Mask R-CNN's
cells between the places of the map, better where a map is coarse.
Ren, He, Girshick and Sun, Faster R-CNN: towards real-time object detection with region proposal networks (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from whynet.models._regions import VGG16, Count, Layers, Positive, Rate, begin_small, dense_layers
from whynet.models._regions import trunk as make_trunk
from whynet.models.card import Published, Training
from whynet.registry import register
from whynet.vision.anchors import anchors as all_anchors
from whynet.vision.boxes import clip, decode
from whynet.vision.nms import nms_padded
from whynet.vision.roi import roi_align, roi_pool
from whynet.vision.rows import DETECTOR, PROPOSER, pack

SAME = 0.7  # proposals overlap by at most this


@register(
    "model",
    accepts={"detect"},
    takes=("CHW",),
    loss="two_stage",
    example="faster_rcnn(trunk=[vgg_block(1, 4)], rpn=6, anchors=[4], ratios=[1], cells=2, dense=[8], proposals=24, dropout=0)",
    name="faster_rcnn",
    year=2015,
    source="Ren, He, Girshick and Sun, Faster R-CNN: towards real-time object detection with region proposal networks",
    en="A small network slides over the map and proposes regions; the same map then says what is in them.",
    ko="작은 신경망이 특징 맵(feature map)을 훑으며 영역을 제안하고, 같은 맵으로 그 안에 무엇이 있는지 말한다.",
    published=(
        Published(
            "faster_rcnn(proposals=4)", (3, 608, 800), 20, 137_061_851, "counted from the layer sizes in the paper, VGG-16, VOC"
        ),
    ),
    recipes=(
        Training(
            "shapes",
            'faster_rcnn(trunk=[vgg_block(1, 16, norm="batch"), vgg_block(1, 32, norm="batch"), '
            'vgg_block(2, 64, norm="batch", pool=False)], rpn=64, anchors=[12, 18, 28], ratios=[1], candidates=64, proposals=16, '
            "cells=4, dense=[128], dropout=0)",
            "adam(lr=0.003)",
            "two_stage(anchors=64)",
            {"epochs": 6, "batch_size": 16, "schedule": "warmup(fraction=0.1, then=cosine)", "clip": "norm(1.0)"},
            reaches=0.92,
        ),
    ),
)
class FasterRCNN(nn.Module):
    """Rows about anchors, then rows about proposals; (B, C, H, W) → (B, H'·W'·k + proposals, 6 + 5 K), see `whynet.vision.rows`.

    anchors: sizes in pixels; ratios: h / w; rpn: filters of the proposal network. Raises `ShapeError` for what is no picture.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        trunk: Layers = VGG16,
        rpn: Count = 512,
        anchors: Sequence[Positive] = (128.0, 256.0, 512.0),
        ratios: Sequence[Positive] = (0.5, 1.0, 2.0),
        candidates: Count = 6000,
        proposals: Count = 300,
        roi: Literal["pool", "align"] = "pool",
        cells: Count = 7,
        dense: Sequence[Count] = (4096, 4096),
        dropout: Rate = 0.5,
    ) -> None:
        super().__init__()
        self.classes = outputs
        self.sizes, self.ratios, self.each = tuple(anchors), tuple(ratios), len(anchors) * len(ratios)
        self.candidates, self.proposals, self.cells, self.roi = candidates, proposals, cells, roi
        self.trunk, (channels, *_) = make_trunk("faster_rcnn", trunk, inputs)
        self.rpn_conv = nn.Conv2d(channels, rpn, 3, padding=1)
        self.rpn_act = nn.ReLU()
        self.rpn_scores = nn.Conv2d(rpn, 2 * self.each, 1)
        self.rpn_boxes = nn.Conv2d(rpn, 4 * self.each, 1)
        self.dense = dense_layers(channels * cells**2, dense, dropout)
        self.head = nn.Linear(dense[-1], outputs + 1)
        self.box_head = nn.Linear(dense[-1], 4 * outputs)
        for module in (self.rpn_conv, self.rpn_scores, self.rpn_boxes, self.head):
            begin_small(module, 0.01)
        begin_small(self.box_head, 0.001)

    def forward(self, x: Tensor) -> Tensor:
        features = self.trunk(x)  # (B, C, H', W')
        base = self._anchors(x, features)  # (N, 4), N = H'·W'·k
        hidden = self.rpn_act(self.rpn_conv(features))
        scores = self._by_anchor(self.rpn_scores(hidden), 2)  # (B, N, 2) background, object
        deltas = self._by_anchor(self.rpn_boxes(hidden), 4)  # (B, N, 4)
        proposals = self._propose(base, scores.detach(), deltas.detach())  # (B, R, 4)
        pool = roi_pool if self.roi == "pool" else roi_align
        judged = self.dense(pool(features, proposals, self.cells).flatten(2))  # (B, R, dense)
        first = pack(base.expand(len(x), -1, 4), PROPOSER, scores, deltas, self.classes)
        second = pack(proposals, DETECTOR, self.head(judged), self.box_head(judged), self.classes)
        return torch.cat([first, second], dim=1)

    def _anchors(self, x: Tensor, features: Tensor) -> Tensor:
        """The boxes (N, 4) that stand on a map; made anew each time, so that pictures of any size will do."""
        picture, cells = (x.shape[2], x.shape[3]), (features.shape[2], features.shape[3])
        return all_anchors(picture, cells, self.sizes, self.ratios, x.device, x.dtype)

    def _by_anchor(self, maps: Tensor, values: int) -> Tensor:
        """(B, k · values, H', W') → (B, H'·W'·k, values): place by place, in the order of the anchors."""
        return maps.unflatten(1, (self.each, values)).permute(0, 3, 4, 1, 2).flatten(1, 3)

    def _propose(self, base: Tensor, scores: Tensor, deltas: Tensor) -> Tensor:
        """The proposals (B, R, 4): the surest anchors, changed, without repetitions. Where fewer are left the best stands in."""
        surest, order = (scores[..., 1] - scores[..., 0]).topk(min(self.candidates, len(base)), dim=1)
        at = order[..., None].expand(*order.shape, 4)
        boxes = clip(decode(deltas.gather(1, at), base[order]))
        kept = nms_padded(boxes, surest, SAME, self.proposals).clamp(min=0)
        return boxes.gather(1, kept[..., None].expand(*kept.shape, 4))
