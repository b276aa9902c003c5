"""ResNet's weights."""

from __future__ import annotations

import re

from whynet.models.pretrained.layout import Layout


def _from_one(found: re.Match[str]) -> str:
    """transformers counts stages and layers from 0."""
    stage, block, layer, kind = found.groups()
    part = {"convolution": "conv", "normalization": "norm"}[kind]
    place = f"{part}{int(layer) + 1}" if layer else f"shortcut.{part}"
    return f"stage{int(stage) + 1}.{block}.{place}."


LAYOUTS = (
    Layout(
        "resnet",
        "torchvision, timm",
        ("conv1.weight", "bn1.weight", "layer1.0.conv1.weight"),
        (
            (r"conv1\.", "stem.conv."),
            (r"bn1\.", "stem.norm."),
            (r"layer(\d+)\.(\d+)\.conv(\d)\.", r"stage\1.\2.conv\3."),
            (r"layer(\d+)\.(\d+)\.bn(\d)\.", r"stage\1.\2.norm\3."),
            (r"layer(\d+)\.(\d+)\.downsample\.0\.", r"stage\1.\2.shortcut.conv."),
            (r"layer(\d+)\.(\d+)\.downsample\.1\.", r"stage\1.\2.shortcut.norm."),
            (r"fc\.", "head."),
        ),
    ),
    Layout(
        "resnet",
        "transformers",
        ("embedder.embedder.convolution.weight", "encoder.stages.0.layers.0.layer.0.convolution.weight"),
        (
            (r"embedder\.embedder\.convolution\.", "stem.conv."),
            (r"embedder\.embedder\.normalization\.", "stem.norm."),
            (r"encoder\.stages\.(\d+)\.layers\.(\d+)\.(?:layer\.(\d)|shortcut)\.(convolution|normalization)\.", _from_one),
            (r"classifier\.1\.", "head."),
        ),
        prefix="resnet.",
    ),
)
