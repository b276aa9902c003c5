"""The transformer block: look around, then think it over, each as a correction to what was there.

    norm="pre"    x ─┬─ norm1 ─ attention ─ (dropout) ─⊕─┬─ norm2 ─ up ─ act ─ down ─ (dropout) ─⊕─ y
                     └─────────────────────────────────┘ └───────────────────────────────────────┘
    norm="post"   x ─┬─ attention ─ (dropout) ─⊕─ norm1 ─┬─ up ─ act ─ down ─ (dropout) ─⊕─ norm2 ─ y
                     └─────────────────────────┘         └───────────────────────────────┘

The paper of 2017 and BERT normalise after each sum; GPT-2 and ViT before each branch, which leaves the sums a clear way for the
gradient and trains without a warm-up (Xiong et al. 2020). ``up`` widens ``ratio`` times, ``down`` narrows again.
"""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.layers.activations import activation as make_activation
from whynet.layers.self_attention import Heads, Rate, SelfAttention
from whynet.registry import Range, register
from whynet.spec import Spec

Shape = tuple[int, ...]
Norm = Literal["pre", "post"]


class TransformerBlock(nn.Module):
    """(B, T, D) → (B, T, D)."""

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        ratio: float = 4.0,
        dropout: float = 0.0,
        causal: bool = False,
        norm: Norm = "pre",
        activation: str | Spec = "gelu",
        eps: float = 1e-5,
        attention_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.is_pre = norm == "pre"
        self.norm1 = nn.LayerNorm(width, eps)
        self.attention = SelfAttention(width, heads, causal, attention_dropout)
        self.norm2 = nn.LayerNorm(width, eps)
        self.up = nn.Linear(width, round(ratio * width))
        self.act = make_activation(activation, (round(ratio * width),))
        self.down = nn.Linear(round(ratio * width), width)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.is_pre:
            x = x + self.dropout(self.attention(self.norm1(x)))
            return x + self._think(self.norm2(x))
        x = self.norm1(x + self.dropout(self.attention(x)))
        return self.norm2(x + self._think(x))

    def _think(self, x: Tensor) -> Tensor:
        """Each place by itself: (B, T, D) → (B, T, ratio · D) → (B, T, D)."""
        return self.dropout(self.down(self.act(self.up(x))))


@register(
    "layer",
    takes=("TD",),
    example="transformer_block(heads=2, ratio=2)",
    year=2017,
    source="Vaswani et al., Attention is all you need; norm first: Xiong et al. 2020",
    en="Attention between the places, then two linear layers at each place, both added to what was there.",
    ko="자리 사이의 어텐션(attention), 이어서 자리마다 선형 층 둘. 둘 다 있던 것에 더한다.",
)
def transformer_block(
    inputs: Shape,
    heads: Heads = 4,
    ratio: Annotated[float, Range(above=0)] = 4.0,
    dropout: Rate = 0.0,
    causal: bool = False,
    norm: Norm = "pre",
    activation: str | Spec = "gelu",
    eps: Annotated[float, Range(above=0)] = 1e-5,
    attention_dropout: Rate = 0.0,
) -> nn.Module:
    """x + attention(norm(x)), then x + mlp(norm(x)); (B, T, D) → (B, T, D).

    ``norm="post"``: norm(x + …) instead. ``dropout``: of what is added; ``attention_dropout``: of the map. Raises `ShapeError`
    where heads do not divide D, `OptionError` where the activation is none.
    """
    return TransformerBlock(
        inputs[-1],
        heads,
        ratio=ratio,
        dropout=dropout,
        causal=causal,
        norm=norm,
        activation=activation,
        eps=eps,
        attention_dropout=attention_dropout,
    )
