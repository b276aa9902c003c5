"""Spatial pyramid pooling against loops over cells and places."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from whynet.layers.stack import layer


def spatial_pyramid_twin(x: Tensor, levels: tuple[int, ...] = (1, 2, 3, 6)) -> Tensor:
    batch, channels, height, width = x.shape
    out = []
    for b in range(batch):
        row = []
        for n in levels:
            for c in range(channels):
                for i in range(n):
                    for j in range(n):
                        rows = range(math.floor(i * height / n), math.ceil((i + 1) * height / n))
                        columns = range(math.floor(j * width / n), math.ceil((j + 1) * width / n))
                        row.append(max(float(x[b, c, y, k]) for y in rows for k in columns))
        out.append(row)
    return torch.tensor(out, dtype=x.dtype)


@pytest.mark.parametrize("shape", [(3, 7, 5), (2, 6, 6), (1, 2, 9)])
@pytest.mark.parametrize(("spec", "levels"), [("spatial_pyramid", (1, 2, 3, 6)), ("spatial_pyramid([4, 1])", (4, 1))])
def test_each_cell_holds_its_largest_value(spec: str, levels: tuple[int, ...], shape: tuple[int, ...]) -> None:
    module, after = layer(spec, shape)
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    assert after == (shape[0] * sum(n * n for n in levels),)  # whatever the picture's size
    torch.testing.assert_close(module(x), spatial_pyramid_twin(x, levels), rtol=0, atol=0)
