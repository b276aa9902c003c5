"""The vision transformer's weights. Ours has query, key and value in one matrix, one above the other."""

from __future__ import annotations

from whynet.models.pretrained.layout import Layout

BLOCK = r"encoder\.layers\.encoder_layer_(\d+)\."  # torchvision
LAYER = r"(?:encoder\.layer|layers)\.(\d+)\."  # transformers up to 4, and since 5

LAYOUTS = (
    Layout(
        "vit",
        "torchvision",
        ("class_token", "conv_proj.weight", "encoder.pos_embedding"),
        (
            (r"class_token", "stem.class_token"),
            (r"conv_proj\.", "stem.project."),
            (r"encoder\.pos_embedding", "stem.position"),
            (BLOCK + r"ln_(\d)\.", r"blocks.\1.norm\2."),
            (BLOCK + r"self_attention\.in_proj_", r"blocks.\1.attention.qkv."),
            (BLOCK + r"self_attention\.out_proj\.", r"blocks.\1.attention.out."),
            (BLOCK + r"mlp\.(?:0|linear_1)\.", r"blocks.\1.up."),
            (BLOCK + r"mlp\.(?:3|linear_2)\.", r"blocks.\1.down."),
            (r"encoder\.ln\.", "norm."),
            (r"heads\.head\.", "head."),
        ),
    ),
    Layout(
        "vit",
        "timm",
        ("cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"),
        (
            (r"cls_token", "stem.class_token"),
            (r"pos_embed", "stem.position"),
            (r"patch_embed\.proj\.", "stem.project."),
            (r"blocks\.(\d+)\.attn\.qkv\.", r"blocks.\1.attention.qkv."),
            (r"blocks\.(\d+)\.attn\.proj\.", r"blocks.\1.attention.out."),
            (r"blocks\.(\d+)\.mlp\.fc1\.", r"blocks.\1.up."),
            (r"blocks\.(\d+)\.mlp\.fc2\.", r"blocks.\1.down."),
        ),  # the norms of blocks, the last one and the head are called as ours
    ),
    Layout(
        "vit",
        "transformers",
        ("embeddings.cls_token", "embeddings.position_embeddings", "embeddings.patch_embeddings.projection.weight"),
        (
            (r"embeddings\.cls_token", "stem.class_token"),
            (r"embeddings\.position_embeddings", "stem.position"),
            (r"embeddings\.patch_embeddings\.projection\.", "stem.project."),
            (LAYER + r"attention\.(?:attention\.query|q_proj)\.", r"blocks.\1.attention.qkv#0."),
            (LAYER + r"attention\.(?:attention\.key|k_proj)\.", r"blocks.\1.attention.qkv#1."),
            (LAYER + r"attention\.(?:attention\.value|v_proj)\.", r"blocks.\1.attention.qkv#2."),
            (LAYER + r"attention\.(?:output\.dense|o_proj)\.", r"blocks.\1.attention.out."),
            (LAYER + r"layernorm_before\.", r"blocks.\1.norm1."),
            (LAYER + r"layernorm_after\.", r"blocks.\1.norm2."),
            (LAYER + r"(?:intermediate\.dense|mlp\.fc1)\.", r"blocks.\1.up."),
            (LAYER + r"(?:output\.dense|mlp\.fc2)\.", r"blocks.\1.down."),
            (r"layernorm\.", "norm."),
            (r"pooler\.", None),  # stands behind the class token in the base model; no classifier uses it
            (r"classifier\.", "head."),
        ),
        prefix="vit.",
    ),
)
