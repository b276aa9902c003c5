"""Non-maximum suppression: of boxes that say the same thing, keep the surest.

    while boxes are left:   keep the one of the highest score;   drop it and all that overlap it by more than the threshold

Two forms of one rule. `nms` gives as many indices as there are and is for looking at answers. `nms_padded` always gives the same
number, with -1 where nothing was left; it has no shape and no branch that depends on values, so it can stand inside a network that
is traced and stacked. Boxes are corners (N, 4); with ``classes``, boxes of different classes do not suppress each other.
"""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.vision.boxes import iou

NEVER = float("-inf")  # the score of what is no candidate


def nms(boxes: Tensor, scores: Tensor, threshold: float = 0.5, classes: Tensor | None = None) -> Tensor:
    """Indices of the boxes that stay, the surest first: boxes (N, 4), scores (N,), classes (N,) or None → (n,) int64.

    Of equal scores the earlier box wins. A score of minus infinity or NaN is no candidate.
    """
    scores = _scores(scores)
    order = scores.argsort(descending=True, stable=True)
    order = order[: int((scores > NEVER).sum())]
    drops = _suppresses(boxes[order], threshold, None if classes is None else classes[order]).triu(diagonal=1)
    kept = torch.ones_like(order, dtype=torch.bool)
    while True:  # a box stays unless one that stays drops it; at least one more box is settled each time around
        settled = ~(drops & kept[:, None]).any(dim=0)
        if torch.equal(settled, kept):
            return order[kept]
        kept = settled


def nms_padded(boxes: Tensor, scores: Tensor, threshold: float, keep: int, classes: Tensor | None = None) -> Tensor:
    """The first ``keep`` indices that `nms` gives, then -1: boxes (..., N, 4), scores (..., N) → (..., keep) int64.

    Mask a box out by a score of minus infinity. ``indices.clamp(min=0)`` can be gathered with, ``indices >= 0`` says which count.
    """
    drops = _suppresses(boxes, threshold, classes)  # (..., N, N)
    places = torch.arange(boxes.shape[-2], device=boxes.device)
    left = _scores(scores.detach())
    kept = []
    for _ in range(keep):
        best, surest = left.max(dim=-1, keepdim=True).values, left.argmax(dim=-1, keepdim=True)  # (..., 1)
        dropped = drops.gather(-2, surest[..., None].expand(*surest.shape, drops.shape[-1])).squeeze(-2)  # (..., N)
        left = left.masked_fill(dropped | (places == surest), NEVER)  # itself by name: an empty box overlaps nothing
        kept.append(torch.where(best > NEVER, surest, -1))
    return torch.cat(kept, dim=-1)


def _scores(scores: Tensor) -> Tensor:
    """Scores that can be compared: what is not a number is no candidate."""
    return scores.masked_fill(scores.isnan(), NEVER)


def _suppresses(boxes: Tensor, threshold: float, classes: Tensor | None) -> Tensor:
    """Which box drops which: (..., N, N) bool."""
    drops = iou(boxes, boxes) > threshold
    return drops if classes is None else drops & (classes[..., :, None] == classes[..., None, :])
