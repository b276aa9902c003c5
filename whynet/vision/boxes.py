"""Boxes, how much they overlap, and how one is told as a change of another.

    corners  [x1, y1, x2, y2]          centres  [x, y, w, h]

              x1,y1 ┌───────┐                    ┌─── w ───┐
                    │       │                    │  (x, y) h
                    └───────┘ x2,y2              └─────────┘

Boxes are (..., 4), in fractions of the picture or in pixels: nothing here asks which, as long as all are in the same. Unless said
otherwise they are corners. Everything is a pure function of whole tensors, so it can be traced, batched and differentiated, and
an empty box (a row of padding) gives numbers: no overlap, no gradient that is not one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

TINY = 1e-6  # sizes are held above it before they divide or go into a logarithm
LARGEST_GROWTH = math.log(1000 / 16)  # a decoded box is at most this much larger than its anchor: exp() stays finite


def corners(boxes: Tensor) -> Tensor:
    """``[x - w/2, y - h/2, x + w/2, y + h/2]`` of boxes given as centres: (..., 4) → (..., 4)."""
    middle, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([middle - half, middle + half], dim=-1)


def centres(boxes: Tensor) -> Tensor:
    """``[(x1 + x2)/2, (y1 + y2)/2, x2 - x1, y2 - y1]`` of boxes given as corners: (..., 4) → (..., 4)."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return torch.cat([(low + high) / 2, high - low], dim=-1)


def area(boxes: Tensor) -> Tensor:
    """``w · h``, 0 where a box is turned inside out: (..., 4) → (...)."""
    size = (boxes[..., 2:] - boxes[..., :2]).clamp(min=0)
    return size[..., 0] * size[..., 1]


def paired_iou(a: Tensor, b: Tensor) -> Tensor:
    """``area(a ∩ b) / area(a ∪ b)`` of each box and its partner: (..., 4), (..., 4) → (...), broadcasting; 0 for two empty boxes."""
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., 2:], b[..., 2:])
    both = area(torch.cat([low, high], dim=-1))
    either = area(a) + area(b) - both
    there = either > 0
    return torch.where(there, both / torch.where(there, either, 1.0), 0.0)  # the inner where keeps 0/0 out of the gradient


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of each box with each: a (..., N, 4), b (..., M, 4) → (..., N, M), between 0 and 1."""
    return paired_iou(a[..., :, None, :], b[..., None, :, :])


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """The change that makes an anchor the box, ``[(x - xₐ)/wₐ, (y - yₐ)/hₐ, ln w/wₐ, ln h/hₐ]``: (..., 4), (..., 4) → (..., 4).

    Free of the anchor's place and size, so that a far and a near object ask the network for the same numbers. Both are corners.
    Girshick, Donahue, Darrell and Malik, Rich feature hierarchies for accurate object detection (2014), appendix C.
    """
    box, anchor = centres(boxes), centres(anchors)
    size, base = box[..., 2:].clamp(min=TINY), anchor[..., 2:].clamp(min=TINY)
    return torch.cat([(box[..., :2] - anchor[..., :2]) / base, (size / base).log()], dim=-1)


def decode(deltas: Tensor, anchors: Tensor) -> Tensor:
    """The box that a change makes of an anchor, `encode` undone: (..., 4), (..., 4) → (..., 4) corners.

    A side grows at most by 1000/16, so that a wild answer early in training stays finite.
    """
    anchor = centres(anchors)
    size = anchor[..., 2:]
    middle = anchor[..., :2] + deltas[..., :2] * size
    return corners(torch.cat([middle, size * deltas[..., 2:].clamp(max=LARGEST_GROWTH).exp()], dim=-1))


def clip(boxes: Tensor, width: float = 1.0, height: float = 1.0) -> Tensor:
    """The part of each box that lies in the picture, (..., 4) → (..., 4); 1 × 1 for boxes in fractions."""
    x = boxes[..., 0::2].clamp(0, width)
    y = boxes[..., 1::2].clamp(0, height)
    return torch.stack([x[..., 0], y[..., 0], x[..., 1], y[..., 1]], dim=-1)
