"""By how much the right answer leads."""

from __future__ import annotations

import math

from torch import Tensor

from whynet.losses._shapes import check_labels, is_hit


def margin(scores: Tensor, labels: Tensor) -> Tensor:
    """m = y f with y = −1 or +1 for one unit, m = f_y − max_{j≠y} f_j for K units: (B,). Raises `ShapeError`."""
    check_labels(scores, labels)
    if scores.shape[1] == 1:
        return (2 * labels - 1).to(scores.dtype) * scores[:, 0]
    right = scores.gather(1, labels[:, None])[:, 0]  # (B,)
    rival = scores.masked_fill(is_hit(scores, labels), -math.inf).amax(dim=1)  # (B,)
    return right - rival
