"""Drawn scenes: their boxes against their pixels, and mirrored copies of them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from whynet.data import load
from whynet.data.scenes import HIDDEN, SHAPES, Scenes, scenes

SIZE = 40


@pytest.fixture(scope="module")
def drawn() -> Scenes:
    return scenes(60, SIZE, 4, seed=1)


def real(boxes: Tensor) -> list[list[float]]:
    return [row for row in boxes.tolist() if row[0] >= 0]


def test_shapes_and_ranges(drawn: Scenes) -> None:
    assert drawn.pictures.shape == (60, 3, SIZE, SIZE)
    assert 0 <= drawn.pictures.min() < drawn.pictures.max() <= 1
    assert {len(real(boxes)) for boxes in drawn.boxes} == {1, 2, 3, 4}
    assert drawn.masks.dtype == torch.int64
    assert set(drawn.masks.unique().tolist()) == set(range(len(drawn.classes) + 1))
    padding = drawn.boxes[drawn.boxes[..., 0] < 0]
    assert padding.unique(dim=0).tolist() == [[-1, 0, 0, 0, 0]]


def test_every_pixel_of_a_shape_lies_in_a_box_of_its_class(drawn: Scenes) -> None:
    for boxes, mask in zip(drawn.boxes, drawn.masks, strict=True):
        left = mask.clone()
        for kind, *corners in real(boxes):
            x1, y1, x2, y2 = (round(SIZE * corner) for corner in corners)
            left[y1:y2, x1:x2][left[y1:y2, x1:x2] == kind + 1] = 0
        assert not left.any()


def test_a_shape_alone_touches_all_four_sides_of_its_box() -> None:
    alone = scenes(20, SIZE, 1, seed=2)
    for (kind, *corners), mask in zip(alone.boxes[:, 0].tolist(), alone.masks, strict=True):
        rows, columns = (mask == kind + 1).nonzero(as_tuple=True)
        tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert [round(SIZE * corner) for corner in corners] == [int(side) for side in tight]


#   the share of its box that an upright shape fills; turned by up to half a radian it may fill a little less
@pytest.mark.parametrize(
    ("name", "filled"), [("circle", math.pi / 4), ("square", 1.0), ("triangle", 0.5), ("cross", 1 - 0.67**2)]
)
def test_shapes_fill_what_geometry_says(name: str, filled: float) -> None:
    y, x = torch.meshgrid(torch.arange(-99.5, 100), torch.arange(-99.5, 100), indexing="ij")
    inside = torch.from_numpy(SHAPES[name](x.numpy(), y.numpy(), 80.0)) < 0
    rows, columns = inside.nonzero(as_tuple=True)
    box = (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
    assert inside.sum() / box == pytest.approx(filled, abs=0.01)


def test_enough_of_every_object_can_be_seen() -> None:
    """A circle fills π/4 of its box; of any shape at most `HIDDEN` lies behind others."""
    for boxes, mask in zip(*(lambda s: (s.boxes, s.masks))(scenes(40, SIZE, 6, seed=3)), strict=True):
        for kind, *corners in real(boxes):
            x1, y1, x2, y2 = (round(SIZE * corner) for corner in corners)
            seen = (mask[y1:y2, x1:x2] == kind + 1).sum()
            assert seen >= (1 - HIDDEN) * 0.35 * (y2 - y1) * (x2 - x1)  # a turned cross fills more than 0.35 of its box


def test_a_seed_is_a_sample_and_fewer_pictures_are_the_first_of_more(drawn: Scenes) -> None:
    again, other = scenes(20, SIZE, 4, seed=1), scenes(20, SIZE, 4, seed=2)
    assert again.pictures.equal(drawn.pictures[:20])
    assert again.boxes.equal(drawn.boxes[:20])
    assert again.masks.equal(drawn.masks[:20])
    assert not other.pictures.equal(again.pictures)


def test_flips_add_mirrored_training_pictures_and_leave_the_other_sets_alone() -> None:
    plain, flipped = load("shapes(n=40, size=16)"), load("shapes(n=40, size=16, flips=True)")
    for name in ("validation", "test"):
        assert getattr(plain, name).x.equal(getattr(flipped, name).x)
    count = len(plain.train)
    assert len(flipped.train) == 2 * count
    assert flipped.train.x.equal(torch.cat([plain.train.x, plain.train.x.flip(-1)]))
    for row, mirror in zip(plain.train.y.flatten(0, 1).tolist(), flipped.train.y[count:].flatten(0, 1).tolist(), strict=True):
        kind, x1, y1, x2, y2 = row
        expected = [kind, 1 - x2, y1, 1 - x1, y2] if kind >= 0 else [-1, 0, 0, 0, 0]
        assert mirror == pytest.approx(expected)
    assert any("mirrored copy of each of the 29" in str(note) for note in flipped.notes)
