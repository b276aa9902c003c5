"""Learned enlargement against a loop, and at first against bilinear interpolation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.layers.stack import layer
from whynet.layers.upsampling import Upsample, tent


def upsample_twin(x: Tensor, state: Any, doublings: int = 1) -> Tensor:
    """Every value lays its kernel over the larger picture; half a factor is cut off around it."""
    f, weight = 2**doublings, state["weight"]  # (C, C, 2f, 2f)
    b, c, height, width = x.shape
    out = torch.zeros(b, weight.shape[1], (height + 1) * f, (width + 1) * f, dtype=x.dtype)
    for i in range(height):
        for j in range(width):
            for k in range(c):
                out[:, :, i * f : (i + 2) * f, j * f : (j + 2) * f] += x[:, k, i, j, None, None, None] * weight[k]
    return out[:, :, f // 2 : -(f // 2), f // 2 : -(f // 2)]


@pytest.mark.parametrize("doublings", [1, 2])
def test_it_agrees_with_its_twin(doublings: int) -> None:
    module, after = layer(f"upsample({doublings})", (3, 4, 5))
    module = module.double()
    x = torch.randn(2, 3, 4, 5, dtype=torch.double)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter))
        found = module(x)
        torch.testing.assert_close(found, upsample_twin(x, module.state_dict(), doublings))
    assert found.shape[1:] == after == (3, 4 * 2**doublings, 5 * 2**doublings)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_it_begins_as_bilinear_interpolation(factor: int) -> None:
    x = torch.randn(1, 3, 5, 6)
    with torch.no_grad():
        found = Upsample(3, factor)(x)
    wanted = F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    inner = slice(factor // 2, -(factor // 2))  # at the edge torch repeats the last value, and here there is nothing beyond
    torch.testing.assert_close(found[..., inner, inner], wanted[..., inner, inner])


def test_the_tent_by_hand() -> None:
    assert tent(2).tolist() == [0.25, 0.75, 0.75, 0.25]
    assert tent(4).sum() == 4
