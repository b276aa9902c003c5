"""Layers run on each frame of a video by itself, with the same weights for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from whynet.layers.stack import sequence, stack
from whynet.registry import register
from whynet.spec import Spec

Shape = tuple[int, ...]


class PerFrame(nn.Module):
    """(B, T, …) → (B, T, …): frames are put into the batch, and taken out again."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        batch, time = x.shape[:2]
        out: Tensor = self.body(x.flatten(0, 1))  # (B·T, C, H, W)
        return out.reshape(batch, time, *out.shape[1:])


@register(
    "layer",
    takes=("TCHW", "TD"),
    example="per_frame([flatten, linear(3)])",
    year=2015,
    source="Donahue et al., Long-term recurrent convolutional networks (time-distributed layers)",
    en="Runs layers on each frame by itself: what they see does not depend on when.",
    ko="프레임(frame)마다 따로 층을 적용한다: 무엇을 보는지가 언제인지에 달려 있지 않다.",
)
def per_frame(inputs: Shape, body: Sequence[Spec | str]) -> nn.Module:
    """body(x_t) for each t: (B, T, C, H, W) → (B, T, …). Raises `ShapeError` from inside the body."""
    modules, _ = stack(body, inputs[1:])
    return PerFrame(sequence(modules))
