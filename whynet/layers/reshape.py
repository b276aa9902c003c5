"""The same numbers in another shape."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from whynet.registry import register

Shape = tuple[int, ...]


class Reshape(nn.Module):
    """(B, …) → (B, *shape)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)

    def extra_repr(self) -> str:
        return str(self.shape)


@register(
    "layer",
    example="reshape([2, -1])",
    en="The same numbers in another shape; one axis may be -1 and takes what is left.",
    ko="같은 값들을 다른 모양으로 둔다. 축 하나는 -1로 두면 남는 만큼이 된다.",
)
def reshape(inputs: Shape, shape: Sequence[int]) -> nn.Module:
    """(B, …) → (B, *shape), in reading order."""
    return Reshape(tuple(shape))


@register(
    "layer",
    en="All numbers of an example in one row, as a linear layer wants them.",
    ko="예제 하나의 값을 모두 한 줄로 편다. 선형 층이 원하는 모양이다.",
)
def flatten(inputs: Shape) -> nn.Module:
    """(B, …) → (B, D)."""
    return nn.Flatten()
