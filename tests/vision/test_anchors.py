"""Anchors, one after another in plain Python, and the nine of the paper."""

from __future__ import annotations

import math

import pytest
import torch

from whynet.vision.anchors import anchors
from whynet.vision.boxes import area


def test_anchors_are_listed_place_by_place_ratio_by_ratio_size_by_size() -> None:
    (height, width), (rows, columns), sizes, ratios = (40, 60), (2, 3), (8.0, 20.0), (0.5, 1.0, 2.0)
    expected = []
    for row in range(rows):
        for column in range(columns):
            for ratio in ratios:
                for size in sizes:
                    y, x = (row + 0.5) * height / rows, (column + 0.5) * width / columns
                    tall, wide = size * math.sqrt(ratio), size / math.sqrt(ratio)
                    expected.append(
                        [(x - wide / 2) / width, (y - tall / 2) / height, (x + wide / 2) / width, (y + tall / 2) / height]
                    )
    found = anchors((height, width), (rows, columns), sizes, ratios, dtype=torch.double)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.double))


def test_the_nine_anchors_of_the_paper_have_its_areas_and_shapes() -> None:
    """Areas of 128², 256² and 512² pixels with sides 1:2, 1:1 and 2:1; for a map of about 60 × 40 some 20 000 in all."""
    found = anchors((640, 960), (40, 60), (128, 256, 512), (0.5, 1, 2), dtype=torch.double)
    assert len(found) == 40 * 60 * 9
    pixels = found[:9] * torch.tensor([960, 640, 960, 640])
    assert area(pixels).sqrt().tolist() == pytest.approx([128, 256, 512] * 3)
    side = pixels[:, 2:] - pixels[:, :2]
    assert (side[:, 1] / side[:, 0]).tolist() == pytest.approx([0.5] * 3 + [1.0] * 3 + [2.0] * 3)
