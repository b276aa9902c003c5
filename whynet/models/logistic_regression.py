"""Logistic regression: a weighted sum, read as the log-odds of "yes".

    x (B, D) ── head: linear ── z (B, 1)          p(yes | x) = sigmoid(z)

    log(p / (1 - p)) = w·x + b

The network gives the logit z; the sigmoid belongs to the loss, which takes both at once and so never computes log 0.
Cox, The regression analysis of binary sequences (1958).
"""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from whynet.errors import RecipeError
from whynet.models.card import Published, Training
from whynet.registry import register
from whynet.text import Text


@register(
    "model",
    accepts={"classify"},
    loss="binary_cross_entropy",
    year=1958,
    source="Cox, The regression analysis of binary sequences",
    en="A weighted sum read as log-odds: a straight line between two classes, with a probability on either side.",
    ko="가중합을 로그 오즈(log-odds)로 읽는다: 두 클래스 사이에 직선을 긋고 양쪽에 확률을 준다.",
    published=(
        Published("logistic_regression", (30,), 1, 31, "a weight for each of thirty features, and a bias: the formula"),
    ),
    recipes=(Training("breast_cancer", "logistic_regression", "adam(lr=0.01)", settings={"epochs": 40}, reaches=0.98),),
)
class LogisticRegression(nn.Module):
    """z = w·x + b, the logit; (B, *inputs) → (B, 1). Raises `RecipeError` for more than one output."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        if outputs != 1:
            raise RecipeError(_ONE_UNIT, outputs=outputs)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(prod(inputs), 1, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.flatten(x)  # (B, *inputs) → (B, D)
        return self.head(x)  # (B, 1)


_ONE_UNIT = Text(
    "logistic_regression expects two classes, told apart by one output with the loss binary_cross_entropy. "
    "Received: {outputs} outputs. For more classes, or with the loss cross_entropy, use softmax_regression.",
    "logistic_regression은 두 클래스를 출력 하나와 손실 함수 binary_cross_entropy로 가른다. "
    "받은 것: 출력 {outputs}개. 클래스가 더 많거나 손실 함수가 cross_entropy이면 softmax_regression을 쓴다.",
)
