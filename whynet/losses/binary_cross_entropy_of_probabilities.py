"""Binary cross-entropy of a probability, as Keras computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from whynet.losses._shapes import check_labels, choose, targets_like, two_classes
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task

EPSILON = 1e-7  # keras.config.epsilon()


@register(
    "loss",
    year=2015,
    source="Keras, binary_crossentropy(from_logits=False)",
    accepts=("classify",),
    en="Cross-entropy behind the network's own sigmoid: clipped at 1e-7, so a sure mistake has no gradient left.",
    ko="네트워크의 시그모이드(sigmoid) 뒤에서 재는 교차 엔트로피다. 1e-7에서 자르므로, 확신하고 틀리면 기울기가 없다.",
)
@dataclass(frozen=True)
class BinaryCrossEntropyOfProbabilities(Loss):
    """``mean(-y log p - (1 - y) log(1 - p))``, ``p`` clipped to 1e-7 … 1 - 1e-7, for one probability and labels y = 0 or 1.

    `BinaryCrossEntropy` on the logit is the sound way; this one is here because much code does it. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "probabilities"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_labels(outputs, targets)
        y = targets_like(outputs, targets)
        p = outputs.clamp(EPSILON, 1 - EPSILON)
        return -(y * p.log() + (1 - y) * (1 - p).log()).mean()

    def units(self, task: Task) -> int:
        return two_classes("binary_cross_entropy_of_probabilities", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.5)
