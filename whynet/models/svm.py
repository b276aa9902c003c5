"""The support vector machine, linear: of all lines that separate, the one with the widest street.

    x (B, D) ── flatten ── head: linear ── scores (B, outputs) ── the largest, or the sign of the only one

    minimise   λ/2 ‖w‖² + mean max(0, 1 - m)        m = y f(x) for two classes, y = ±1
                                                     m = f_y(x) - max_{j≠y} f_j(x) for K (Crammer and Singer)

As a network it is one linear layer; what makes it an SVM is its loss, ``hinge``, and its weight decay λ, which is the optimizer's
``weight_decay``. The hinge wants a margin of 1 and then lets go, so only the examples on the edge of the street or on the wrong side
hold it in place; the decay wants small weights, and 1/‖w‖ is the width of the street.

Books and libraries write C for what an error costs: C Σ max(0, 1 - m) + ‖w‖²/2 is the same with λ = 1 / (C N), N training examples.
The bias is decayed with the weights, as in LIBLINEAR. Inputs on different scales have different say in ‖w‖: standardise them.
Cortes and Vapnik, Support-vector networks (1995); by gradient steps: Shalev-Shwartz, Singer and Srebro, Pegasos (2007).
"""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from whynet.models.card import Training
from whynet.registry import register


@register(
    "model",
    accepts={"classify"},
    name="svm",
    loss="hinge",
    year=1995,
    source="Cortes and Vapnik, Support-vector networks",
    en="A linear boundary with the widest margin: the hinge loss asks for a lead of 1, weight decay for small weights.",
    ko="여백(margin)이 가장 넓은 직선 경계: 힌지 손실(hinge loss)은 1만큼 앞서라 하고, 가중치 감쇠는 가중치를 작게 한다.",
    published=(),  # as large as its data
    recipes=(
        Training(
            "breast_cancer", "svm", "sgd(lr=0.1, weight_decay=0.01)", settings={"epochs": 40, "schedule": "cosine"}, reaches=0.98,
        ),
    ),
)  # fmt: skip
class SVM(nn.Module):
    """f(x) = W x + b; (B, *inputs) → (B, outputs)."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.head = nn.Linear(prod(inputs), outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.flatten(x)  # (B, *inputs) → (B, D)
        return self.head(x)  # (B, 1), or one score a class
