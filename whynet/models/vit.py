"""The Vision Transformer: a picture is sixteen words by sixteen, and is read like a sentence.

    (C, H, W) ── stem: cut into patches P×P, each to D numbers, a class token before them, + position ── (1 + HW/P², D)
              ── blocks: look at all other patches, think it over; × depth ── norm ── the class token ── head ── outputs

    a block:   x ← x + attention(norm1(x))        attention = softmax(Q Kᵀ / √d) V, in ``heads`` parts
               x ← x + down(gelu(up(norm2(x))))   (see ``whynet.layers.transformer_block``)

    size       width   depth   heads   ViT-·/16, 224×224, 1000 classes
    Ti           192      12       3     5 717 416      Touvron et al. 2020
    S            384      12       6    22 050 664
    B            768      12      12    86 567 656      Dosovitskiy et al. 2020, table 1
    L           1024      24      16   304 326 632

A convolution is told that neighbours belong together and that a pattern is the same everywhere; this network has to find that out. So
it needs more examples or more care to get as far, and gets further when there are very many. Any pair of patches meets in
the first block, and where a block looks can be seen: ``blocks.i.attention.weights`` is its map.

The patch has to divide height and width: ``vit(patch=2, width=32, depth=2, heads=4)`` is for 8×8 pixels. Weights are drawn
from N(0, 0.02²), which suits large widths; a small network learns sooner with ``init="xavier"``.
Dosovitskiy et al., An image is worth 16x16 words: transformers for image recognition at scale (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.augment import augmentation
from whynet.layers.over_time import OverTime
from whynet.layers.patch_embedding import PatchEmbedding
from whynet.layers.transformer_block import TransformerBlock
from whynet.models.card import Published, Training
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

Size = Literal["Ti", "S", "B", "L"]
Count = Annotated[int, Range(least=1)]
SIZES: dict[Size, tuple[int, int, int]] = {"Ti": (192, 12, 3), "S": (384, 12, 6), "B": (768, 12, 12), "L": (1024, 24, 16)}


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("CHW",),
    example="vit(patch=2, width=8, depth=2, heads=2)",
    name="vit",
    year=2020,
    source="Dosovitskiy et al., An image is worth 16x16 words",
    en="Reads a picture as a sentence of patches: any two meet in one step, and nothing is told it of neighbourhood.",
    ko="그림을 조각(patch)의 문장으로 읽는다: 어느 두 조각이든 한 걸음에 만나고, 이웃이라는 것은 스스로 배워야 한다.",
    published=(
        Published('vit(size="B", patch=16)', (3, 224, 224), 1000, 86_567_656, "Dosovitskiy et al. 2020, table 1; as torchvision"),
        Published('vit(size="L", patch=16)', (3, 224, 224), 1000, 304_326_632, "Dosovitskiy et al. 2020, table 1; as torchvision"),
        Published('vit(size="S", patch=16)', (3, 224, 224), 1000, 22_050_664, "DeiT-S, Touvron et al. 2020, table 1; as timm"),
        Published('vit(size="Ti", patch=16)', (3, 224, 224), 1000, 5_717_416, "DeiT-Ti, Touvron et al. 2020, table 1; as timm"),
    ),
    recipes=(
        Training(
            "digits", "vit(patch=2, width=32, depth=2, heads=4, dropout=0.1)", "adamw(lr=0.003)", reaches=0.97,
            settings={"epochs": 40, "schedule": "warmup(fraction=0.1, then=cosine)", "init": "xavier"},
        ),
        Training(
            "fashion_mnist", "vit(patch=4, width=64, depth=4, heads=4)", "adamw(lr=0.001, weight_decay=0.05)",
            settings={"epochs": 10, "batch_size": 128, "schedule": "warmup(fraction=0.1, then=cosine)"},
        ),
    ),
)  # fmt: skip
class ViT(nn.Module):
    """Logits or values from pictures; (B, C, H, W) → (B, outputs).

    ``size`` gives width, depth and heads where they are not given. ``ratio``: how much wider the linear layers of a block are than
    D. ``dropout``: of the sum of patch and position, and of what each branch adds. ``augment``: layers that change the pictures in
    training. Raises `ShapeError` for what is no picture, a patch that does not divide it, or heads that do not divide the width.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        *,
        size: Size = "B",
        patch: Count = 16,
        width: Count | None = None,
        depth: Count | None = None,
        heads: Count | None = None,
        ratio: Annotated[float, Range(above=0)] = 4.0,
        dropout: Annotated[float, Range(least=0, below=1)] = 0.0,
        augment: Sequence[Spec | str] = (),
    ) -> None:
        super().__init__()
        if len(inputs) != 3:
            raise ShapeError(_NO_PICTURE, inputs=inputs)
        wide, deep, many = SIZES[size]
        width, depth, heads = width or wide, depth or deep, heads or many
        self.augment = augmentation(augment, inputs)
        self.stem = PatchEmbedding(inputs, patch, width, dropout=dropout)
        self.blocks = nn.Sequential(
            *(TransformerBlock(width, heads, ratio=ratio, dropout=dropout, eps=1e-6) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width, 1e-6)
        self.pool = OverTime("first")
        self.head = nn.Linear(width, outputs)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Matrices from N(0, 0.02²), cut at two deviations; biases zero."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.augment is not None:
            x = self.augment(x)
        x = self.stem(x)  # (B, C, H, W) → (B, T, D), T = 1 + HW / P²
        x = self.blocks(x)  # (B, T, D)
        x = self.pool(self.norm(x))  # (B, D), of the class token
        return self.head(x)  # (B, outputs)


_NO_PICTURE = Text(
    "vit expects pictures, (channels, height, width). Received: {inputs}. Use mlp, which takes any shape.",
    "vit는 그림을 받는다: (채널, 높이, 너비). 받은 것: {inputs}. 모양을 가리지 않는 mlp를 쓴다.",
)
