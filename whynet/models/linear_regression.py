"""Linear regression: the answer is a weighted sum of the features.

    x (B, D) ── head: linear ── ŷ (B, n)

    ŷ = W x + b

With the squared error its loss is a bowl with one lowest point, which least squares finds at once and gradient descent finds
step by step. Legendre, Nouvelles méthodes pour la détermination des orbites des comètes (1805); Gauss (1809).
"""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from whynet.models.card import Published, Training
from whynet.registry import register


@register(
    "model",
    accepts={"regress"},
    year=1805,
    source="Legendre, Nouvelles méthodes pour la détermination des orbites des comètes",
    en="A weighted sum of the features: the simplest network, whose best weights are known exactly.",
    ko="특징의 가중합: 가장 단순한 네트워크로, 가장 좋은 가중치를 정확히 알 수 있다.",
    published=(Published("linear_regression", (10,), 1, 11, "a weight for each of ten features, and a bias: the formula"),),
    recipes=(Training("diabetes", "linear_regression", "adam(lr=0.1)", settings={"epochs": 60}, reaches=0.53),),
)
class LinearRegression(nn.Module):
    """ŷ = W x + b; (B, *inputs) → (B, outputs)."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.head = nn.Linear(prod(inputs), outputs, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.flatten(x)  # (B, *inputs) → (B, D)
        return self.head(x)  # (B, n)
