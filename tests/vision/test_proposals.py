"""Proposals against loops over pixels, colours and windows; and how many objects of the drawn scenes they find."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from torch import Tensor
from torch.func import vmap
from torch.fx.experimental.proxy_tensor import make_fx

from whynet.data.scenes import scenes
from whynet.vision.boxes import iou
from whynet.vision.nms import nms
from whynet.vision.proposals import LEVELS, RING, colour_contrast, grid, propose
from whynet.vision.rows import DETECTOR, PROPOSER, pack, unpack, width


def pictures(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def test_a_grid_holds_every_window_that_fits() -> None:
    """8 × 6 pixels, windows of 4 × 4 and of 2 × 8 (a quarter as wide as high): 2 · 2 and 3 places at every second pixel."""
    found = (grid((8, 6), [4], [1, 4], 2) * torch.tensor([6, 8, 6, 8])).tolist()
    square = [[x, y, x + 4, y + 4] for y in (0, 2, 4) for x in (0, 2)]
    tall = [[x, 0, x + 2, 8] for x in (0, 2, 4)]
    assert found == [pytest.approx(box) for box in square + tall]
    assert grid((8, 6), [9], [1], 2).shape == (0, 4)


def twin_contrast(picture: Tensor, window: Tensor) -> float:
    height, width = picture.shape[1:]
    x1, y1, x2, y2 = window.tolist()
    reach_x, reach_y = (x2 - x1) * (RING - 1) / 2, (y2 - y1) * (RING - 1) / 2

    def colours(x1: float, y1: float, x2: float, y2: float) -> Counter[tuple[int, ...]]:
        rows = range(max(round(y1 * height), 0), min(round(y2 * height), height))
        columns = range(max(round(x1 * width), 0), min(round(x2 * width), width))
        seen = [picture[:, y, x].tolist() for y in rows for x in columns]
        return Counter(tuple(min(math.floor(v * LEVELS), LEVELS - 1) for v in pixel) for pixel in seen)

    inside = colours(x1, y1, x2, y2)
    around = colours(x1 - reach_x, y1 - reach_y, x2 + reach_x, y2 + reach_y) - inside
    if not around:
        return 0.0
    p = {colour: n / inside.total() for colour, n in inside.items()}
    q = {colour: n / around.total() for colour, n in around.items()}
    return sum((p.get(c, 0) - q.get(c, 0)) ** 2 / (p.get(c, 0) + q.get(c, 0)) for c in {*p, *q}) / 2


@pytest.mark.parametrize("channels", [1, 3])
def test_colour_contrast_is_what_counting_pixels_gives(channels: int) -> None:
    x, windows = pictures(2, channels, 12, 10), grid((12, 10), [4, 7, 12], [0.5, 1, 2], 3)
    whole = torch.tensor([[0.0, 0, 1, 1]], dtype=torch.double)
    windows = torch.cat([windows, whole])
    found = colour_contrast(x, windows)
    for b in range(2):
        assert found[b].tolist() == pytest.approx([twin_contrast(x[b], window) for window in windows], abs=1e-9)


def test_a_red_square_on_green_is_the_first_proposal() -> None:
    picture = torch.zeros(1, 3, 16, 16)
    picture[:, 1] = 1
    picture[:, :, 4:10, 6:12] = torch.tensor([1.0, 0, 0])[:, None, None]
    windows = grid((16, 16), [4, 6, 8], [1], 2)
    assert float(colour_contrast(picture, windows).max()) == pytest.approx(1)
    assert propose(picture, windows, 4)[0, 0].tolist() == pytest.approx([6 / 16, 4 / 16, 12 / 16, 10 / 16])


def test_proposals_are_those_of_most_contrast_that_do_not_repeat() -> None:
    x, windows = pictures(3, 3, 16, 16), grid((16, 16), [5, 8], [1], 2)
    found, contrast = propose(x, windows, 6, 0.3), colour_contrast(x, windows)
    for b in range(3):
        best = contrast[b].argsort(descending=True, stable=True)[:36]
        kept = windows[best][nms(windows[best], contrast[b, best], 0.3)][:6]
        torch.testing.assert_close(found[b, : len(kept)], kept)
        torch.testing.assert_close(found[b, len(kept) :], kept[:1].expand(6 - len(kept), 4))  # the best stands in


def test_stacked_and_traced_they_are_as_alone() -> None:
    x, windows = pictures(2, 2, 3, 12, 12), grid((12, 12), [4, 6], [1], 3)
    both = vmap(lambda pictures: propose(pictures, windows, 4))
    torch.testing.assert_close(both(x), torch.stack([propose(arm, windows, 4) for arm in x]), rtol=0, atol=0)
    traced = make_fx(both)(torch.zeros_like(x))
    torch.testing.assert_close(traced(x), both(x), rtol=0, atol=0)


def test_sixteen_proposals_find_the_objects_of_drawn_scenes() -> None:
    """The module says 96.6 % of objects, measured on 512 scenes; here 100 others, where a standard error is about one percent."""
    drawn = scenes(100, 64, 5, seed=0)
    found = propose(drawn.pictures, grid((64, 64), [12, 16, 22, 30], [1], 4), 16)
    best = iou(drawn.boxes[..., 1:], found).amax(dim=-1)[drawn.boxes[..., 0] >= 0]
    assert float((best >= 0.5).double().mean()) > 0.93


def test_rows_are_packed_and_taken_apart() -> None:
    boxes, logits, deltas = pictures(2, 3, 4), pictures(2, 3, 4, seed=1), pictures(2, 3, 12, seed=2)
    rows = pack(boxes, DETECTOR, logits, deltas, classes=3)
    assert rows.shape == (2, 3, width(3)) == (2, 3, 21)
    back = unpack(torch.cat([rows, pack(boxes, PROPOSER, logits[..., :2], deltas[..., :4], classes=3)], dim=1))
    assert back.detects.tolist() == [[True] * 3 + [False] * 3] * 2
    torch.testing.assert_close(back.boxes, torch.cat([boxes, boxes], dim=1))
    torch.testing.assert_close(back.logits[:, :3], logits)
    torch.testing.assert_close(back.deltas[:, :3].flatten(2), deltas)
    torch.testing.assert_close(back.deltas[:, 3:, 0], deltas[..., :4])
    assert not back.logits[:, 3:, 2:].any()
    assert not back.deltas[:, 3:, 1:].any()
