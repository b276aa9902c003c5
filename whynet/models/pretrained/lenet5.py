"""LeNet-5's weights, as the tutorial of PyTorch that many a copy was made from names them."""

from __future__ import annotations

from whynet.models.pretrained.layout import Layout

LAYOUTS = (
    Layout(
        "lenet5",
        "PyTorch's tutorial",
        ("conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight", "fc3.weight"),
        ((r"fc1\.", "dense1."), (r"fc2\.", "dense2."), (r"fc3\.", "head.")),
    ),
)
