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
        if not isinstance(self.label_smoothing, Tensor):
            smoothing: float = self.label_smoothing
            return F.cross_entropy(outputs, targets, reduction=self.reduction, label_smoothing=smoothing)
        log_p = outputs.log_softmax(dim=1)  # (B, K)
        right = log_p.gather(1, targets[:, None])[:, 0]  # (B,)
        smoothed = right + self.label_smoothing * (log_p.mean(dim=1) - right)
        each = torch.where(self.label_smoothing > 0, smoothed, right)  # the mean may be -inf, and 0 · inf is no number
        return -(each.sum() if self.reduction == "sum" else each.mean())

    def units(self, task: Task) -> int:
        return classes("cross_entropy", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.0)
