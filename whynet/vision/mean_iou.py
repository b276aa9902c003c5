"""Mean intersection over union: how well an answer made of pixels covers what it should.

                 target                 n[i, j]: pixels of class i that were called j
              ┌─────────┐               IoU_k  = n[k, k] / (Σ_j n[k, j] + Σ_i n[i, k] − n[k, k])
              │    ┌────┼────┐          mean over the classes that occur in the targets
              │    │both│    │
              └────┼────┘    │  answer  A class of few pixels counts as much as the background, so that calling
                   └─────────┘          everything background is no good answer, however many pixels it gets right.

Everingham, Van Gool, Williams, Winn and Zisserman, The PASCAL visual object classes challenge (2010); Long et al. (2015).
"""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.errors import ShapeError
from whynet.text import Text

NOT_JUDGED = -1  # the class of a pixel that does not count


def pixel_confusion(predicted: Tensor, targets: Tensor, classes: int) -> Tensor:
    """``n[i, j]``: judged pixels of class i that were called j, (K, K) int64, from class indices of equal shape.

    Raises `ShapeError` where the shapes differ or a class is none of the K.
    """
    if predicted.shape != targets.shape:
        raise ShapeError(_NOT_ALIKE, predicted=tuple(predicted.shape), targets=tuple(targets.shape))
    judged = targets != NOT_JUDGED
    said, wanted = predicted[judged].long(), targets[judged].long()  # (pixels,)
    for answer in (said, wanted):
        if len(answer) and not 0 <= int(answer.min()) <= int(answer.max()) < classes:
            raise ShapeError(_NO_CLASS, last=classes - 1, low=int(answer.min()), high=int(answer.max()))
    return (wanted * classes + said).bincount(minlength=classes * classes).reshape(classes, classes)


def class_iou(confusion: Tensor) -> Tensor:
    """``n[k, k] / (Σ_j n[k, j] + Σ_i n[i, k] − n[k, k])`` of each class, (K,) float64; NaN where no pixel should be of it."""
    hits, wanted, said = confusion.diagonal().double(), confusion.sum(1), confusion.sum(0)
    iou = hits / (wanted + said - hits)
    return torch.where(wanted > 0, iou, torch.nan)


def mean_iou(predicted: Tensor, targets: Tensor, classes: int) -> float:
    """The mean of `class_iou` over the classes that occur in the targets; both (N, H, W) int64. NaN where no pixel is judged.

    Which classes are in the mean depends on the targets alone, so that two networks are judged on the same ones. All pictures
    are counted together. Raises as `pixel_confusion` does.
    """
    return float(class_iou(pixel_confusion(predicted, targets, classes)).nanmean())


_NOT_ALIKE = Text(
    "Expected a class for each pixel of the mask. Received: an answer of shape {predicted} and masks of shape {targets}. "
    "Bring both to one height and width.",
    "마스크(mask)의 픽셀마다 클래스가 하나씩 있어야 한다. 받은 것: 모양이 {predicted}인 답, 모양이 {targets}인 마스크. "
    "둘의 높이와 너비를 맞춘다.",
)
_NO_CLASS = Text(
    "Expected classes from 0 to {last}, or -1 for a pixel that is not judged. Received: classes from {low} to {high}.",
    "클래스는 0부터 {last}까지이고 따지지 않는 픽셀은 -1이어야 한다. 받은 것: {low}부터 {high}까지.",
)
