"""How losses line targets up with outputs, and how answers are read off outputs.

Only shapes and types are looked at, never values, so all of it can be traced and stacked.
"""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.errors import RecipeError, ShapeError
from whynet.task import Task
from whynet.text import Text


def check_labels(outputs: Tensor, targets: Tensor) -> None:
    """Raise `ShapeError` unless outputs are (B, units) and targets (B,) labels."""
    if outputs.ndim != 2 or targets.ndim != 1 or targets.is_floating_point() or len(outputs) != len(targets):
        raise ShapeError(_NOT_LABELS, **_received(outputs, targets))


def is_hit(outputs: Tensor, labels: Tensor) -> Tensor:
    """Whether a unit is the one of the right class: (B, K) bool."""
    return labels[:, None] == torch.arange(outputs.shape[1], device=outputs.device)


def targets_like(outputs: Tensor, targets: Tensor) -> Tensor:
    """Targets in the shape of the outputs: values as they are, labels as 0/1 for one unit, one-hot for K. Raises `ShapeError`.

    Shapes that broadcasting would silently stretch, (B, 1) against (B,) values, are refused: the loss would then compare
    every output with every target.
    """
    if targets.ndim == 1 and not targets.is_floating_point():
        check_labels(outputs, targets)
        hit = targets[:, None] if outputs.shape[1] == 1 else is_hit(outputs, targets)
        return hit.to(outputs.dtype)
    if outputs.shape != targets.shape:
        raise ShapeError(_NOT_ALIKE, **_received(outputs, targets))
    return targets.to(outputs.dtype)


def choose(outputs: Tensor, threshold: float) -> Tensor:
    """The chosen classes (B,): whether the only unit is above the threshold, or the largest of K units."""
    if outputs.ndim != 2:
        raise ShapeError(_NOT_UNITS, outputs=tuple(outputs.shape))
    return (outputs[:, 0] > threshold).long() if outputs.shape[1] == 1 else outputs.argmax(dim=1)


def classes(loss: str, task: Task) -> int:
    """K of a task that is a classification. Raises `RecipeError` for any other."""
    if task.kind != "classify":
        raise RecipeError(_NOT_CLASSES, loss=loss, task=task.words)
    return task.outputs


def two_classes(loss: str, task: Task) -> int:
    """One unit, for a task of two classes. Raises `RecipeError` for any other."""
    if classes(loss, task) != 2:
        raise RecipeError(_NOT_TWO, loss=loss, task=task.words)
    return 1


def _received(outputs: Tensor, targets: Tensor) -> dict[str, str]:
    return {
        "outputs": str(tuple(outputs.shape)),
        "targets": str(tuple(targets.shape)),
        "type": str(targets.dtype).removeprefix("torch."),
    }


_NOT_LABELS = Text(
    "Expected outputs of shape (batch, units) and targets of shape (batch,) that are whole-number class labels. "
    "Received: outputs {outputs}, targets {targets} {type}.",
    "출력은 (배치, 유닛) 모양, 타깃(target)은 (배치,) 모양의 정수 클래스 레이블이어야 한다. "
    "받은 것: 출력 {outputs}, 타깃 {targets} {type}.",
)
_NOT_ALIKE = Text(
    "Expected targets shaped like the outputs, (batch, values). Received: outputs {outputs}, targets {targets} {type}. "
    "Broadcasting would compare every output with every target; reshape one of them, for example targets[:, None].",
    "타깃(target)은 출력과 같은 (배치, 값) 모양이어야 한다. 받은 것: 출력 {outputs}, 타깃 {targets} {type}. "
    "브로드캐스팅(broadcasting)하면 모든 출력이 모든 타깃과 비교된다. targets[:, None]처럼 한쪽의 모양을 바꾼다.",
)
_NOT_UNITS = Text(
    "Expected outputs of shape (batch, units). Received: {outputs}.",
    "출력은 (배치, 유닛) 모양이어야 한다. 받은 것: {outputs}.",
)
_NOT_CLASSES = Text(
    "{loss} is a loss for classification. Received a task of another kind: {task}. Use mse, mae or huber.",
    "{loss:은} 분류(classification)용 손실 함수다. 받은 과제: {task}. mse, mae, huber를 쓴다.",
)
_NOT_TWO = Text(
    "{loss} has one output unit and tells two classes apart. Received: {task}. Use cross_entropy.",
    "{loss:은} 출력 유닛 하나로 두 클래스를 가린다. 받은 과제: {task}. cross_entropy를 쓴다.",
)
