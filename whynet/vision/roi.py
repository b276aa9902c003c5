"""What lies in a box, in a fixed number of cells whatever the box's size: the bridge from many boxes to one classifier.

       picture or feature map              cells                      each cell

    ┌────────────────────────┐         ┌──┬──┬──┐      roi_pool          the largest value of whole places (Fast R-CNN)
    │      ┌────────┐        │         ├──┼──┼──┤      spatial_pyramid   the same at several numbers of cells (SPP-net)
    │      │  box   │        │   →     ├──┼──┼──┤      roi_align         the mean of points between places (Mask R-CNN)
    │      └────────┘        │         └──┴──┴──┘      crop_and_warp     one point: the picture itself, warped (R-CNN)
    └────────────────────────┘

Boxes are corners as fractions of the picture, so the same box fits the picture and every map made of it. The number of cells is fixed
and nothing branches on a value: all four can be traced, stacked and differentiated, towards the map but not towards the boxes.

Girshick, Donahue, Darrell and Malik, Rich feature hierarchies (2014), appendix A; He, Zhang, Ren and Sun, Spatial pyramid pooling
(2014); Girshick, Fast R-CNN (2015); He, Gkioxari, Dollár and Girshick, Mask R-CNN (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.vision.boxes import centres, corners


def roi_pool(features: Tensor, boxes: Tensor, size: int) -> Tensor:
    """The largest value in each of size × size cells of each box: (B, C, H, W), (B, R, 4) → (B, R, C, size, size).

    A box's corners are rounded to whole places of the map, at least one place large. With h places, cell k holds the places from
    ⌊k·h/size⌋ up to ⌈(k+1)·h/size⌉: neighbours share a place where h is no multiple, and in a box of one place all cells are it.
    """
    return _pool(features, boxes, (size,))[0]


def spatial_pyramid(features: Tensor, boxes: Tensor, levels: Sequence[int] = (1, 2, 3, 6)) -> Tensor:
    """`roi_pool` at every level, flat and side by side: (B, C, H, W), (B, R, 4) → (B, R, C · Σ level²)."""
    return torch.cat([pooled.flatten(2) for pooled in _pool(features, boxes, levels)], dim=2)


def roi_align(features: Tensor, boxes: Tensor, size: int, samples: int = 2) -> Tensor:
    """The mean of samples × samples points in each of size × size cells of each box: (B, R, C, size, size). Nothing is rounded.

    A point lies between four places and is their mean, weighted by nearness; a place's value sits in its middle. Points beyond the
    map take what is on its edge.
    """
    points = _points(features, boxes, size * samples, beyond="border")  # (B, C, R, size·s, size·s)
    batch, channels, count = points.shape[:3]
    cells = points.reshape(batch, channels, count, size, samples, size, samples).mean(dim=(4, 6))
    return cells.transpose(1, 2)


def crop_and_warp(pictures: Tensor, boxes: Tensor, size: int, context: float = 0.0) -> Tensor:
    """Each box cut out and warped to size × size pixels, whatever its shape: (B, C, H, W), (B, R, 4) → (B, R, C, size, size).

    ``context``: so many of the size pixels on each side show what surrounds the box (16 of 227 in R-CNN). What lies outside the
    picture has the picture's mean colour.
    """
    middle, side = centres(boxes).split(2, dim=-1)
    wider = corners(torch.cat([middle, side * (size / (size - 2 * context))], dim=-1))
    mean = pictures.mean(dim=(2, 3), keepdim=True)  # (B, C, 1, 1)
    warped = _points(pictures - mean, wider, size, beyond="zeros")
    return (warped + mean[..., None]).transpose(1, 2)


def _points(features: Tensor, boxes: Tensor, number: int, beyond: str) -> Tensor:
    """number × number points spread evenly over each box: (B, C, R, number, number)."""
    batch, channels = features.shape[:2]
    steps = (torch.arange(number, device=boxes.device, dtype=boxes.dtype) + 0.5) / number
    low, high = boxes.detach()[..., None, :2], boxes.detach()[..., None, 2:]
    where = 2 * (low + steps[:, None] * (high - low)) - 1  # (B, R, number, 2), from -1 to 1 across the picture
    x = where[..., None, :, 0].expand(*where.shape[:2], number, number)
    y = where[..., :, None, 1].expand(*where.shape[:2], number, number)
    grid = (
        torch.stack([x, y], dim=-1).flatten(1, 2).to(features.dtype)
    )  # (B, R·number, number, 2): all boxes one above the other
    points = F.grid_sample(features, grid, mode="bilinear", padding_mode=beyond, align_corners=False)
    return points.reshape(batch, channels, -1, number, number)


# --- the largest value of any rectangle, in four look-ups ---------------------------------------------------------------------
#
# A row of 2^k places has its largest value in a table, for every k and every beginning. Any row of n places is two such rows that
# overlap, k = ⌊log₂ n⌋; any rectangle is four such rectangles. So a cell costs the same whether it holds one place or a thousand.
# The table holds the place of the largest value, too: the answer is then picked from the map, and its gradient goes to that place.


def _pool(features: Tensor, boxes: Tensor, levels: Sequence[int]) -> list[Tensor]:
    """The largest value in each cell of each box, for several numbers of cells: [(B, R, C, level, level), …]."""
    batch, channels, height, width = features.shape
    longest = [-(-side // min(levels)) + 1 for side in (height, width)]  # the most places that a cell is long
    table, starts = _largest(features.detach(), *(min(n, side) for n, side in zip(longest, (height, width), strict=True)))
    entries = table.values.shape[1]
    flat = Table(table.values.flatten(0, 1), table.places.flatten(0, 1))
    pictures = torch.arange(batch, device=boxes.device).reshape(batch, 1, 1, 1) * entries
    begins = torch.tensor(starts, device=boxes.device)  # (ky, kx)
    columns = width + 1 - 2 ** torch.arange(len(starts[0]), device=boxes.device)  # columns in a table of level kx
    places = features.flatten(2).transpose(1, 2)  # (B, H·W, C)
    answers = []
    for level in levels:
        top, bottom = _cells(boxes[..., 1], boxes[..., 3], height, level)  # (B, R, level)
        left, right = _cells(boxes[..., 0], boxes[..., 2], width, level)
        ky, kx = _doublings(bottom - top, height), _doublings(right - left, width)
        base = pictures + begins[ky[..., :, None], kx[..., None, :]]  # (B, R, level, level)
        across = columns[kx][..., None, :]
        corners_of = [
            base + y[..., :, None] * across + x[..., None, :] for y in (top, bottom - 2**ky) for x in (left, right - 2**kx)
        ]
        found = [Table(*(part.index_select(0, at.reshape(-1)) for part in flat)) for at in corners_of]
        best = _larger(_larger(found[0], found[1]), _larger(found[2], found[3])).places  # (B·R·level², C)
        pooled = places.gather(1, best.long().reshape(batch, -1, channels))
        answers.append(pooled.reshape(batch, -1, level, level, channels).permute(0, 1, 4, 2, 3))
    return answers


class Table(NamedTuple):
    """Largest values, and the places of the map where they are."""

    values: Tensor
    places: Tensor


def _larger(a: Table, b: Table) -> Table:
    """Entry by entry, the first where they are equal."""
    return Table(torch.maximum(a.values, b.values), torch.where(b.values > a.values, b.places, a.places))


def _cells(low: Tensor, high: Tensor, places: int, number: int) -> tuple[Tensor, Tensor]:
    """First place, and the one after the last, of each cell along one side: (B, R) → (B, R, number) twice, whole numbers."""
    first = (low.detach() * places + 0.5).floor().long().clamp(0, places - 1)[..., None]
    last = torch.maximum((high.detach() * places + 0.5).floor().long().clamp(0, places)[..., None], first + 1)
    length, k = last - first, torch.arange(number, device=low.device)
    return first + k * length // number, first - (-(k + 1) * length) // number  # the second is a ceiling


def _doublings(lengths: Tensor, most: int) -> Tensor:
    """⌊log₂ n⌋ of whole numbers from 1 to most, without a rounding error."""
    powers = 2 ** torch.arange(1, most.bit_length(), device=lengths.device)
    return (lengths[..., None] >= powers).sum(dim=-1)


def _largest(features: Tensor, tall: int, wide: int) -> tuple[Table, list[list[int]]]:
    """The largest value of every rectangle of 2^i × 2^j places up to tall × wide: (B, L, C), and where each (i, j) begins in it."""
    values = features.permute(0, 2, 3, 1).contiguous()  # (B, H, W, C): the channels of a place together, as they are looked up
    places = torch.arange(values.shape[1] * values.shape[2], device=values.device, dtype=torch.int32)
    tables, starts, begin = [], [], 0
    rows = Table(values, places.reshape(*values.shape[1:3], 1).expand_as(values))
    for i in range(tall.bit_length()):
        if i:
            half = 2 ** (i - 1)
            rows = _larger(Table(*(part[:, :-half] for part in rows)), Table(*(part[:, half:] for part in rows)))
        starts.append([0] * wide.bit_length())
        both = rows
        for j in range(wide.bit_length()):
            if j:
                half = 2 ** (j - 1)
                both = _larger(Table(*(part[:, :, :-half] for part in both)), Table(*(part[:, :, half:] for part in both)))
            tables.append(Table(*(part.flatten(1, 2) for part in both)))
            starts[i][j] = begin
            begin += both.values.shape[1] * both.values.shape[2]
    return Table(*(torch.cat(parts, dim=1) for parts in zip(*tables, strict=True))), starts
