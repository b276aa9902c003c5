"""What the targets of a loss are, held against what can reach them: the range of the last operation, or of what the loss reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Range = tuple[float, float]

LIKELIHOODS = {"binary_cross_entropy", "binary_cross_entropy_with_logits"}  # of targets that are 0, 1, or a share between
DISTANCES = {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"}  # least where the output equals the target
CLASSES = {"cross_entropy", "nll_loss"}
UNIT: Range = (0.0, 1.0)
MARGIN = 0.25  # beyond 0 or 1 that training with noisy labels on purpose may go: 0.7 to 1.2 in place of 1 is seen for GANs
SLACK = 0.05  # of the targets' spread: to miss a target by that costs 0.0025 of its variance
CODES = 20  # different whole numbers at the most: more are counts

RANGES: dict[str, Range] = {
    "Sigmoid": UNIT, "Softmax": UNIT, "Hardsigmoid": UNIT, "Tanh": (-1.0, 1.0), "Relu": (0.0, math.inf), "Exp": (0.0, math.inf),
    "Softplus": (0.0, math.inf), "LogSoftmax": (-math.inf, 0.0), "LogSigmoid": (-math.inf, 0.0),
}  # fmt: skip
ENDS = {"Hardtanh": ("_saved_min_val", "_saved_max_val"), "ClampMin": ("_saved_min", ""), "Clamp": ("_saved_min", "_saved_max")}
PASSED = {
    "View", "Squeeze", "Unsqueeze", "Alias", "ToCopy", "Reshape", "ReshapeAlias", "UnsafeView", "Select", "Slice", "Permute", "T",
    "Transpose", "Clone", "Expand",
}  # fmt: skip  # these only pick or move values


@dataclass(frozen=True)
class Targets:
    """The targets of one call of a loss, as far as they matter for what can reach them."""

    low: float
    high: float
    count: int
    reach: Range | None  # what the outputs can be, or what the loss reads; None where that is any number
    outside: float = 0.0  # share of them out of reach
    codes: tuple[float, ...] = ()  # the different ones, where some are out of reach and all are few whole numbers
    tagged: float | None = None  # share of rows (N, K) of 0 and 1 in which not exactly one is 1; None for other rows


def targets_of(name: str, made: Any, target: Tensor, weight: Tensor | None = None, classes: int = 0) -> Targets | None:
    """The targets of a loss called by a name on what a node of a graph made; None where nothing bounds them. O(B).

    classes: how many there are, for a loss that counts them from 0. Targets that a weight of 0 keeps out do not count.
    """
    reach = UNIT if name in LIKELIHOODS else range_of(made) if name in DISTANCES else (0.0, classes - 1.0) if classes else None
    if reach is None or not target.numel() or target.is_complex():
        return None
    y = target.detach().float() if target.dtype is torch.bool else target.detach()
    if weight is not None:
        y = y[(weight != 0).expand_as(y)]
        if not y.numel():
            return None
    low, high = (float(v) for v in torch.aminmax(y))
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    tagged = _tagged(y, low, high) if name in LIKELIHOODS else None
    slack = float(y.float().std(correction=0)) * SLACK if name in DISTANCES else 0.0
    if low >= reach[0] - slack and high <= reach[1] + slack:
        return Targets(low, high, y.numel(), reach, tagged=tagged)
    codes = _codes(y)
    if name in LIKELIHOODS and not codes:
        slack = MARGIN
    outside = float(((y < reach[0] - slack) | (y > reach[1] + slack)).float().mean())
    return Targets(low, high, y.numel(), reach, outside, codes, tagged)


def _codes(y: Tensor) -> tuple[float, ...]:
    if bool((y != y.round()).any() if y.is_floating_point() else False):
        return ()
    found = y.unique()
    return tuple(float(v) for v in found) if len(found) <= CODES else ()


def _tagged(y: Tensor, low: float, high: float) -> float | None:
    if y.ndim != 2 or y.shape[1] < 2 or low < 0 or high > 1 or bool(((y != 0) & (y != 1)).any()):
        return None
    return float((y.sum(dim=1) != 1).float().mean())


def range_of(made: Any) -> Range | None:
    """What the last operation before a node of a graph can put out, past those that only pick or move values; None: anything."""
    while made is not None and _kind(made) in PASSED:
        made = made.next_functions[0][0] if made.next_functions else None
    if made is None:
        return None
    kind = _kind(made)
    if kind in ENDS:
        low, high = (getattr(made, end, None) if end else None for end in ENDS[kind])
        if isinstance(low, Tensor) or isinstance(high, Tensor):
            return None
        return (-math.inf if low is None else float(low), math.inf if high is None else float(high))
    return RANGES.get(kind)


def _kind(node: Any) -> str:
    return str(node.name()).partition("Backward")[0]


def share_outside(calls: list[Targets]) -> float:
    """Share of all targets that are out of reach."""
    return sum(one.outside * one.count for one in calls) / max(1, sum(one.count for one in calls))
