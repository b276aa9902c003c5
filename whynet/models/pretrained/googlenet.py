"""GoogLeNet's weights. The two further heads, of use in training only, are left out, as they are in ours."""

from __future__ import annotations

import re

from whynet.models.pretrained.layout import Layout

BRANCHES = {"1": "one", "2.0": "three.0", "2.1": "three.1", "3.0": "five.0", "3.1": "five.1", "4.1": "pool.1"}
STAGES = {"3": 1, "4": 2, "5": 3}
UNIT = r"(conv|bn)\."


def _kind(name: str) -> str:
    return {"conv": "conv", "bn": "norm"}[name]


def _block(found: re.Match[str]) -> str:
    number, letter, branch, kind = found.groups()
    return f"stage{STAGES[number]}.block{number}{letter}.{BRANCHES[branch]}.{_kind(kind)}."


LAYOUTS = (
    Layout(
        "googlenet",
        "torchvision",
        ("conv1.conv.weight", "inception3a.branch1.conv.weight", "inception5b.branch4.1.conv.weight"),
        (
            (r"conv(\d)\." + UNIT, lambda found: f"stem.conv{found[1]}.{_kind(found[2])}."),
            (r"inception([345])([a-e])\.branch(1|2\.[01]|3\.[01]|4\.1)\." + UNIT, _block),
            (r"aux[12]\.", None),
            (r"fc\.", "head."),
        ),
    ),
)
