"""Softmax regression: one weighted sum per class; the largest wins, and softmax makes them probabilities.

    x (B, D) ── head: linear ── z (B, K)          p(k | x) = exp(z_k) / Σ_j exp(z_j)

The network gives the logits z; softmax belongs to the cross-entropy. For two classes it is logistic regression with
w = w₁ - w₀. McFadden, Conditional logit analysis of qualitative choice behavior (1973); "softmax": Bridle (1990).
"""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from whynet.models.card import Published, Training
from whynet.registry import register


@register(
    "model",
    accepts={"classify"},
    year=1973,
    source="McFadden, Conditional logit analysis of qualitative choice behavior; Bridle (1990)",
    en="One weighted sum per class, turned into probabilities: logistic regression for many classes.",
    ko="클래스마다 가중합 하나를 구해 확률로 바꾼다: 클래스가 여럿인 로지스틱 회귀(logistic regression).",
    published=(
        Published("softmax_regression", (1, 28, 28), 10, 7_850, "784 weights and a bias a class: the formula, on MNIST"),
    ),
    recipes=(Training("digits", "softmax_regression", "adam(lr=0.01)", settings={"epochs": 40}, reaches=0.96),),
)
class SoftmaxRegression(nn.Module):
    """z = W x + b, the logits; (B, *inputs) → (B, outputs)."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.head = nn.Linear(prod(inputs), outputs, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.flatten(x)  # (B, *inputs) → (B, D)
        return self.head(x)  # (B, K)
