"""Masks and boxes as targets: what is taken, what is refused, and what is said of them."""

from __future__ import annotations

import pytest
import torch

from whynet.data import from_tensors
from whynet.data.overview import summary
from whynet.errors import DataError


def _masks(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(count, 3, 6, 8, generator=generator)
    y = (x[:, 0] > 0.7).long() + (x[:, 0] > 0.9).long()
    y[:, 0, 0] = -1
    return x, y


def _boxes(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(count, 1, 6, 8, generator=generator)
    corner = torch.rand(count, 3, 2, generator=generator) / 2
    kind = torch.randint(0, 2, (count, 3, 1), generator=generator).float()
    y = torch.cat([kind, corner, corner + 0.3], dim=-1)
    y[::2, 1:] = torch.tensor([-1.0, 0, 0, 0, 0])
    return x, y


def test_masks_ask_for_a_class_of_each_pixel() -> None:
    x, y = _masks()
    data = from_tensors(x, y, classes=["ground", "grass", "tree"])
    assert (data.task.kind, data.task.outputs, data.task.metric) == ("segment", 3, "mean_iou")
    judged = data.test.y[data.test.y >= 0]
    share = judged.bincount().max().item() / len(judged)
    assert data.task.chance == pytest.approx(share / 3)
    assert "ground" in " ".join(map(str, summary(data)))


def test_boxes_ask_for_objects() -> None:
    x, y = _boxes()
    data = from_tensors(x, y)
    assert (data.task.kind, data.task.outputs, data.task.metric, data.task.chance) == ("detect", 2, "map50", 0.0)
    assert len(data.train) + len(data.validation) + len(data.test) == 40
    assert "at most 3" in " ".join(map(str, summary(data)))


def test_masks_that_do_not_fit_their_pictures_are_refused() -> None:
    x, y = _masks()
    with pytest.raises(DataError, match=r"\(40, 5, 8\)"):
        from_tensors(x, y[:, :5])
    with pytest.raises(DataError, match="Received 7 in example 3"):
        from_tensors(x, y.index_fill(0, torch.tensor([3]), 7), classes=3)
    with pytest.raises(DataError, match="all are -1"):
        from_tensors(x, torch.full_like(y, -1), classes=3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ([0.0, 0.2, 0.2, 1.4, 0.5], "0.2, 0.2, 1.4, 0.5"),
        ([0.0, 0.5, 0.2, 0.4, 0.5], "0.5, 0.2, 0.4, 0.5"),
        ([4.0, 0.2, 0.2, 0.4, 0.5], "Received 4 in example 5"),
    ],
)
def test_boxes_outside_their_pictures_are_refused(change: list[float], said: str) -> None:
    x, y = _boxes()
    y[5, 0] = torch.tensor(change)
    with pytest.raises(DataError, match=said):
        from_tensors(x, y, classes=["a", "b"])


def test_pictures_without_any_object_are_refused() -> None:
    x, y = _boxes()
    y[..., 0] = -1
    with pytest.raises(DataError, match="nothing to find"):
        from_tensors(x, y, classes=["a", "b"])
