"""Cross-entropy on logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.losses._shapes import check_labels, choose, classes
from whynet.losses.loss import Loss
from whynet.registry import Range, register
from whynet.task import Task


@register(
    "loss",
    year=1990,
    source="Bridle, Probabilistic interpretation of feedforward classification network outputs; smoothing: Szegedy et al. 2016",
    accepts=("classify",),
    en="Minus the log of the probability given to the right class: the gradient is softmax minus one-hot, large while wrong.",
    ko="정답 클래스에 준 확률의 로그에 음수를 붙인 값이다. 기울기가 소프트맥스(softmax) 빼기 원-핫이라서 틀린 동안에는 크다.",
)
@dataclass(frozen=True)
class CrossEntropy(Loss):
    """``mean(-(1 - ε) log p_y - ε/K Σ_j log p_j)``, ``p = softmax(f)``, for K logits; ``reduction="sum"`` adds instead.

    ``label_smoothing``: ε, the share of the target that is spread over all classes. Takes logits: a softmax before it would
    be applied twice. Raises `ShapeError` unless outputs are (B, K) and targets (B,) labels.
    """

    reads: ClassVar[str] = "logits"
    label_smoothing: Annotated[float, Range(least=0, below=1)] = 0.0
    reduction: Literal["mean", "sum"] = "mean"  # a sum makes the gradient grow with the batch size

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_labels(outputs, targets)
        smoothing: float | Tensor = self.label_smoothing
        if not isinstance(smoothing, Tensor) and smoothing == 0:
            return F.cross_entropy(outputs, targets, reduction=self.reduction)
        log_p = outputs.log_softmax(dim=1)  # (B, K)
        sharp = F.nll_loss(log_p, targets, reduction=self.reduction)
        each = -log_p.mean(dim=1)  # (B,)
        even = each.sum() if self.reduction == "sum" else each.mean()
        if not isinstance(smoothing, Tensor):
            return (1 - smoothing) * sharp + smoothing * even
        smoothed = (1 - smoothing).to(sharp) * sharp + smoothing.to(sharp) * even
        return torch.where(smoothing > 0, smoothed, sharp)  # even may be infinite, and 0 · inf is no number

    def units(self, task: Task) -> int:
        return classes("cross_entropy", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.0)
