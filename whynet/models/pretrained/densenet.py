"""DenseNet's weights; timm has torchvision's names. The files that torchvision hands out are of before names lost a dot: ``norm.1``."""

from __future__ import annotations

import re

from whynet.models.pretrained.layout import Layout


def _layer(found: re.Match[str]) -> str:
    """Both count layers from 1."""
    stage, layer, kind, number = found.groups()
    return f"stage{stage}.block.{int(layer) - 1}.{kind}{number}."


LAYOUTS = (
    Layout(
        "densenet",
        "torchvision, timm",
        ("features.conv0.weight", "features.norm5.weight"),
        (
            (r"features\.conv0\.", "stem.conv."),
            (r"features\.norm0\.", "stem.norm."),
            (r"features\.denseblock(\d+)\.denselayer(\d+)\.(norm|conv)\.?([12])\.", _layer),
            (r"features\.transition(\d+)\.(norm|conv)\.", r"stage\1.transition.\2."),
            (r"features\.norm5\.", "norm."),
            (r"classifier\.", "head."),
        ),
    ),
)
