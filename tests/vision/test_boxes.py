"""Boxes against plain Python, one pair after another, and against pixels that are counted."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import vmap

from whynet.vision.boxes import area, centres, clip, corners, decode, encode, iou, paired_iou

Box = tuple[float, float, float, float]


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Proper boxes in the unit square."""
    points = torch.rand(*shape, 2, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.cat([points.amin(-2), points.amax(-2)], dim=-1)


def twin_iou(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / either if either else 0.0


pixels = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12)).map(
    lambda p: (min(p[0], p[2]), min(p[1], p[3]), max(p[0], p[2]), max(p[1], p[3]))
)


@given(pixels, pixels)
def test_overlap_is_what_counting_pixels_gives(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    covered = [{(x, y) for x in range(p[0], p[2]) for y in range(p[1], p[3])} for p in (a, b)]
    expected = len(covered[0] & covered[1]) / max(len(covered[0] | covered[1]), 1)
    assert float(paired_iou(torch.tensor(a).double(), torch.tensor(b).double())) == pytest.approx(expected)
    assert float(area(torch.tensor(a).double())) == len(covered[0])


def test_every_box_meets_every_other_whatever_comes_before() -> None:
    a, b = draw(2, 3, 5), draw(2, 3, 4, seed=1)
    found = iou(a, b)
    assert found.shape == (2, 3, 5, 4)
    for i, j in ((0, 0), (1, 2)):
        for n in range(5):
            for m in range(4):
                assert float(found[i, j, n, m]) == pytest.approx(
                    twin_iou(tuple(a[i, j, n].tolist()), tuple(b[i, j, m].tolist()))
                )


def test_empty_boxes_overlap_nothing_and_have_a_gradient() -> None:
    a = torch.zeros(1, 4, requires_grad=True)
    found = iou(a, torch.zeros(1, 4))
    found.sum().backward()
    assert found.item() == 0
    assert a.grad is not None
    assert bool(a.grad.isfinite().all())


def test_centres_and_corners_undo_each_other() -> None:
    boxes = draw(7)
    torch.testing.assert_close(corners(centres(boxes)), boxes)
    torch.testing.assert_close(centres(torch.tensor([1.0, 2.0, 5.0, 10.0])), torch.tensor([3.0, 6.0, 4.0, 8.0]))


def test_a_delta_is_what_the_paper_writes() -> None:
    """R-CNN, appendix C: t = ((Gx - Px)/Pw, (Gy - Py)/Ph, log Gw/Pw, log Gh/Ph)."""
    anchor, box = torch.tensor([0.0, 0.0, 4.0, 8.0]), torch.tensor([2.0, 2.0, 10.0, 6.0])
    torch.testing.assert_close(encode(box, anchor), torch.tensor([(6 - 2) / 4, (4 - 4) / 8, math.log(8 / 4), math.log(4 / 8)]))


def test_decoding_undoes_encoding() -> None:
    boxes, anchors = draw(3, 6), draw(3, 6, seed=1)
    torch.testing.assert_close(decode(encode(boxes, anchors), anchors), boxes)


def test_a_wild_delta_and_a_padded_row_stay_finite() -> None:
    assert bool(decode(torch.full((4,), 1e4), torch.tensor([0.0, 0.0, 1.0, 1.0])).isfinite().all())
    assert bool(encode(torch.zeros(4), torch.zeros(4)).isfinite().all())


def test_clipping_keeps_what_lies_in_the_picture() -> None:
    boxes = torch.tensor([[-1.0, 2.0, 30.0, 40.0], [1.0, 1.0, 2.0, 2.0]])
    torch.testing.assert_close(clip(boxes, width=20, height=10), torch.tensor([[0.0, 2.0, 20.0, 10.0], [1.0, 1.0, 2.0, 2.0]]))
    torch.testing.assert_close(clip(torch.tensor([-0.5, 0.2, 0.7, 1.5])), torch.tensor([0.0, 0.2, 0.7, 1.0]))


def test_stacked_is_the_same_as_one_after_another() -> None:
    a, b = draw(3, 5), draw(3, 4, seed=1)
    torch.testing.assert_close(vmap(iou)(a, b), torch.stack([iou(x, y) for x, y in zip(a, b, strict=True)]))
