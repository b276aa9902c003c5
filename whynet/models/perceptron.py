"""The perceptron: the first machine that learned from its mistakes.

    x (B, D) ── head: linear ── score (B, 1) ── step ── answer, yes or no

    answer = 1 where w·x + b > 0, else 0
    on a mistake: w ← w ± x,  b ← b ± 1           (otherwise nothing)

The network gives the score. The step is read off it when an answer is wanted, but is left out in training, for it is flat and
passes no gradient; the mistake rule is gradient descent on the loss ``perceptron``, max(0, -t·score) with t = ±1.
It finds a separating line wherever there is one, and there is none for XOR.
Rosenblatt, The perceptron: a probabilistic model for information storage and organization in the brain (1958).
"""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from whynet.models.card import Published, Training
from whynet.registry import register


@register(
    "model",
    accepts={"classify"},
    loss="perceptron",
    year=1958,
    source="Rosenblatt, The perceptron",
    en="A weighted sum and a step, corrected only when it errs: learns any straight boundary, and nothing else.",
    ko="가중합과 계단 함수, 틀렸을 때만 고친다: 직선 경계라면 무엇이든 배우고 그 밖에는 배우지 못한다.",
    published=(Published("perceptron", (20, 20), 1, 401, "a weight for each of the Mark I's 400 photocells, and a bias"),),
    recipes=(Training("blobs", "perceptron", "sgd(lr=0.1)", settings={"epochs": 20}, reaches=0.97),),
)
class Perceptron(nn.Module):
    """score = w·x + b, whose sign is the answer; (B, *inputs) → (B, outputs)."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.head = nn.Linear(prod(inputs), outputs, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.flatten(x)  # (B, *inputs) → (B, D)
        return self.head(x)  # (B, 1), or one score a class
