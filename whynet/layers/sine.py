"""The sine as an activation, for networks that *are* a signal: position in, colour or pressure out."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from whynet.registry import Range, register

Shape = tuple[int, ...]


class Sine(nn.Module):
    """sin(ω₀ · x), element by element, any shape."""

    is_activation = True  # probes of activations look for this mark

    def __init__(self, omega0: float) -> None:
        super().__init__()
        self.omega0 = omega0

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega0 * x)

    def extra_repr(self) -> str:
        return f"omega0={self.omega0:g}"


@register(
    "layer",
    activation=True,
    year=2020,
    source="Sitzmann et al., Implicit neural representations with periodic activation functions",
    en="sin(ω₀x): its derivative is again a sine, so the network can carry fine detail.",
    ko="sin(ω₀x): 미분해도 다시 사인이라 네트워크가 세밀한 변화까지 담을 수 있다.",
)
def sine(inputs: Shape, omega0: Annotated[float, Range(above=0)] = 30.0) -> nn.Module:
    """sin(ω₀ · x); ω₀ = 30 as in the paper, which pairs it with an initialisation of its own."""
    return Sine(omega0)
