"""A linear layer that learns by the sign-product rule, from what it sees and says alone.

    Δw_ij = η · mean over the batch of sign(z_i) · sign(x_j)

Two that agree in sign are wired more strongly, two that disagree less; no error comes into it. What the layers above would like it to
change goes on to the layers below, as through any linear layer, but this one does not listen. Hebb, The organization of behavior (1949).
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from whynet.registry import Range, register

Shape = tuple[int, ...]


class _SignProduct(torch.autograd.Function):
    """z = x Wᵀ, whose "gradient" by W is minus the sign-product, so that a step against it is the rule."""

    generate_vmap_rule = True  # for populations

    @staticmethod
    def forward(x: Tensor, weight: Tensor, learns: bool) -> Tensor:
        return x @ weight.T

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, weight, ctx.learns = inputs
        ctx.save_for_backward(x, weight, output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight, z = ctx.saved_tensors
        product = -(z.sign().T @ x.sign()) / len(x)  # (units, D)
        return gradient @ weight, product if ctx.learns else torch.zeros_like(weight), None


class Hebbian(nn.Module):
    """x Wᵀ, (B, D) → (B, units), with W moved by the sign-product rule; or never moved."""

    def __init__(self, features: int, units: int, learns: bool) -> None:
        super().__init__()
        self.learns = learns
        self.weight = nn.Parameter(torch.empty(units, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """U(-1/√D, 1/√D), as torch begins a linear layer."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        return _SignProduct.apply(x, self.weight, self.learns)  # type: ignore[no-untyped-call]


@register(
    "layer",
    takes=("D",),
    example="hebbian(3)",
    year=1949,
    source="Hebb, The organization of behavior",
    en="Wx, learning by itself: weights grow between what agrees in sign. With learns=False it keeps its random weights.",
    ko="Wx이되 스스로 배운다. 부호가 같은 것 사이의 가중치가 커진다. learns=False면 무작위 가중치를 그대로 둔다.",
)
def hebbian(inputs: Shape, units: Annotated[int, Range(least=1)], learns: bool = True) -> nn.Module:
    """x Wᵀ, (B, D) → (B, units); the gradient of the loss passes it but does not move it."""
    return Hebbian(inputs[-1], units, learns)
