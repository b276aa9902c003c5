"""YOLO's layers against figure 3 of the paper, and the small body on pictures of other sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from whynet.errors import ShapeError
from whynet.layers.stack import shape_after
from whynet.models.build import build

#   figure 3, one row for each column of the drawing: what comes out, and the kernels of its convolutions
FIGURE = {
    "stage1": ((64, 112, 112), [7]),
    "stage2": ((192, 56, 56), [3]),
    "stage3": ((512, 28, 28), [1, 3, 1, 3]),
    "stage4": ((1024, 14, 14), [1, 3] * 4 + [1, 3]),
    "stage5": ((1024, 7, 7), [1, 3] * 2 + [3, 3]),
    "stage6": ((1024, 7, 7), [3, 3]),
    "dense": ((4096,), []),
    "head": ((7 * 7 * 30,), []),
}


def test_the_paper_s_network_is_that_of_its_figure() -> None:
    with torch.device("meta"):
        model = build("yolo", (3, 448, 448), 20, "detect")
        shape: tuple[int, ...] = (3, 448, 448)
        for (name, part), (own_name, (after, kernels)) in zip(model.named_children(), FIGURE.items(), strict=True):
            shape = shape_after(part, shape)
            assert (name, shape) == (own_name, after)
            assert [layer.kernel_size[0] for layer in part.modules() if isinstance(layer, nn.Conv2d)] == kernels
        assert model(torch.empty(2, 3, 448, 448)).shape == (2, 7, 7, 30)
    assert sum(isinstance(layer, nn.Conv2d) for layer in model.modules()) == 24


@pytest.mark.parametrize(("stride", "grid"), [(4, (8, 10)), (8, (4, 5)), (16, (2, 2))])
def test_the_small_body_has_a_cell_for_so_many_pixels(stride: int, grid: tuple[int, int]) -> None:
    model = build(f'yolo(body="small", width=2, stride={stride}, boxes=3, depth=1)', (1, 32, 40), 4)
    assert model(torch.zeros(2, 1, 32, 40)).shape == (2, *grid, 3 * 5 + 4)
    assert list(dict(model.named_children()))[-2:] == ["context", "head"]


def test_cells_of_the_small_body_share_their_head() -> None:
    """Moved by a cell, a picture has the same answers a cell further on, but for those that see the edge."""
    model = build('yolo(body="small", width=2, stride=4, depth=1)', (1, 48, 48), 2).eval()
    x = torch.zeros(1, 1, 48, 48)
    x[..., 20:28, 16:24] = torch.rand(8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(x)[:, 4:8, 3:7], model(x.roll(4, dims=-1))[:, 4:8, 4:8])


def test_pictures_that_are_too_small_are_refused() -> None:
    with pytest.raises(ShapeError, match=r'at least 64\. Received: \(3, 48, 64\).*body="small"'):
        build("yolo", (3, 48, 64), 20)
    with pytest.raises(ShapeError, match=r"at least 16\. Received: \(3, 12, 64\).*smaller stride="):
        build('yolo(body="small", stride=16)', (3, 12, 64), 20)
