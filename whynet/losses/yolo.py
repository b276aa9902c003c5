"""The loss of YOLO: squares of what each cell says of its boxes, weighed so that empty cells do not drown the objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from whynet.errors import RecipeError, ShapeError
from whynet.losses.loss import Loss
from whynet.registry import Range, register
from whynet.task import Task
from whynet.text import Text
from whynet.vision.boxes import centres, clip, corners, paired_iou
from whynet.vision.nms import NEVER, nms_padded

FLAT = 1e-6  # keeps the slope of the root finite where a box has no size
PIECE = 64  # pictures that are read at once


@register(
    "loss",
    year=2016,
    source="Redmon, Divvala, Girshick and Farhadi, You only look once: unified, real-time object detection, equation 3",
    accepts=("detect",),
    en="Squared errors of place, root of size, confidence and class, in the cell that holds an object's centre; of two boxes the "
    "better one answers for it.",
    ko="물체의 중심이 든 칸에서 위치, 크기의 제곱근, 신뢰도(confidence), 클래스의 제곱 오차를 더한다. "
    "두 박스 가운데 더 잘 맞는 쪽이 물체를 맡는다.",
)
@dataclass(frozen=True)
class Yolo(Loss):
    """``λ_coord Σ 𝟙ᵒᵇʲ [(x-x̂)² + (y-ŷ)² + (√w-√ŵ)² + (√h-√ĥ)²] + Σ 𝟙ᵒᵇʲ (C-Ĉ)² + λ_noobj Σ 𝟙ⁿᵒᵒᵇʲ Ĉ² + Σ 𝟙ᵒᵇʲ Σ_c (p_c-p̂_c)²``

    Outputs (B, H, W, 5 · boxes + K): a grid of cells, each with ``boxes`` times [x, y, √w, √h, C] and then K classes; x and y
    from the cell's corner in cells, √w and √h of the picture's sides. Targets (B, M, 5). The confidence C is taught to be the
    overlap (IoU) of the box with its object; the box that answers for an object is the one that overlaps it most, or is nearest
    where none does. Of several objects with their centres in one cell only the first is taught. The mean over pictures.

    An answer is one class and one box: score = C · p_c; the ``candidates`` of the highest scores above ``threshold`` go through
    non-maximum suppression at ``overlap``, class by class, and at most ``keep`` stay. Raises `ShapeError`, `RecipeError`.
    """

    reads: ClassVar[str] = "values"
    coord: Annotated[float, Range(least=0)] = 5.0
    noobj: Annotated[float, Range(least=0)] = 0.5
    boxes: Annotated[int, Range(least=1, most=20)] = 2
    threshold: Annotated[float, Range(least=0, most=1)] = 0.01
    overlap: Annotated[float, Range(least=0, most=1)] = 0.5
    candidates: Annotated[int, Range(least=1, most=1000)] = 100
    keep: Annotated[int, Range(least=1, most=1000)] = 50

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        self._check(outputs, targets)
        batch, high, wide, channels = outputs.shape
        labels, truth = targets[..., 0], targets[..., 1:].to(outputs.dtype)
        there, cell = self._cells(labels, truth, high, wide)  # (B, M) both
        every = outputs.flatten(1, 2)  # (B, cells, 5 · boxes + K)
        own = every.gather(1, cell[..., None].expand(-1, -1, channels))  # (B, M, 5 · boxes + K)
        said, classes = own[..., : 5 * self.boxes].unflatten(-1, (self.boxes, 5)), own[..., 5 * self.boxes :]

        corner = torch.stack([cell % wide, cell.div(wide, rounding_mode="floor")], dim=-1)  # (B, M, 2)
        wanted = self._wanted(truth, corner, high, wide)  # (B, M, 1, 4)
        whole = truth[..., None, :]
        found = paired_iou(_unpack(said[..., :4], corner[..., None, :], high, wide), whole).detach()  # (B, M, boxes)
        apart = (said[..., :4] - wanted).square().sum(-1).detach()
        better = torch.where(found > 0, found, -apart).argmax(-1, keepdim=True)  # (B, M, 1)
        mine = said.gather(2, better[..., None].expand(-1, -1, 1, 5)).squeeze(2)  # (B, M, 5) of the box that answers
        iou = found.gather(2, better).squeeze(2)  # (B, M)

        place = (mine[..., :4] - wanted.squeeze(2)).square().sum(-1)
        sure = (mine[..., 4] - iou).square()
        right = labels[..., None] == torch.arange(classes.shape[-1], device=classes.device)  # (B, M, K)
        kind = (classes - right.to(classes)).square().sum(-1)
        coord, noobj = (torch.as_tensor(weight).to(outputs) for weight in (self.coord, self.noobj))
        objects = (there * (coord * place + sure + kind - noobj * mine[..., 4].square())).sum()
        empty = every[..., : 5 * self.boxes].unflatten(-1, (self.boxes, 5))[..., 4].square().sum()  # less what answers, above
        return (objects + noobj * empty) / batch

    def _cells(self, labels: Tensor, truth: Tensor, high: int, wide: int) -> tuple[Tensor, Tensor]:
        """Which rows are taught (B, M) bool, and the number of the cell that holds each one's centre (B, M)."""
        middle = centres(truth)[..., :2]
        column = (middle[..., 0] * wide).long().clamp(0, wide - 1)
        cell = (middle[..., 1] * high).long().clamp(0, high - 1) * wide + column
        real = labels >= 0
        same = (cell[:, :, None] == cell[:, None, :]) & real[:, None, :]  # (B, M, M)
        return real & ~same.tril(diagonal=-1).any(-1), cell

    def _wanted(self, truth: Tensor, corner: Tensor, high: int, wide: int) -> Tensor:
        """What a box should say of its object: [x, y, √w, √h], (B, M, 1, 4)."""
        box = centres(truth)
        grid = torch.tensor([wide, high], dtype=box.dtype, device=box.device)
        return torch.cat([box[..., :2] * grid - corner, box[..., 2:].clamp(min=FLAT).sqrt()], dim=-1)[..., None, :]

    def units(self, task: Task) -> int:
        if task.kind != "detect":
            raise RecipeError(_NOT_BOXES, task=task.words)
        return task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        if outputs.ndim != 4 or outputs.shape[-1] != 5 * self.boxes + task.outputs:
            wanted = ("N", "H", "W", 5 * self.boxes + task.outputs)
            raise ShapeError(_CHANNELS, expected=wanted, boxes=self.boxes, k=task.outputs, received=tuple(outputs.shape))
        if not len(outputs):
            return outputs.new_zeros(0, self.keep, 6)
        return torch.cat([self._read(piece) for piece in outputs.detach().float().split(PIECE)])

    def _read(self, outputs: Tensor) -> Tensor:
        """Detections (n, keep, 6) of a few pictures."""
        high, wide = outputs.shape[1:3]
        said = outputs[..., : 5 * self.boxes].unflatten(-1, (self.boxes, 5))  # (n, H, W, boxes, 5)
        classes = outputs[..., None, 5 * self.boxes :]
        rows, columns = torch.meshgrid(
            torch.arange(high, device=outputs.device), torch.arange(wide, device=outputs.device), indexing="ij"
        )
        corner = torch.stack([columns, rows], dim=-1)[:, :, None]  # (H, W, 1, 2)
        found = clip(_unpack(said[..., :4], corner, high, wide)).nan_to_num()  # (n, H, W, boxes, 4)
        scores = said[..., 4:].clamp(0, 1) * classes.clamp(0, 1)  # (n, H, W, boxes, K)
        k = scores.shape[-1]
        scores = scores.flatten(1).nan_to_num()
        best, place = scores.topk(min(self.candidates, scores.shape[1]))  # (n, candidates)
        best = best.masked_fill(best < max(self.threshold, FLAT), NEVER)
        taken = found.flatten(1, 3).gather(1, place.div(k, rounding_mode="floor")[..., None].expand(-1, -1, 4))
        kept = nms_padded(taken, best, self.overlap, self.keep, classes=place % k)  # (n, keep)
        rows_ = torch.cat([(place % k)[..., None].float(), best[..., None], taken], dim=-1)  # (n, candidates, 6)
        answer = rows_.gather(1, kept.clamp(min=0)[..., None].expand(-1, -1, 6))
        nothing = torch.tensor([-1.0, 0, 0, 0, 0, 0], device=outputs.device)
        return torch.where(kept[..., None] >= 0, answer, nothing)

    def _check(self, outputs: Tensor, targets: Tensor) -> None:
        fit = outputs.ndim == 4 and outputs.shape[-1] > 5 * self.boxes
        if not fit or targets.ndim != 3 or targets.shape[-1] != 5 or len(outputs) != len(targets):
            raise ShapeError(_SHAPES, boxes=self.boxes, outputs=tuple(outputs.shape), targets=tuple(targets.shape))


def _unpack(said: Tensor, corner: Tensor, high: int, wide: int) -> Tensor:
    """Corners in fractions of the picture, from [x, y, √w, √h] and the cell: (..., 4), (..., 2) → (..., 4)."""
    grid = torch.tensor([wide, high], dtype=said.dtype, device=said.device)
    return corners(torch.cat([(said[..., :2] + corner) / grid, said[..., 2:].square()], dim=-1))


_NOT_BOXES = Text(
    "yolo is a loss for detection. Received a task of another kind: {task}.",
    "yolo는 물체 검출용 손실 함수다. 받은 과제: {task}.",
)
_SHAPES = Text(
    "Expected outputs (batch, H, W, 5 · {boxes} + classes) and targets (batch, M, 5), rows [class, x1, y1, x2, y2]. "
    "Received: outputs {outputs}, targets {targets}.",
    "출력은 (배치, H, W, 5 · {boxes} + 클래스 수), 타깃은 [클래스, x1, y1, x2, y2] 행으로 된 (배치, M, 5) 모양이어야 한다. "
    "받은 것: 출력 {outputs}, 타깃 {targets}.",
)
_CHANNELS = Text(
    "Expected outputs of shape {expected}: {boxes} boxes of 5 numbers and {k} classes in each cell. Received: {received}. "
    "Give model and loss the same boxes=.",
    "출력은 {expected} 모양이어야 한다. 칸마다 숫자 5개짜리 박스 {boxes}개와 클래스 {k}개. 받은 것: {received}. "
    "모델과 손실 함수의 boxes=를 같게 둔다.",
)
