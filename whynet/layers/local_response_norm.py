"""Local response normalisation: strong channels quieten their neighbours, as neurons next to each other do.

    b_c = a_c / (k + α Σ a_j²)^β        j over the ``size`` channels around c

Krizhevsky, Sutskever and Hinton (2012), section 3.3, whose numbers are the defaults. `torch.nn.LocalResponseNorm` divides α by
``size`` first and has k = 1. Later networks went without it, and lost nothing (Simonyan and Zisserman 2014).
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from whynet.registry import Range, register

Shape = tuple[int, ...]


class LocalResponseNorm(nn.Module):
    """a / (k + α Σ a²)^β over neighbouring channels; (B, C, H, W) → (B, C, H, W)."""

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        squares = F.pad(x * x, (0, 0, 0, 0, self.size // 2, (self.size - 1) // 2))  # (B, C + size - 1, H, W)
        total = squares[:, :channels]
        for offset in range(1, self.size):
            total = total + squares[:, offset : offset + channels]
        return x / (self.k + self.alpha * total) ** self.beta

    def extra_repr(self) -> str:
        return f"size={self.size}, alpha={self.alpha:g}, beta={self.beta:g}, k={self.k:g}"


@register(
    "layer",
    takes=("CHW",),
    year=2012,
    source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks",
    en="A channel that answers strongly quietens its neighbours at the same place: AlexNet's normalisation.",
    ko="세게 반응한 채널이 같은 자리의 이웃 채널을 누른다: AlexNet의 정규화.",
)
def local_response_norm(
    inputs: Shape,
    size: Annotated[int, Range(least=1)] = 5,
    alpha: Annotated[float, Range(least=0)] = 1e-4,
    beta: Annotated[float, Range(least=0)] = 0.75,
    k: Annotated[float, Range(above=0)] = 2.0,
) -> nn.Module:
    """b_c = a_c / (k + α Σ a_j²)^β over ``size`` channels around c. Shapes are kept."""
    return LocalResponseNorm(size, alpha, beta, k)
