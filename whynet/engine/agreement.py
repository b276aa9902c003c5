"""Whether two tiers came to the same: what a compiled step must pass before it is taken."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

ROUNDING = 1e-6
PLAIN = 3  # what the step of a rule without a state gives back: loss, weights, readings
CLOSE = 1e-4  # relative; a compiled step that is further from the traced one is thrown away


def agrees(compiled: Sequence[Tensor], traced: Sequence[Tensor], weights: Tensor) -> bool:
    """Whether two steps from the same ``weights`` came to the same (loss, weights, buffers and state, readings), rounding aside.

    Where a gradient is nothing but rounding (a bias before a batch norm, a weight behind a nearly dead unit), Adam divides it by its
    own size, and the two may go different ways by a whole step. So where all else agrees, the optimizer's state among it, a tenth of
    each arm's weights may differ by as much as two of the longest steps. A rule without a state has no such excuse.
    """
    if not all(_close(a, b).all() for i, (a, b) in enumerate(zip(compiled, traced, strict=True)) if i != 1):
        return False
    longest = (traced[1] - weights).abs().amax(dim=-1, keepdim=True)  # of each arm
    apart = (compiled[1] - traced[1]).abs()
    same = (apart <= CLOSE * longest) | (apart <= ROUNDING * (1 + traced[1].abs()))
    if len(traced) <= PLAIN:
        return bool(same.all())
    return bool((same.double().mean(dim=-1) >= 0.9).all()) and bool((apart <= 2 * longest).logical_or(same).all())


def _close(a: Tensor, b: Tensor) -> Tensor:
    return torch.isclose(a, b, rtol=CLOSE, atol=CLOSE, equal_nan=True)
