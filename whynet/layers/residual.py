"""The residual connection: learn what to add, not what to become.

        ┌──────── shortcut ────────┐
    x ──┴── body: layer, layer, … ─⊕── y = body(x) + shortcut(x)

The sum hands the gradient back undiminished (∂y/∂x = 1 + ∂body/∂x), which is why a hundred layers can be trained.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.stack import sequence, stack
from whynet.registry import register
from whynet.spec import Spec
from whynet.text import Text

Shape = tuple[int, ...]


class Residual(nn.Module):
    """body(x) + shortcut(x); the two have one shape."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.shortcut(x)


@register(
    "layer",
    example="residual([batch_norm, relu])",
    year=2015,
    source="He, Zhang, Ren and Sun, Deep residual learning for image recognition",
    en="body(x) + x: the layers learn a correction, and the gradient has a way around them.",
    ko="body(x) + x: 층은 더할 만큼만 배우고, 기울기는 층을 돌아가는 길을 얻는다.",
)
def residual(inputs: Shape, body: Sequence[Spec | str], shortcut: Sequence[Spec | str] = ()) -> nn.Module:
    """body(x) + shortcut(x); without a ``shortcut`` of its own x itself is added. Raises `ShapeError` if the shapes differ."""
    through, after = stack(body, inputs)
    around, beside = stack(shortcut, inputs)
    if after != beside:
        raise ShapeError(_DIFFER, after=after, beside=beside)
    return Residual(sequence(through), sequence(around) if around else nn.Identity())


_DIFFER = Text(
    "a residual adds body and shortcut, which must have one shape. Received: body {after}, shortcut {beside}. "
    "Keep the shape in the body (padding), or give a shortcut that changes it too, such as shortcut=[conv2d(16, 1, stride=2)].",
    "residual은 body와 shortcut을 더하므로 둘의 모양이 같아야 한다. 받은 것: body {after}, shortcut {beside}. "
    "body가 모양을 지키게 하거나(padding), shortcut=[conv2d(16, 1, stride=2)]처럼 모양을 같이 바꾸는 shortcut을 준다.",
)
