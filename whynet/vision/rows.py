"""How a detector of regions says all it has to say in one tensor: a row for each box that it judged.

    a row      x1 y1 x2 y2  │  stage  │  background, class 0, … class K-1  │  dx dy dw dh of class 0, … of class K-1
               the box      │ 0 or 1  │  logits                            │  how to change the box if it is of that class
               4            │ 1       │  K + 1                             │  4 K                                         = 6 + 5 K

A row of the region proposal network (stage 0) judges an anchor: its two logits are background and object, its one change is that of
class 0, and the rest is zero. A row of the detector (stage 1) judges a proposal. The loss finds in the row which box it is about, so it
need not know the network's anchors; boxes are corners as fractions of the picture and carry no gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

PROPOSER, DETECTOR = 0.0, 1.0  # the stage of a row
BOX, STAGE = 4, 1  # columns


class Rows(NamedTuple):
    """Rows taken apart: boxes (B, N, 4), detects (B, N) bool, logits (B, N, K + 1), deltas (B, N, K, 4)."""

    boxes: Tensor
    detects: Tensor
    logits: Tensor
    deltas: Tensor


def width(classes: int) -> int:
    """Columns of a row: 6 + 5 K."""
    return BOX + STAGE + classes + 1 + 4 * classes


def pack(boxes: Tensor, stage: float, logits: Tensor, deltas: Tensor, classes: int) -> Tensor:
    """Rows (B, N, 6 + 5K) of boxes (B, N, 4), logits (B, N, at most K + 1) and deltas (B, N, at most 4 K); zeros where none is."""
    logits = F.pad(logits, [0, classes + 1 - logits.shape[-1]])
    deltas = F.pad(deltas, [0, 4 * classes - deltas.shape[-1]])
    boxes = boxes.detach().to(logits)
    return torch.cat([boxes, torch.full_like(boxes[..., :STAGE], stage), logits, deltas], dim=-1)


def unpack(rows: Tensor) -> Rows:
    """The parts of rows (B, N, 6 + 5K)."""
    classes = (rows.shape[-1] - BOX - STAGE - 1) // 5
    boxes, stage, logits, deltas = rows.split([BOX, STAGE, classes + 1, 4 * classes], dim=-1)
    return Rows(boxes.detach(), stage.detach().squeeze(-1) > 0.5, logits, deltas.unflatten(-1, (classes, 4)))
