"""Cross-entropy of every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from whynet.losses._pixels import check_masks, choose_pixels, pixel_classes
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task


@register(
    "loss",
    year=2015,
    source="Long, Shelhamer and Darrell, Fully convolutional networks for semantic segmentation",
    accepts=("segment",),
    en="Cross-entropy of the class of each pixel, the mean over those that are judged: a picture is as many examples as it has pixels.",
    ko="픽셀마다 클래스의 교차 엔트로피(cross-entropy)를 구해, 따지는 픽셀에서 평균한다. 그림 한 장이 픽셀 수만큼의 예제가 된다.",
)
@dataclass(frozen=True)
class PixelCrossEntropy(Loss):
    """``mean over pixels with y ≥ 0 of -log softmax(f)_y``, for K logits a pixel; a pixel of class -1 does not count.

    Zero where no pixel of the batch is judged. Raises `ShapeError` unless outputs are (B, K, H, W) and targets (B, H, W) classes.
    """

    reads: ClassVar[str] = "logits"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_masks(outputs, targets)
        judged = targets >= 0  # (B, H, W)
        log_p = outputs.log_softmax(dim=1).gather(1, targets.clamp_min(0)[:, None])[:, 0]  # (B, H, W), of the right class
        return -torch.where(judged, log_p, 0.0).sum() / judged.sum().clamp_min(1)

    def units(self, task: Task) -> int:
        return pixel_classes("pixel_cross_entropy", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose_pixels(outputs)
