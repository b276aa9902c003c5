"""Branches side by side, their channels put together: Inception's block, and DenseNet's with a branch that is the input itself.

    ┌── branch 0 ──┐
x ──┼── branch 1 ──┼── y = [branch 0(x), branch 1(x), …] along the channels
    └── …        ──┘
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.stack import sequence, stack
from whynet.registry import register
from whynet.spec import Spec
from whynet.text import Text

Shape = tuple[int, ...]


class Concat(nn.Module):
    """The branches' outputs, concatenated along the channels (axis 1 of the batch)."""

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)  # (B, C₀ + C₁ + …, …)


@register(
    "layer",
    example="concat([identity, [relu, tanh]])",
    year=2014,
    source="Szegedy et al., Going deeper with convolutions; Huang et al., Densely connected convolutional networks (2017)",
    en="Runs several branches on the same input and puts their channels together.",
    ko="같은 입력에 여러 갈래를 나란히 돌리고 채널을 이어 붙인다.",
)
def concat(inputs: Shape, branches: Sequence[Sequence[Spec | str] | Spec | str]) -> nn.Module:
    """[branch(x) for each branch] along the channels: (B, C, …) → (B, ΣC, …). A branch is a layer or a list of layers.

    ``concat([identity, conv2d(8, 3, padding=1)])`` is a step of DenseNet. Raises `ShapeError` where the places differ.
    """
    stacks = [stack([branch] if isinstance(branch, Spec | str) else branch, inputs) for branch in branches]
    if not stacks or len({shape[1:] for _, shape in stacks}) > 1:
        raise ShapeError(_DIFFER, shapes=" / ".join(str(shape) for _, shape in stacks) or "-")
    return Concat([sequence(modules) for modules, _ in stacks])


_DIFFER = Text(
    "concat needs at least one branch, and branches that agree in all axes but the first. Received: {shapes}. "
    "Use the same stride and enough padding in every branch.",
    "concat에는 갈래가 하나 이상 있어야 하고, 첫 축을 뺀 모든 축이 같아야 한다. 받은 것: {shapes}. "
    "모든 갈래에 같은 stride와 알맞은 padding을 준다.",
)
