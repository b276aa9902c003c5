"""The loss of detectors that are given their regions: R-CNN, SPP-net, Fast R-CNN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.losses._rows import changes, check_rows, deviations, match, objects, read_regions, shares, smooth_l1
from whynet.losses.loss import Loss
from whynet.registry import Range, register
from whynet.task import Task
from whynet.vision.rows import Rows, unpack

Share = Annotated[float, Range(least=0, most=1)]
Count = Annotated[int, Range(least=1)]


@register(
    "loss",
    year=2015,
    source="Girshick, Fast R-CNN",
    accepts=("detect",),
    en="What is in each region, and how to move the region onto it: cross-entropy and smooth L1, at once.",
    ko="영역마다 무엇이 있는지와 영역을 그 위로 어떻게 옮길지를 함께 배운다: 교차 엔트로피(cross-entropy)와 smooth L1의 합.",
)
@dataclass(frozen=True)
class Regions(Loss):
    """``mean(-log p_u + balance · [u ≥ 1] · smooth_l1(t_u - v))`` over a sample of regions; u the region's class, 0 the background.

    A region is of its nearest object's class from an IoU of ``foreground`` on; below it, down to ``lowest``, it is background.
    ``sample`` regions a picture, at most a quarter of them with an object; each counts as often as it is drawn on average, and nothing is
    drawn. v is what changes the region into the object's box. Detections overlap by at most ``overlap`` within a class. Raises
    `ShapeError` unless outputs are rows (B, N, 6 + 5K) and targets boxes (B, M, 5).
    """

    reads: ClassVar[str] = "boxes"
    foreground: Share = 0.5
    lowest: Share = 0.1  # the paper's: the least overlapping regions teach little; 0 takes them too
    sample: Count = 64
    balance: Annotated[float, Range(least=0)] = 1.0
    overlap: Share = 0.3

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_rows(outputs, targets)
        return region_loss(unpack(outputs), targets, self.foreground, self.lowest, self.sample, self.balance)

    def units(self, task: Task) -> int:
        return objects("regions", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return read_regions(outputs, float(self.overlap), least=0.05, most=min(100, outputs.shape[1]))


POSITIVE = 0.25  # at most this share of a sample holds an object


def region_loss(rows: Rows, targets: Tensor, foreground: float, lowest: float, sample: int, balance: float) -> Tensor:
    """The loss of the detector's rows; those of a proposer do not count."""
    near = match(rows.boxes, targets)
    positive = rows.detects & (near.overlap >= foreground)
    background = rows.detects & ~positive & ((near.overlap >= lowest) | (near.overlap < 0))  # a picture without objects: all
    weight = shares(positive, background, sample, POSITIVE).to(rows.logits)  # (B, N)
    label = torch.where(positive, near.label + 1, 0)  # (B, N)
    classified = F.cross_entropy(rows.logits.flatten(0, 1), label.flatten(), reduction="none").view_as(weight)
    own = near.label.clamp(min=0)[..., None, None].expand(*near.label.shape, 1, 4)
    moved = rows.deltas.gather(2, own).squeeze(2)  # (B, N, 4) the change for the object's class
    wanted = changes(near.box, rows.boxes, deviations(moved))
    located = smooth_l1(moved, torch.where(positive[..., None], wanted, 0.0))
    worth = torch.as_tensor(balance, dtype=located.dtype, device=located.device)
    return (weight * (classified + worth * positive * located)).sum() / weight.sum().clamp(min=1)
