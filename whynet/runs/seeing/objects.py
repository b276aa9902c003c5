"""Which objects of a picture were found, which were missed, and which were seen where there is none."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from whynet.vision.boxes import iou as overlap

SURE = 0.5  # the score from which an answer counts as given


@dataclass(frozen=True)
class Found:
    """Of one picture: which detections hit an object (D,), which objects were hit (M,); padded rows are neither."""

    hits: Tensor
    false: Tensor
    found: Tensor
    missed: Tensor


def surest(detections: Tensor, targets: Tensor, iou: float = 0.5) -> float:
    """The score from which on answers to (N, D, 6) and (N, M, 5) are right most often: twentieths, the best F1, `SURE` if none hits.

    F1 = 2 hits / (2 hits + false + missed).
    """
    each = [match(given, real, 0.0, iou) for given, real in zip(detections, targets, strict=True)]
    hits, false = torch.stack([one.hits for one in each]), torch.stack([one.false for one in each])
    objects, best, at = int((targets[..., 0] >= 0).sum()), 0.0, SURE
    for score in (step / 20 for step in range(1, 20)):
        right, wrong = (int((some & (detections[..., 1] >= score)).sum()) for some in (hits, false))  # the surest match first
        if (f1 := 2 * right / max(right + wrong + objects, 1)) > best:
            best, at = f1, score
    return at


def match(detections: Tensor, targets: Tensor, score: float = SURE, iou: float = 0.5) -> Found:
    """Match detections (D, 6) ``[class, score, x1, y1, x2, y2]`` with targets (M, 5) ``[class, x1, y1, x2, y2]`` of a picture.

    The surest first, each takes the free object of its class that it overlaps most, where that is ``iou`` or more.
    """
    given = (detections[:, 0] >= 0) & (detections[:, 1] >= score)
    real = targets[:, 0] >= 0
    overlaps = overlap(detections[:, 2:], targets[:, 1:])  # (D, M)
    hits, found = torch.zeros_like(given), torch.zeros_like(real)
    for one in detections[:, 1].argsort(descending=True, stable=True).tolist():
        free = real & ~found & (targets[:, 0] == detections[one, 0])
        if given[one] and free.any():
            best = int(torch.where(free, overlaps[one], -1.0).argmax())
            if overlaps[one, best] >= iou:
                hits[one] = found[best] = True
    return Found(hits, given & ~hits, found, real & ~found)
