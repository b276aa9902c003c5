"""Mean intersection over union against scikit-learn, against a loop over pixels, and worked by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score
from torch import Tensor

from whynet.errors import ShapeError
from whynet.vision.mean_iou import class_iou, mean_iou, pixel_confusion

K = 4
pixels = st.lists(st.tuples(st.integers(0, K - 1), st.integers(-1, K - 1)), min_size=6, max_size=6)


def _masks(pairs: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
    said, wanted = torch.tensor(pairs).T
    return said.reshape(1, 2, 3), wanted.reshape(1, 2, 3)


def _twin(said: Tensor, wanted: Tensor) -> float:
    """One class after another, one pixel after another."""
    found = []
    pairs = [(s, w) for s, w in zip(said.flatten().tolist(), wanted.flatten().tolist(), strict=True) if w >= 0]
    for k in range(K):
        both = sum(s == k and w == k for s, w in pairs)
        either = sum(s == k or w == k for s, w in pairs)
        if any(w == k for _, w in pairs):
            found.append(both / either)
    return sum(found) / len(found) if found else math.nan


@given(pixels)
def test_it_equals_scikit_learn_and_a_loop_over_pixels(pairs: list[tuple[int, int]]) -> None:
    said, wanted = _masks(pairs)
    judged = wanted >= 0
    ours = mean_iou(said, wanted, K)
    assert ours == pytest.approx(_twin(said, wanted), nan_ok=True)
    if not judged.any():
        assert math.isnan(ours)
        return
    a, b = said[judged].numpy(), wanted[judged].numpy()
    assert ours == pytest.approx(jaccard_score(b, a, labels=sorted(set(b.tolist())), average="macro"))
    assert (pixel_confusion(said, wanted, K).numpy() == confusion_matrix(b, a, labels=range(K))).all()


def test_all_pictures_are_counted_together() -> None:
    said = torch.tensor([[[0, 0]], [[1, 0]]])
    wanted = torch.tensor([[[0, 0]], [[1, 1]]])  # by hand: class 0 2/3, class 1 1/2
    assert class_iou(pixel_confusion(said, wanted, 3))[:2].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert mean_iou(said, wanted, 3) == pytest.approx(7 / 12)


def test_a_class_that_does_not_occur_is_not_in_the_mean_and_one_that_is_missed_is() -> None:
    background = torch.zeros(1, 4, 4, dtype=torch.long)
    wanted = background.clone()
    wanted[0, 0, 0] = 2
    assert mean_iou(background, wanted, 3) == pytest.approx((15 / 16 + 0) / 2)
    assert mean_iou(wanted, background, 3) == pytest.approx(15 / 16)


def test_masks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(1, 2, 2\) and masks of shape \(1, 4, 4\)"):
        mean_iou(torch.zeros(1, 2, 2), torch.zeros(1, 4, 4), 2)
    with pytest.raises(ShapeError, match=r"from 0 to 1.*from 0 to 2"):
        mean_iou(torch.tensor([[[0, 1]]]), torch.tensor([[[0, 2]]]), 2)
    with pytest.raises(ShapeError) as refusal:
        mean_iou(torch.tensor([[[3]]]), torch.tensor([[[0]]]), 2)
    assert "따지지 않는 픽셀" in refusal.value.message.show("ko")
