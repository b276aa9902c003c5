"""Self-attention: every place of a sequence asks all places, and takes from each as much as it has of what was asked for.

                ┌─ query ─┐
    x (T, D) ───┼─ key ───┼── weights = softmax(query · keyᵀ / √d) ── weights · value ── heads side by side ── out ── (T, D)
                └─ value ─┘            (heads, T, T)                     (heads, T, d)

Each head has d = D / heads of the width to itself, so that several questions can be asked at once.

The map stays open: when somebody looks (the submodule ``weights`` has a hook), it passes there, (B, heads, T, T), each row summing
to 1. When nobody does, torch's fused kernel gives the same answer without ever writing the map down.
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whynet.errors import ShapeError
from whynet.layers._stacked import is_stacked
from whynet.registry import Range, register
from whynet.text import Text

Shape = tuple[int, ...]
Heads = Annotated[int, Range(least=1)]
Rate = Annotated[float, Range(least=0, below=1)]


class SelfAttention(nn.Module):
    """(B, T, D) → (B, T, D). ``causal``: a place sees itself and what came before, never what comes after."""

    def __init__(self, width: int, heads: int, causal: bool = False, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        if width % heads:
            raise ShapeError(_UNEVEN, width=width, heads=heads)
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(width, 3 * width, bias)  # query, key and value in one product: rows 0…D-1 are the query's
        self.weights = nn.Identity()  # where the map passes when somebody looks
        self.dropout = nn.Dropout(dropout) if dropout else None
        self.out = nn.Linear(width, width, bias)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        qkv = self.qkv(x).view(batch, time, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind()  # each (B, heads, T, d)
        if self._is_watched or is_stacked() or (self.dropout is not None and self.training):
            mixed = self._open(query, key, value)
        else:
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.out(mixed.transpose(1, 2).reshape(batch, time, width))  # heads side by side

    def _open(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """The same, step by step."""
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, heads, T, T)
        if self.causal:
            later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(later, -math.inf)
        weights = self.weights(scores.softmax(dim=-1))
        if self.dropout is not None:
            weights = self.dropout(weights)
        return weights @ value  # (B, heads, T, d)

    @property
    def _is_watched(self) -> bool:
        return bool(self.weights._forward_hooks or self.weights._forward_pre_hooks)


@register(
    "layer",
    takes=("TD",),
    example="self_attention(heads=2)",
    year=2017,
    source="Vaswani et al., Attention is all you need",
    en="Every place takes from every other what it asks for, near or far: the way between any two is one step.",
    ko="모든 자리가 다른 모든 자리에서 물은 만큼 가져온다. 가깝든 멀든 한 걸음이다.",
)
def self_attention(inputs: Shape, heads: Heads = 4, causal: bool = False, dropout: Rate = 0.0, bias: bool = True) -> nn.Module:
    """softmax(Q Kᵀ / √d) V for each of ``heads``, d = D / heads, then a linear layer: (B, T, D) → (B, T, D).

    ``causal``: no place sees what comes after it. ``dropout``: of the map. Raises `ShapeError` where heads do not divide D.
    """
    return SelfAttention(inputs[-1], heads, causal, dropout, bias)


_UNEVEN = Text(
    "self-attention shares the width among its heads, so heads must divide it. Received: width {width}, heads {heads}. "
    "Change either, such as heads=1.",
    "셀프 어텐션(self-attention)은 너비를 헤드(head)가 나누어 가지므로 너비가 헤드 수로 나누어떨어져야 한다. "
    "받은 것: 너비 {width}, 헤드 {heads}개. heads=1처럼 한쪽을 바꾼다.",
)
