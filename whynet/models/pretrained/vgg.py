"""VGG's weights: both libraries number convolutions, norms, activations and pools through.

Where a pool stands shows in the gap before the next convolution: one more than within a stage.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from whynet.models.pretrained.layout import Layout, Table

FEATURE = re.compile(r"features\.(\d+)\.weight")


def _features(names: Collection[str]) -> dict[str, str]:
    """Our name of each numbered layer: ``{"0": "stage1.conv1", "1": "stage1.norm1", "3": "stage1.conv2"}``."""
    owning = sorted(int(found[1]) for name in names if (found := FEATURE.fullmatch(name)))
    norms = [number for number in owning if f"features.{number}.running_mean" in names]
    within = 3 if norms else 2  # from one convolution to the next of its stage
    ours: dict[str, str] = {}
    stage, place, before = 1, 0, 0
    for number in (number for number in owning if number not in norms):
        stage, place = (stage + 1, 1) if number - before > within else (stage, place + 1)
        ours[str(number)] = f"stage{stage}.conv{place}"
        if norms:
            ours[str(number + 1)] = f"stage{stage}.norm{place}"
        before = number
    return ours


def _torchvision(names: Collection[str]) -> Table:
    dense = {"0": "dense1", "3": "dense2", "6": "head"}
    return (*_numbered(names), (r"classifier\.(0|3|6)\.", lambda found: f"{dense[found[1]]}."))


def _timm(names: Collection[str]) -> Table:
    """timm's dense layers are convolutions over the whole map."""
    dense: Table = ((r"pre_logits\.fc1\.", "dense1!."), (r"pre_logits\.fc2\.", "dense2!."), (r"head\.fc\.", "head."))
    return (*_numbered(names), *dense)


def _numbered(names: Collection[str]) -> Table:
    ours = _features(names)
    return ((r"features\.(\d+)\.", lambda found: f"{ours.get(found[1], found[0][:-1])}."),)


LAYOUTS = (
    Layout("vgg", "torchvision", ("features.0.weight", "classifier.0.weight", "classifier.3.weight"), _torchvision),
    Layout("vgg", "timm", ("features.0.weight", "pre_logits.fc1.weight", "pre_logits.fc2.weight"), _timm),
)
