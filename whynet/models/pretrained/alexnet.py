"""AlexNet's weights: torchvision numbers the layers between its pools and activations through."""

from __future__ import annotations

from whynet.models.pretrained.layout import Layout

CONVOLUTIONS = {"0": 1, "3": 2, "6": 3, "8": 4, "10": 5}  # of torchvision's ``features``, and the stage that each is ours
DENSE = {"1": "dense1", "4": "dense2", "6": "head"}

LAYOUTS = (
    Layout(
        "alexnet",
        "torchvision",
        ("features.0.weight", "features.3.weight", "features.6.weight", "classifier.1.weight", "classifier.4.weight"),
        (
            (r"features\.(0|3|6|8|10)\.", lambda found: f"stage{CONVOLUTIONS[found[1]]}.conv."),
            (r"classifier\.(1|4|6)\.", lambda found: f"{DENSE[found[1]]}."),
        ),
    ),
)
