"""The overlap of answer and truth as a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor

from whynet.losses._pixels import check_masks, choose_pixels, pixel_classes
from whynet.losses._shapes import is_hit
from whynet.losses.loss import Loss
from whynet.registry import Range, register
from whynet.task import Task


@register(
    "loss",
    year=2016,
    source="Milletari, Navab and Ahmadi, V-Net: fully convolutional neural networks for volumetric medical image segmentation",
    accepts=("segment",),
    en="One minus the overlap of answer and truth, class by class: a class of few pixels counts as much as the background.",
    ko="1에서 답과 정답이 겹치는 정도를 뺀 값을 클래스마다 구한다. 픽셀이 적은 클래스도 배경만큼 중요하게 친다.",
)
@dataclass(frozen=True)
class Dice(Loss):
    """``1 - mean_k (2 Σ p_k y_k + s) / (Σ p_k² + Σ y_k + s)``, sums over the judged pixels of the batch, ``p = softmax(f)``.

    ``smooth``: s, which makes a class that neither occurs nor is answered count as overlapping. Raises `ShapeError` unless outputs
    are (B, K, H, W) and targets (B, H, W) classes, -1 where a pixel is not judged.
    """

    reads: ClassVar[str] = "logits"
    smooth: Annotated[float, Range(above=0)] = 1.0

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_masks(outputs, targets)
        flat = targets.flatten()  # (pixels,)
        p = outputs.softmax(dim=1).movedim(1, -1).flatten(0, 2) * (flat >= 0)[:, None]  # (pixels, K)
        y = is_hit(p, flat).to(p.dtype)  # no class is -1
        smooth: float | Tensor = self.smooth
        if isinstance(smooth, Tensor):
            smooth = smooth.to(p)
        return 1 - ((2 * (p * y).sum(0) + smooth) / (p.square().sum(0) + y.sum(0) + smooth)).mean()

    def units(self, task: Task) -> int:
        return pixel_classes("dice", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose_pixels(outputs)
