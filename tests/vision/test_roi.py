"""What lies in a box, against loops over cells, places and points; and traced and stacked against run alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from whynet.vision.roi import crop_and_warp, roi_align, roi_pool, spatial_pyramid


def maps(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def regions(*shape: int, seed: int = 1) -> Tensor:
    points = torch.rand(*shape, 2, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    return torch.cat([points.amin(-2), points.amax(-2)], dim=-1)


# --- slow twins -----------------------------------------------------------------------------------------------------------


def twin_range(low: float, high: float, places: int, size: int, k: int) -> range:
    first = min(max(math.floor(low * places + 0.5), 0), places - 1)
    last = max(min(max(math.floor(high * places + 0.5), 0), places), first + 1)
    step = (last - first) / size
    return range(first + math.floor(k * step + 1e-9), first + math.ceil((k + 1) * step - 1e-9))


def twin_pool(features: Tensor, box: Tensor, size: int) -> Tensor:
    channels, height, width = features.shape
    x1, y1, x2, y2 = box.tolist()
    out = torch.empty(channels, size, size, dtype=features.dtype)
    for c in range(channels):
        for i in range(size):
            for j in range(size):
                rows, columns = twin_range(y1, y2, height, size, i), twin_range(x1, x2, width, size, j)
                out[c, i, j] = max(float(features[c, y, x]) for y in rows for x in columns)
    return out


def twin_point(plane: Tensor, y: float, x: float, fill: float | None) -> float:
    """Between four places; ``fill`` for what is beyond the map, None: its edge. y and x count places, whose middles are at 0, 1, …"""
    height, width = plane.shape
    if fill is None:
        y, x = min(max(y, 0.0), height - 1), min(max(x, 0.0), width - 1)
    total = 0.0
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            inside = 0 <= row < height and 0 <= column < width
            value = float(plane[row, column]) if inside else (fill or 0.0)
            total += value * (1 - abs(y - row)) * (1 - abs(x - column))
    return total


def twin_align(features: Tensor, box: Tensor, size: int, samples: int, fills: list[float] | None = None) -> Tensor:
    channels, height, width = features.shape
    x1, y1, x2, y2 = box.tolist()
    out = torch.empty(channels, size, size, dtype=features.dtype)
    for c in range(channels):
        for i in range(size):
            for j in range(size):
                points = [
                    twin_point(
                        features[c],
                        (y1 + (i + (s + 0.5) / samples) * (y2 - y1) / size) * height - 0.5,
                        (x1 + (j + (t + 0.5) / samples) * (x2 - x1) / size) * width - 0.5,
                        fills[c] if fills else None,
                    )
                    for s in range(samples)
                    for t in range(samples)
                ]
                out[c, i, j] = sum(points) / len(points)
    return out


def looped(one: Callable[[Tensor, Tensor], Tensor], features: Tensor, boxes: Tensor) -> Tensor:
    return torch.stack([torch.stack([one(features[b], box) for box in boxes[b]]) for b in range(len(features))])


# --- against them ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("shape", [(2, 2, 8, 8), (1, 2, 5, 9), (2, 1, 1, 3)])
def test_roi_pool_is_the_largest_of_each_cell(shape: tuple[int, ...], size: int) -> None:
    features, boxes = maps(*shape), regions(shape[0], 6)
    expected = looped(lambda f, box: twin_pool(f, box, size), features, boxes)
    torch.testing.assert_close(roi_pool(features, boxes, size), expected, rtol=0, atol=0)


def test_roi_pool_of_an_example_worked_out_by_hand() -> None:
    """4 × 4 places; a box from 0.25 to 1 holds the places 1, 2, 3; two cells of them share the middle one."""
    features = torch.arange(16.0).reshape(1, 1, 4, 4)
    found = roi_pool(features, torch.tensor([[[0.25, 0.25, 1.0, 1.0]]]), 2)
    assert found.reshape(2, 2).tolist() == [[10, 11], [14, 15]]


corner = st.integers(-3, 15).map(lambda twelfth: twelfth / 12)


@given(st.tuples(corner, corner, corner, corner), st.integers(1, 5))
def test_any_box_at_all_has_its_cells(box: tuple[float, ...], size: int) -> None:
    """Beyond the picture, empty or turned inside out: at least one place, never an index outside the map."""
    features, boxes = maps(1, 1, 6, 7), torch.tensor([[box]], dtype=torch.double)
    torch.testing.assert_close(roi_pool(features, boxes, size)[0, 0], twin_pool(features[0], boxes[0, 0], size), rtol=0, atol=0)


def test_a_spatial_pyramid_is_pools_side_by_side_and_of_the_whole_picture_what_torch_gives() -> None:
    features, boxes = maps(2, 3, 9, 7), regions(2, 4)
    found = spatial_pyramid(features, boxes, (1, 2, 3))
    assert found.shape == (2, 4, 3 * 14)
    torch.testing.assert_close(found[..., 3:15], roi_pool(features, boxes, 2).flatten(2), rtol=0, atol=0)
    whole = torch.tensor([[[0.0, 0, 1, 1]]], dtype=torch.double).expand(2, 1, 4)
    expected = [torch.nn.functional.adaptive_max_pool2d(features, level).flatten(1) for level in (1, 2, 3)]
    torch.testing.assert_close(spatial_pyramid(features, whole, (1, 2, 3))[:, 0], torch.cat(expected, dim=1), rtol=0, atol=0)


@pytest.mark.parametrize("samples", [1, 2])
def test_roi_align_is_the_mean_of_points(samples: int) -> None:
    features, boxes = maps(2, 2, 6, 5), regions(2, 4)
    expected = looped(lambda f, box: twin_align(f, box, 3, samples), features, boxes)
    torch.testing.assert_close(roi_align(features, boxes, 3, samples), expected, rtol=1e-10, atol=1e-12)


def test_a_warp_shows_the_box_its_surroundings_and_the_mean_beyond_the_picture() -> None:
    pictures, boxes = maps(2, 3, 8, 9), regions(2, 4)

    def slow(picture: Tensor, box: Tensor) -> Tensor:
        x1, y1, x2, y2 = box.tolist()
        across, down = (x2 - x1) / 4 * 6 / 2, (y2 - y1) / 4 * 6 / 2  # 4 of 6 pixels are the box
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        wider = torch.tensor([x - across, y - down, x + across, y + down])
        return twin_align(picture, wider, 6, 1, fills=picture.mean(dim=(1, 2)).tolist())

    torch.testing.assert_close(
        crop_and_warp(pictures, boxes, 6, context=1), looped(slow, pictures, boxes), rtol=1e-5, atol=1e-6
    )


def test_the_whole_picture_warped_to_its_own_size_is_the_picture() -> None:
    pictures = maps(2, 3, 6, 6)
    whole = torch.tensor([[[0.0, 0, 1, 1]]], dtype=torch.double).expand(2, 1, 4)
    torch.testing.assert_close(crop_and_warp(pictures, whole, 6)[:, 0], pictures, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "cut",
    [
        lambda f, b: roi_pool(f, b, 3),
        lambda f, b: spatial_pyramid(f, b, (1, 2)),
        lambda f, b: roi_align(f, b, 2),
        lambda f, b: crop_and_warp(f, b, 4, 1),
    ],
    ids=["roi_pool", "spatial_pyramid", "roi_align", "crop_and_warp"],
)
def test_stacked_and_traced_they_are_as_alone_and_the_gradient_is_right(cut: Callable[[Tensor, Tensor], Tensor]) -> None:
    features, boxes = maps(3, 2, 2, 5, 6), regions(3, 2, 4)  # three arms of two pictures
    slope = vmap(grad(lambda f, b: cut(f, b).sin().sum()))
    traced = make_fx(slope)(torch.zeros_like(features), regions(3, 2, 4, seed=5))
    found = slope(features, boxes)
    torch.testing.assert_close(traced(features, boxes), found, rtol=1e-12, atol=1e-12)
    for arm in range(3):
        own = features[arm].clone().requires_grad_()
        cut(own, boxes[arm]).sin().sum().backward()
        torch.testing.assert_close(found[arm], own.grad, rtol=1e-10, atol=1e-12)
    assert torch.autograd.gradcheck(lambda f: cut(f, boxes[0]), features[0].clone().requires_grad_())
