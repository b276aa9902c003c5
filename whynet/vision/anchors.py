"""Anchors: boxes of fixed sizes and shapes at every place of a feature map, which a network only has to correct.

    a place, its k anchors           ┌──┐   ┌────┐   ┌────────┐
    (here one size, ratios           │  │   │ ·  │   │   ·    │
    2, 1 and 1/2 of h to w)          │· │   └────┘   └────────┘
                                     └──┘

Ren, He, Girshick and Sun, Faster R-CNN (2015), section 3.1.1: 3 sizes × 3 ratios = 9 anchors at each place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from whynet.vision.boxes import corners


def anchors(
    picture: tuple[int, int], cells: tuple[int, int], sizes: Sequence[float], ratios: Sequence[float],
    device: torch.device | str | None = None, dtype: torch.dtype | None = None,
) -> Tensor:  # fmt: skip
    """All anchors, place by place along the rows, at each place ratio by ratio, for each ratio size by size: (H'·W'·k, 4) corners.

    picture: (H, W) pixels; cells: (H', W') places of the map; sizes: square roots of the anchors' areas in pixels; ratios: h / w.
    Corners are fractions of the picture and may lie outside it. An anchor's centre is that of its place.
    """
    to: Any = {"device": device, "dtype": dtype}
    (height, width), (rows, columns) = picture, cells
    y = (torch.arange(rows, **to) + 0.5) / rows
    x = (torch.arange(columns, **to) + 0.5) / columns
    tall = torch.tensor([[size * ratio**0.5 / height for size in sizes] for ratio in ratios], **to).reshape(-1)
    wide = torch.tensor([[size / ratio**0.5 / width for size in sizes] for ratio in ratios], **to).reshape(-1)
    shape = (rows, columns, len(tall))
    each = (x[None, :, None], y[:, None, None], wide, tall)
    return corners(torch.stack([part.expand(shape) for part in each], dim=-1)).reshape(-1, 4)
