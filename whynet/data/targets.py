"""Targets of a user's own: labels, class names, one-hot rows or values, whichever they look like or were said to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from whynet.data.check import FEWER, check_labels
from whynet.errors import DataError
from whynet.task import TaskKind
from whynet.text import Text


@dataclass(frozen=True)
class Answers:
    """Targets as a network needs them, and what they are called."""

    values: Tensor  # (N,) int64 or (N, n) float32; (N, H, W) int64 classes of pixels, (N, M, 5) float32 boxes
    classes: tuple[str, ...]
    names: tuple[str, ...]
    notes: tuple[Text, ...] = ()
    asks: TaskKind | None = None  # where the classes alone do not tell


def read_targets(y: np.ndarray, task: TaskKind | None, classes: Sequence[str] | int | None) -> Answers:
    """Targets (N,), (N, 1), (N, n) or one-hot (N, K) as labels or values; masks (N, H, W), boxes (N, M, 5). Raises `DataError`."""
    if task in ("segment", "detect") or (task is None and y.ndim == 3 and (y.dtype.kind in "iu" or y.shape[2] == 5)):
        return _of_pictures(y, task, classes)
    if y.ndim > 2:
        raise DataError(_TARGET_SHAPE, shape=y.shape)
    column = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if column.dtype.kind in "US":
        return _named(column, task, classes)
    if column.dtype.kind not in "fiub":
        raise DataError(TARGET_KIND, dtype=column.dtype)
    task = task or ("classify" if classes is not None or _looks_like_labels(column) else "regress")
    if task == "regress":
        with np.errstate(over="ignore"):
            values = torch.from_numpy(column.astype(np.float32)).reshape(len(column), -1)
        return Answers(values, (), tuple(f"y{i + 1}" for i in range(values.shape[1])) if values.shape[1] > 1 else ("y",))
    notes = []
    if column.ndim == 2:
        if not _one_hot(column):
            raise DataError(_TARGET_SHAPE, shape=y.shape)
        names = _class_names(classes, column.shape[1])
        return Answers(torch.from_numpy(column.argmax(1)), names, ("class",), (_ONE_HOT,))
    if column.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            odd = np.flatnonzero(~(column % 1 == 0))
        if len(odd):
            raise DataError(_NOT_LABELS, value=column[odd[0]], row=int(odd[0]), n=len(odd))
        notes.append(_WHOLE)
    labels = torch.from_numpy(column.astype(np.int64))
    if classes is None and int(labels.max()) >= len(labels):  # before a name is made for each of them
        raise DataError(FEWER, n=len(labels), classes=int(labels.max()) + 1)
    known = _class_names(classes, int(labels.max()) + 1)
    if int(labels.min()) < 0 and classes is None:
        known = tuple(str(label) for label in range(len(labels.unique())))  # the error says which labels are outside
    check_labels(labels, len(known))
    return Answers(labels, known, ("class",), tuple(notes))


def _of_pictures(y: np.ndarray, task: TaskKind | None, classes: Sequence[str] | int | None) -> Answers:
    """Classes of pixels where the targets are whole numbers, boxes where they are rows ``[class, x1, y1, x2, y2]``."""
    if y.ndim != 3 or y.dtype.kind not in "fiub":
        raise DataError(_PICTURES, shape=y.shape, dtype=y.dtype)
    task = task or ("detect" if y.dtype.kind == "f" and y.shape[2] == 5 else "segment")
    labels = y[..., 0] if task == "detect" else y
    if not np.equal(np.mod(labels, 1), 0).all():
        raise DataError(_PICTURES, shape=y.shape, dtype=y.dtype)
    values = torch.from_numpy(y.astype(np.float32 if task == "detect" else np.int64))
    names = _class_names(classes, max(1, int(labels.max()) + 1) if labels.size else 1)
    return Answers(values, names, ("class",), asks=task)


def _named(column: np.ndarray, task: TaskKind | None, classes: Sequence[str] | int | None) -> Answers:
    """Targets that are class names."""
    if task == "regress" or column.ndim != 1:
        raise DataError(TARGET_KIND, dtype=column.dtype)
    names = tuple(sorted({str(name) for name in column})) if classes is None or isinstance(classes, int) else tuple(classes)
    place = {name: label for label, name in enumerate(names)}
    labels = torch.tensor([place.get(str(name), -1) for name in column])
    check_labels(labels, len(names))
    return Answers(labels, names, ("class",))


def _looks_like_labels(column: np.ndarray) -> bool:
    """Whole numbers that repeat, true or false, floats that are only 0 and 1, or one-hot rows."""
    if column.ndim == 2:
        return _one_hot(column)
    if column.dtype.kind == "f":
        return bool(np.isin(column, (0, 1)).all())
    distinct = len(np.unique(column))
    return distinct <= 20 or 2 * distinct <= len(column)


def _one_hot(rows: np.ndarray) -> bool:
    return bool(np.isin(rows, (0, 1)).all() and (rows.sum(1) == 1).all())


def _class_names(classes: Sequence[str] | int | None, found: int) -> tuple[str, ...]:
    if classes is None or isinstance(classes, int):
        return tuple(str(label) for label in range(found if classes is None else classes))
    return tuple(classes)


_TARGET_SHAPE = Text(
    "Targets should be labels (N,), values (N, n) or one-hot rows (N, K). Received shape: {shape}",
    "목푯값은 레이블 (N,), 값 (N, n), 원-핫 행 (N, K) 중 하나여야 한다. 받은 모양: {shape}",
)
_PICTURES = Text(
    "Answers for pictures are a class for each pixel, whole numbers of shape (N, H, W), or boxes (N, M, 5), each "
    "[class, x1, y1, x2, y2]. Received: shape {shape}, {dtype}",
    "그림에 대한 답은 픽셀마다 정수 클래스 (N, H, W)이거나 박스 (N, M, 5), 곧 [클래스, x1, y1, x2, y2]여야 한다. "
    "받은 것: 모양 {shape}, {dtype}",
)
TARGET_KIND = Text(
    "Targets should be whole numbers, class names or values. Received: {dtype}",
    "목푯값은 정수, 클래스 이름, 값 중 하나여야 한다. 받은 것: {dtype}",
)
_NOT_LABELS = Text(
    'Labels should be whole numbers. Received {value} in example {row}, and {n} such in all. For values say task="regress".',
    '레이블은 정수여야 한다. {row}번 예제에서 받은 것: {value}. 이런 예제가 모두 {n}개다. 값을 예측하려면 task="regress"를 쓴다.',
)
_ONE_HOT = Text("One-hot targets became class labels.", "원-핫(one-hot) 목푯값을 클래스 레이블로 바꾸었다.")
_WHOLE = Text(
    'Targets that are whole numbers were taken for classes; say task="regress" for values.',
    '정수로만 된 목푯값을 클래스로 보았다. 값으로 보려면 task="regress"를 쓴다.',
)
