"""The multilayer perceptron: linear layers with a bend between them.

    x ── flatten ── hidden.0 ── hidden.1 ── … ── head ── (output) ── y

    a block:  ┌────────────────────── skip ──────────────────────┐
          h ──┴─ linear ── (norm) ── activation ── (dropout) ────⊕── h'

    h' = dropout(f(norm(W h + b)))   and with skip="add" h' = h + …, with skip="concat" h' = [h, …]

One hidden layer, wide enough, comes arbitrarily near any continuous function (Cybenko 1989; Hornik, Stinchcombe and White
1989); more layers get there with fewer units, if the gradient survives them. What is in parentheses is off by default.
Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (1986); the skips are from
He et al. (2015, add) and Huang et al. (2017, concat).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from whynet.layers.activations import activation as make_activation
from whynet.models.card import Published, Training
from whynet.registry import Range, make, register
from whynet.spec import Spec

Skip = Literal["add", "concat"]


class Block(nn.Module):
    """One hidden layer: (B, D) → (B, width), or (B, D + width) where the skip concatenates."""

    def __init__(
        self,
        features: int,
        width: int,
        activation: str | Spec,
        norm: Literal["batch", "layer"] | None,
        dropout: float,
        skip: Skip | None,
        bias: bool,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(features, width, bias)
        self.norm = make("layer", f"{norm}_norm", inputs=(width,)) if norm else None
        self.activation = make_activation(activation, (width,))
        self.dropout = nn.Dropout(dropout) if dropout else None
        self.skip = None if skip == "add" and features != width else skip  # a sum needs equal widths
        self.width = features + width if skip == "concat" else width  # what comes out

    def forward(self, h: Tensor) -> Tensor:
        z = self.linear(h)  # (B, width)
        if self.norm is not None:
            z = self.norm(z)
        z = self.activation(z)
        if self.dropout is not None:
            z = self.dropout(z)
        if self.skip == "add":
            return h + z
        return torch.cat([h, z], dim=1) if self.skip == "concat" else z


@register(
    "model",
    accepts={"classify", "regress"},
    year=1986,
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors",
    en="Linear layers with a non-linear bend between them: given enough units it can fit any continuous function.",
    ko="선형 층 사이마다 비선형 함수를 둔다: 유닛이 충분하면 어떤 연속 함수든 근사한다.",
    published=(
        Published(
            "mlp(widths=[300, 100])", (1, 28, 28), 10, 266_610, "LeNet-300-100, LeCun et al. 1998; 267K in Han et al. 2015"
        ),
    ),
    recipes=(
        Training(
            "digits", "mlp(widths=[64, 64])", "adam(lr=0.003)", settings={"epochs": 30, "schedule": "cosine"}, reaches=0.96
        ),
    ),
)
class MLP(nn.Module):
    """y = head(block(… block(x))); (B, *inputs) → (B, outputs).

    ``widths``: units of each hidden layer, none at all for a linear model. ``skip="add"`` goes round the blocks whose width
    equals what comes in. ``output_activation`` is for networks that put one on their answer; losses that read logits do not
    want it. Raises `OptionError` where an activation is none.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        widths: Sequence[Annotated[int, Range(least=1)]] = (64, 64),
        activation: str | Spec = "relu",
        norm: Literal["batch", "layer"] | None = None,
        dropout: Annotated[float, Range(least=0, below=1)] = 0.0,
        skip: Skip | None = None,
        output_activation: str | Spec | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.hidden = nn.Sequential()
        features = prod(inputs)
        for width in widths:
            block = Block(features, width, activation, norm, dropout, skip, bias)
            self.hidden.append(block)
            features = block.width
        self.head = nn.Linear(features, outputs, bias)
        self.output = make_activation(output_activation, (outputs,)) if output_activation is not None else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.flatten(x)  # (B, *inputs) → (B, D)
        x = self.hidden(x)  # (B, last width)
        x = self.head(x)  # (B, outputs)
        return x if self.output is None else self.output(x)
