"""The Hebbian network: what is active together is wired together, and no error is ever asked for.

    x (B, D) ── flatten ── sign ── (hebbian ── sign) × widths ── head: linear ── scores (B, outputs)

    head      Δw_kj = η y_k sign(x_j)              y_k = +1 for the right class, -1 for all others: the loss ``hebbian``
    hidden    Δw_ij = η sign(z_i) sign(x_j)        with no teacher: its own answer stands where the wanted one would

The head adds up the examples of each class: its weights become the mean of the class less that of the rest, reached without a look at
a single mistake. The rule says nothing of use to a hidden layer: left to strengthen what agrees, its units turn to the same loudest
pattern. ``learns=False`` keeps hidden weights as they were drawn, which is better. Inputs need a sign: standardise them.
Hebb, The organization of behavior (1949); see ``whynet ask hebbian``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from torch import Tensor, nn

from whynet.layers.stack import sequence, stack
from whynet.models.card import Training
from whynet.registry import Range, register


@register(
    "model",
    accepts={"classify"},
    name="hebbian",
    loss="hebbian",
    year=1949,
    source="Hebb, The organization of behavior",
    en="Learns by products of signs alone: each class collects what its examples have in common, and no mistake is looked at.",
    ko="부호의 곱만으로 배운다: 클래스마다 제 예제들의 공통점을 모으고, 실수는 들여다보지 않는다.",
    published=(),
    recipes=(
        Training("digits(scale=standard)", "hebbian", "sgd(lr=0.3)", settings={"epochs": 10}, reaches=0.85),
    ),
)  # fmt: skip
class Hebbian(nn.Module):
    """Scores from signs; (B, *inputs) → (B, outputs). ``widths``: of hidden layers; ``learns``: whether those move."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        widths: Sequence[Annotated[int, Range(least=1)]] = (),
        learns: bool = True,
    ) -> None:
        super().__init__()
        hidden = [layer for width in widths for layer in (f"hebbian({width}, learns={learns})", "sign")]
        modules, (features,) = stack(["flatten", "sign", *hidden], inputs)
        self.layers = sequence(modules)
        self.head = nn.Linear(features, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)  # (B, *inputs) → (B, last width), all ±1
        return self.head(x)  # (B, outputs)
