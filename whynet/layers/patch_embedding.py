"""A picture as a sequence: cut into square patches, each patch one vector, with a place to remember and a token for the whole.

(C, H, W) ── cut P×P ── project each to D ── [class token, patch 1, …, patch N] + position ── (1 + N, D),   N = HW / P²
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.self_attention import Rate
from whynet.registry import Range, register
from whynet.text import Text

Shape = tuple[int, ...]


class PatchEmbedding(nn.Module):
    """(B, C, H, W) → (B, T, D), T = HW / P², one more with a class token. Row by row, the class token first."""

    def __init__(self, inputs: Shape, patch: int, width: int, class_token: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        channels, height, across = inputs
        if height % patch or across % patch:
            raise ShapeError(_CUT, patch=patch, inputs=inputs)
        count = (height // patch) * (across // patch)
        self.project = nn.Conv2d(channels, width, patch, stride=patch)  # one product a patch
        self.class_token = nn.Parameter(torch.empty(1, 1, width)) if class_token else None
        self.position = nn.Parameter(torch.empty(1, count + class_token, width))
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """N(0, 0.02²), cut at two deviations, for the token and the places."""
        for parameter in (self.class_token, self.position):
            if parameter is not None:
                nn.init.trunc_normal_(parameter, std=0.02, a=-0.04, b=0.04)

    def forward(self, x: Tensor) -> Tensor:
        x = self.project(x).flatten(2).transpose(1, 2)  # (B, D, H/P, W/P) → (B, N, D)
        if self.class_token is not None:
            x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1)  # (B, 1 + N, D)
        return self.dropout(x + self.position)


@register(
    "layer",
    takes=("CHW",),
    example="patch_embedding(4, 6)",
    year=2020,
    source="Dosovitskiy et al., An image is worth 16x16 words",
    en="Cuts a picture into patches and makes each a vector that knows its place, so that it can be read like a sentence.",
    ko="그림을 조각(patch)으로 잘라 저마다 제 자리를 아는 벡터로 만든다. 그래서 문장처럼 읽을 수 있다.",
)
def patch_embedding(
    inputs: Shape,
    patch: Annotated[int, Range(least=1)],
    width: Annotated[int, Range(least=1)],
    class_token: bool = True,
    dropout: Rate = 0.0,
) -> nn.Module:
    """[token, W patch₁ + b, …] + position: (B, C, H, W) → (B, 1 + HW/P², D). Raises `ShapeError` where P does not divide H and W."""
    return PatchEmbedding(inputs, patch, width, class_token, dropout)


_CUT = Text(
    "a picture is cut into patches without a rest, so its height and width must be multiples of the patch. "
    "Received: patch {patch}, picture {inputs}. Choose a patch that divides both, such as patch=2 for 8×8 pixels.",
    "그림을 남는 곳 없이 조각(patch)으로 자르므로 높이와 너비가 조각 크기의 배수여야 한다. "
    "받은 것: 조각 {patch}, 그림 {inputs}. 8×8 픽셀이면 patch=2처럼 둘 다 나누는 크기를 고른다.",
)
