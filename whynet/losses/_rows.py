"""What the losses of region detectors share: which object a row is about, how rows are weighed, how answers are read off."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.errors import RecipeError, ShapeError
from whynet.task import Task
from whynet.text import Text
from whynet.vision.boxes import clip, decode, encode, iou
from whynet.vision.nms import NEVER, nms_padded
from whynet.vision.rows import unpack, width

DEVIATIONS = (0.1, 0.1, 0.2, 0.2)  # of a region's changes: the network is asked for changes divided by these, near one in size
TOGETHER = 128  # pictures whose answers are read at a time


class Matched(NamedTuple):
    """For each row the object that it overlaps most: by how much (B, N), its class (B, N), its box (B, N, 4); all overlaps (B, N, M)."""

    overlap: Tensor
    label: Tensor
    box: Tensor
    overlaps: Tensor


def match(boxes: Tensor, targets: Tensor) -> Matched:
    """Rows' boxes (B, N, 4) against objects (B, M, 5); a row of padding, class -1, is met by none: its overlap is -1."""
    overlaps = iou(boxes, targets[..., 1:].to(boxes)).masked_fill(targets[:, None, :, 0] < 0, -1.0)
    overlap, which = overlaps.max(dim=-1)
    chosen = targets.to(boxes).gather(1, which[..., None].expand(*which.shape, 5))
    return Matched(overlap, chosen[..., 0].long(), chosen[..., 1:], overlaps)


def shares(positive: Tensor, negative: Tensor, size: int, most: float) -> Tensor:
    """The weight of each row, (B, N): how often it is in a sample of ``size`` rows a picture, at most that share of them positive.

    The papers draw such a sample at random at every step. Here each row has the weight that it has in the mean of all draws: the same
    gradient on average, without the draw's noise, and a step that is a function of its inputs.
    """
    positives = positive.sum(dim=1, keepdim=True).to(torch.float32)
    negatives = negative.sum(dim=1, keepdim=True).to(torch.float32)
    drawn = positives.clamp(max=most * size)
    rest = torch.minimum(negatives, size - drawn)
    return positive * (drawn / positives.clamp(min=1)) + negative * (rest / negatives.clamp(min=1))


def smooth_l1(found: Tensor, wanted: Tensor, beta: float = 1.0) -> Tensor:
    """``Σ e² / 2β`` where ``e = |found - wanted| < β``, else ``e - β/2``, over the last axis: (..., 4) → (...)."""
    return F.smooth_l1_loss(found, wanted, beta=beta, reduction="none").sum(dim=-1)


def changes(boxes: Tensor, anchors: Tensor, deviations: Tensor) -> Tensor:
    """What the network is to answer for boxes to come from anchors: (B, N, 4); rows without a box are asked for nothing finite."""
    return encode(boxes, anchors) / deviations


def deviations(like: Tensor) -> Tensor:
    return torch.tensor(DEVIATIONS, device=like.device, dtype=like.dtype)


def read_regions(outputs: Tensor, overlap: float, least: float, most: int) -> Tensor:
    """Detections (N, most, 6), rows ``[class, score, x1, y1, x2, y2]`` by falling score, then rows of class -1.

    Each class on its own: every region, changed as it asks for that class, with its probability of it as the score; then
    non-maximum suppression at ``overlap``. Scores below ``least`` are left out.
    """
    return torch.cat([_read(part, overlap, least, most) for part in outputs.split(TOGETHER)])


def _read(outputs: Tensor, overlap: float, least: float, most: int) -> Tensor:
    detects = unpack(outputs[:1]).detects[0]  # the same rows in every picture
    boxes, _, logits, deltas = unpack(outputs[:, detects])
    pictures, regions, classes = deltas.shape[:3]
    changed = clip(decode(deltas * deviations(deltas), boxes[:, :, None]))  # (B, R, K, 4)
    changed = changed.transpose(1, 2)  # (B, K, R, 4)
    scores = logits.softmax(dim=-1)[..., 1:].transpose(1, 2)  # (B, K, R)
    scores = scores.masked_fill(scores < least, NEVER)
    kept = nms_padded(changed, scores, overlap, min(regions, most))  # (B, K, n)
    safe = kept.clamp(min=0)
    scores = scores.gather(2, safe).masked_fill(kept < 0, NEVER)
    changed = changed.gather(2, safe[..., None].expand(*safe.shape, 4))
    label = torch.arange(classes, device=outputs.device)[None, :, None].expand_as(scores)
    rows = torch.cat([label[..., None].to(scores), scores[..., None], changed], dim=-1).flatten(1, 2)  # (B, K·n, 6)
    rows = torch.cat([rows, rows.new_full((pictures, most, 6), NEVER)], dim=1)  # at least as many as are asked for
    best, order = rows[..., 1].topk(most, dim=1)
    rows = rows.gather(1, order[..., None].expand(*order.shape, 6))
    nothing = torch.tensor([-1.0, 0, 0, 0, 0, 0], device=rows.device, dtype=rows.dtype)
    return torch.where(best[..., None] > NEVER, rows, nothing)


def check_rows(outputs: Tensor, targets: Tensor) -> None:
    """Raise `ShapeError` unless outputs are rows (B, N, 6 + 5K) and targets boxes (B, M, 5)."""
    rows = outputs.ndim == 3 and outputs.shape[2] >= width(1) and (outputs.shape[2] - width(0)) % 5 == 0
    if not rows or targets.ndim != 3 or targets.shape[2] != 5 or len(outputs) != len(targets):
        raise ShapeError(_NOT_ROWS, outputs=tuple(outputs.shape), targets=tuple(targets.shape))


def objects(loss: str, task: Task) -> int:
    """K of a task that is a detection. Raises `RecipeError` for any other."""
    if task.kind != "detect":
        raise RecipeError(_NOT_BOXES, loss=loss, task=task.words)
    return task.outputs


_NOT_ROWS = Text(
    "Expected outputs of shape (batch, rows, 6 + 5 · classes), as rcnn, sppnet, fast_rcnn and faster_rcnn give, and targets of shape "
    "(batch, objects, 5). Received: outputs {outputs}, targets {targets}.",
    "출력은 rcnn, sppnet, fast_rcnn, faster_rcnn이 내는 (배치, 행, 6 + 5 · 클래스) 모양, 타깃(target)은 (배치, 물체, 5) 모양이어야 한다. "
    "받은 것: 출력 {outputs}, 타깃 {targets}.",
)
_NOT_BOXES = Text(
    "{loss} is a loss for detection. Received a task of another kind: {task}. Leave the loss out, and the task picks one that fits.",
    "{loss:은} 검출(detection)용 손실 함수다. 받은 과제: {task}. 손실 함수를 적지 않으면 과제에 맞는 것이 쓰인다.",
)
