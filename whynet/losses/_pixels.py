"""How losses line masks up with outputs, and how masks are read off outputs."""

from __future__ import annotations

from torch import Tensor

from whynet.errors import RecipeError, ShapeError
from whynet.task import Task
from whynet.text import Text


def check_masks(outputs: Tensor, targets: Tensor) -> None:
    """Raise `ShapeError` unless outputs are (B, K, H, W) and targets (B, H, W) whole-number classes."""
    fits = outputs.ndim == 4 and targets.ndim == 3 and not targets.is_floating_point()
    if not fits or (outputs.shape[0], *outputs.shape[2:]) != tuple(targets.shape):
        kind = str(targets.dtype).removeprefix("torch.")
        raise ShapeError(_NOT_MASKS, outputs=tuple(outputs.shape), targets=tuple(targets.shape), type=kind)


def choose_pixels(outputs: Tensor) -> Tensor:
    """The class of each pixel, (B, H, W), from (B, K, H, W)."""
    if outputs.ndim != 4:
        raise ShapeError(_NOT_PIXELS, outputs=tuple(outputs.shape))
    return outputs.argmax(dim=1)


def pixel_classes(loss: str, task: Task) -> int:
    """K of a task that asks for masks. Raises `RecipeError` for any other."""
    if task.kind != "segment":
        raise RecipeError(_NO_MASKS, loss=loss, task=task.words)
    return task.outputs


_NOT_MASKS = Text(
    "Expected outputs of shape (batch, classes, height, width) and masks of shape (batch, height, width) that are whole-number classes. "
    "Received: outputs {outputs}, masks {targets} {type}. Bring both to one height and width.",
    "출력은 (배치, 클래스, 높이, 너비) 모양, 마스크(mask)는 (배치, 높이, 너비) 모양의 정수 클래스여야 한다. "
    "받은 것: 출력 {outputs}, 마스크 {targets} {type}. 둘의 높이와 너비를 맞춘다.",
)
_NOT_PIXELS = Text(
    "Expected outputs of shape (batch, classes, height, width). Received: {outputs}.",
    "출력은 (배치, 클래스, 높이, 너비) 모양이어야 한다. 받은 것: {outputs}.",
)
_NO_MASKS = Text(
    "{loss} is a loss for segmentation, a class for each pixel. Received a task of another kind: {task}.",
    "{loss:은} 픽셀마다 클래스를 답하는 분할(segmentation)용 손실 함수다. 받은 과제: {task}.",
)
