"""A linear layer whose weights tremble in training."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from whynet.layers.noise import Noise
from whynet.registry import Range, register

Shape = tuple[int, ...]


class NoisyLinear(nn.Linear):
    """x (W + std · ε)ᵀ + b with ε ~ N(0, 1) drawn anew for each batch in training; an ordinary linear layer in evaluation."""

    def __init__(self, features: int, units: int, std: float, bias: bool) -> None:
        super().__init__(features, units, bias)
        self.noise = Noise(std)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.noise(self.weight), self.bias)


@register(
    "layer",
    takes=("D", "TD"),
    example="noisy_linear(3, 0.1)",
    year=1996,
    source="An, The effects of adding noise during backpropagation training on a generalization performance",
    en="A linear layer with Gaussian noise on its weights in training, so that only flat minima hold.",
    ko="학습할 때 가중치에 가우스 잡음(Gaussian noise)을 더하는 선형 층. 평평한 최솟값만 버틴다.",
)
def noisy_linear(
    inputs: Shape, units: Annotated[int, Range(least=1)], std: Annotated[float, Range(least=0)] = 0.1, bias: bool = True
) -> nn.Module:
    """x (W + std · N(0, 1))ᵀ + b on the last axis in training, x Wᵀ + b in evaluation: (B, D) → (B, units)."""
    return NoisyLinear(inputs[-1], units, std, bias)
