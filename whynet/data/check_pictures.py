"""Is this an answer for pictures? A class for every pixel, or boxes that lie inside."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.data.source import Source, Table
from whynet.errors import DataError
from whynet.text import Text


def check_pixels(source: Source) -> None:
    """Raises `DataError` unless ``y`` (N, H, W) gives each pixel of ``x`` (N, C, H, W) a class, or -1."""
    x, y, classes = source.x, source.y, len(source.classes)
    shape = None if isinstance(x, Table) else tuple(x.shape[2:])
    if y.ndim != 3 or y.is_floating_point() or tuple(y.shape[1:]) != shape:
        raise DataError(_MASKS, expected=("N", *(shape or ("H", "W"))), received=tuple(y.shape))
    outside = (y < -1) | (y >= classes)
    if outside.any():
        row = int(outside.flatten(1).any(1).nonzero()[0])
        raise DataError(_CLASS, row=row, received=int(y[outside][0]), last=classes - 1, classes=classes)
    if not (y >= 0).any():
        raise DataError(_NOTHING)


def check_boxes(source: Source) -> None:
    """Raises `DataError` unless ``y`` (N, M, 5) holds boxes of known classes, corner before corner, inside the picture."""
    y, classes = source.y, len(source.classes)
    if y.ndim != 3 or y.shape[2] != 5 or not y.is_floating_point():
        raise DataError(_BOXES, received=tuple(y.shape))
    kind, corners = y[..., 0], y[..., 1:]
    real = kind >= 0
    wrong = (kind != kind.round()) | (kind < -1) | (kind >= classes)
    if wrong.any():
        at = int(wrong.any(1).nonzero()[0])
        raise DataError(_CLASS_OF_BOX, row=at, received=f"{float(kind[wrong][0]):g}", last=classes - 1, classes=classes)
    inside = (corners >= 0).all(-1) & (corners <= 1).all(-1) & (corners[..., 2:] > corners[..., :2]).all(-1)
    if (real & ~inside).any():
        at = int((real & ~inside).any(1).nonzero()[0])
        raise DataError(_OUTSIDE, row=at, received=_written(corners[real & ~inside][0]))
    if not real.any():
        raise DataError(_NO_BOX)


def _written(box: Tensor) -> str:
    return ", ".join(f"{value:g}" for value in torch.as_tensor(box).tolist())


_MASKS = Text(
    "Expected a whole-number class for every pixel of its picture, targets of shape {expected}. Received: {received}. "
    "Resize a mask with its picture, without blending (nearest neighbour).",
    "그림의 픽셀마다 정수 클래스가 있어야 한다. 목푯값의 모양: {expected}. 받은 것: {received}. "
    "마스크(mask)는 그림과 같은 크기로, 값을 섞지 않고(최근접 이웃) 맞춘다.",
)
_CLASS = Text(
    "Pixels of {classes} classes are numbered from 0 to {last}, or -1 where they are not judged. Received {received} in example {row}.",
    "클래스가 {classes}개면 픽셀 값은 0부터 {last}까지이고, 채점하지 않는 곳은 -1이다. {row}번 예제에서 받은 것: {received}.",
)
_NOTHING = Text(
    "No pixel of any mask has a class: all are -1. There is nothing to learn.",
    "클래스가 있는 픽셀이 하나도 없다. 모두 -1이라 배울 것이 없다.",
)
_BOXES = Text(
    "Expected boxes of shape (N, M, 5), each [class, x1, y1, x2, y2], rows that hold no box with class -1. Received: {received}.",
    "박스는 (N, M, 5) 모양이어야 한다. 행은 [클래스, x1, y1, x2, y2]이고 빈 행의 클래스는 -1이다. 받은 것: {received}.",
)
_CLASS_OF_BOX = Text(
    "Objects of {classes} class(es) are numbered from 0 to {last}; rows that hold no box have class -1. "
    "Received {received} in example {row}.",
    "클래스가 {classes}개면 물체의 번호는 0부터 {last}까지이고 빈 행은 -1이다. {row}번 예제에서 받은 것: {received}.",
)
_OUTSIDE = Text(
    "A box is [x1, y1, x2, y2] in fractions of width and height, from 0 to 1, the left upper corner first. "
    "Received {received} in example {row}. Divide by the size of the picture, and clip what lies outside.",
    "박스는 너비와 높이에 대한 비율(0~1)로 쓴 [x1, y1, x2, y2]이고 왼쪽 위 모서리가 먼저다. "
    "{row}번 예제에서 받은 것: {received}. 그림의 크기로 나누고 밖으로 나간 부분은 자른다.",
)
_NO_BOX = Text(
    "There is no box in any example: nothing to find.",
    "박스가 있는 예제가 하나도 없다. 찾을 것이 없다.",
)
