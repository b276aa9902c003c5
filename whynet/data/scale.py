"""Putting inputs and targets on a common scale, with numbers taken from the training examples alone."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from whynet.data.options import Scale
from whynet.text import Text

FLAT = 1e-12  # a column whose spread is below this share of its size is constant


def scaled(x: Tensor, train: Tensor, how: Scale, scalable: Tensor | None = None) -> Tensor:
    """(x - shift) / spread as float32, the same shape. Columns (N, D) are scaled one by one, images (N, C, H, W) by channel."""
    if how == "none":
        return x.float()
    shift, spread = fit(x[train], how)
    if scalable is not None:
        shift, spread = torch.where(scalable, shift, 0), torch.where(scalable, spread, 1)
    return x.sub(shift).div_(spread).float()


def fit(x: Tensor, how: Scale) -> tuple[Tensor, Tensor]:
    """Shift and spread, shaped to broadcast over x: mean and std (of the population), or minimum and range."""
    over = {2: (0,), 4: (0, 2, 3)}.get(x.ndim, tuple(range(x.ndim)))
    if x.ndim == 2:  # a table: in double, for its units may be large numbers with small differences
        x = x.double()
    if how == "standard":
        spread, shift = torch.std_mean(x, over, correction=0, keepdim=True)
    else:
        shift = x.amin(over, keepdim=True)
        spread = x.amax(over, keepdim=True) - shift
    return shift, torch.where(spread > FLAT * shift.abs().clamp(min=1), spread, 1)


def standard_targets(y: Tensor, train: Tensor) -> tuple[Tensor, Text]:
    """(y - mean) / std as float32, and a note with the numbers that undo it."""
    mean, std = fit(y[train], "standard")
    note = _TARGETS.fill(mean=_numbers(mean), std=_numbers(std))
    return y.double().sub(mean).div(std).float(), note


def _numbers(values: Tensor) -> str:
    return ", ".join(f"{value:.4g}" for value in values.flatten().tolist())


SCALED: Mapping[Scale, Text] = {
    "standard": Text(
        "Inputs were standardised, (x - mean) / std, with mean and std of the {n} training examples.",
        "입력을 표준화(standardise)했다: (x - 평균) / 표준편차. 평균과 표준편차는 훈련 예제 {n}개에서만 구했다.",
    ),
    "minmax": Text(
        "Inputs were put between 0 and 1, (x - min) / (max - min), with the extremes of the {n} training examples.",
        "입력을 0과 1 사이로 옮겼다: (x - 최솟값) / (최댓값 - 최솟값). 최솟값과 최댓값은 훈련 예제 {n}개에서만 구했다.",
    ),
}
_TARGETS = Text(
    "Targets were standardised: (y - {mean}) / {std}.",
    "목푯값을 표준화했다: (y - {mean}) / {std}.",
)
