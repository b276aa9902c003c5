"""Cross-entropy of probabilities, as Keras computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from whynet.losses._shapes import check_labels, choose, classes
from whynet.losses.loss import Loss
from whynet.registry import register
from whynet.task import Task

EPSILON = 1e-7  # keras.config.epsilon()


@register(
    "loss",
    year=2015,
    source="Keras, sparse_categorical_crossentropy(from_logits=False)",
    accepts=("classify",),
    en="Cross-entropy behind the network's own softmax: clipped at 1e-7, so a sure mistake has no gradient left.",
    ko="네트워크의 소프트맥스(softmax) 뒤에서 재는 교차 엔트로피다. 1e-7에서 자르므로, 확신하고 틀리면 기울기가 없다.",
)
@dataclass(frozen=True)
class NLLOfProbabilities(Loss):
    """``mean(-log p_y)``, ``p = clip(f / Σ_j f_j, 1e-7, 1 - 1e-7)``, for K outputs that a softmax has made positive.

    `CrossEntropy` on logits is the sound way; this one is here because much code does it. Raises `ShapeError`.
    """

    reads: ClassVar[str] = "probabilities"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        check_labels(outputs, targets)
        p = (outputs / outputs.sum(dim=1, keepdim=True)).clamp(EPSILON, 1 - EPSILON)
        return -p.gather(1, targets[:, None]).log().mean()

    def units(self, task: Task) -> int:
        return classes("nll_of_probabilities", task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return choose(outputs, 0.5)
