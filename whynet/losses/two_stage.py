"""The loss of a detector that finds its own regions: Faster R-CNN's proposals and their judge, trained at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.losses._rows import check_rows, match, objects, read_regions, shares, smooth_l1
from whynet.losses.loss import Loss
from whynet.losses.regions import Count, Share, region_loss
from whynet.registry import Range, register
from whynet.task import Task
from whynet.vision.boxes import encode
from whynet.vision.rows import Rows, unpack

NEAR, FAR = 0.7, 0.3  # an anchor of such IoU with an object is one of its own; below the other it is background
BETA = 1 / 9  # where smooth L1 turns straight for anchors, whose changes are not divided by a deviation


@register(
    "loss",
    year=2015,
    source="Ren, He, Girshick and Sun, Faster R-CNN",
    accepts=("detect",),
    en="Two judgements at once: which anchors lie on an object, and what is in the regions made of them.",
    ko="두 가지를 함께 배운다: 어느 앵커(anchor)가 물체 위에 있는지, 그렇게 얻은 영역에 무엇이 있는지.",
)
@dataclass(frozen=True)
class TwoStage(Loss):
    """``L(anchors) + L(regions)``, each ``mean(cross-entropy + balance · [object] · smooth_l1)`` over its sample of rows.

    An anchor is an object's from an IoU of 0.7 on, or where none overlaps the object more; below 0.3 it is background; between them, or
    reaching out of the picture (but ``crossing=True``), it does not count. ``anchors`` a picture are sampled, at most half of them an
    object's. The regions' part is `regions` with ``lowest=0``. Raises `ShapeError` unless outputs are rows and targets boxes (B, M, 5).
    """

    reads: ClassVar[str] = "boxes"
    anchors: Count = 256
    crossing: bool = False
    foreground: Share = 0.5
    lowest: Share = 0.0
    sample: Count = 128
    balance: Annotated[float, Range(least=0)] = 1.0
    overlap: Share = 0.3

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_rows(outputs, targets)
        rows = unpack(outputs)
        proposed = proposal_loss(rows, targets, self.anchors, self.crossing, self.balance)
        return proposed + region_loss(rows, targets, self.foreground, self.lowest, self.sample, self.balance)

    def units(self, task: Task) -> int:
        return objects("two_stage", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return read_regions(outputs, float(self.overlap), least=0.05, most=min(100, outputs.shape[1]))


def proposal_loss(rows: Rows, targets: Tensor, sample: int, crossing: bool, balance: float) -> Tensor:
    """The loss of the region proposal network's rows; those of the detector do not count."""
    counts = ~rows.detects
    if not crossing:
        counts = counts & (rows.boxes >= 0).all(dim=-1) & (rows.boxes <= 1).all(dim=-1)
    near = match(rows.boxes, targets)
    theirs = near.overlaps.masked_fill(~counts[..., None], -1.0)  # (B, N, M)
    best = ((theirs == theirs.amax(dim=1, keepdim=True)) & (theirs > 0)).any(
        dim=-1
    )  # overlaps some object more than all others do
    positive = counts & (best | (near.overlap >= NEAR))
    background = counts & ~positive & (near.overlap < FAR)
    weight = shares(positive, background, sample, 0.5).to(rows.logits)
    classified = F.cross_entropy(rows.logits[..., :2].flatten(0, 1), positive.long().flatten(), reduction="none").view_as(
        weight
    )
    wanted = torch.where(positive[..., None], encode(near.box, rows.boxes), 0.0)
    located = smooth_l1(rows.deltas[:, :, 0], wanted, BETA)
    worth = torch.as_tensor(balance, dtype=located.dtype, device=located.device)
    return (weight * (classified + worth * positive * located)).sum() / weight.sum().clamp(min=1)
