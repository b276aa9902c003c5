"""Suppression against the loop of the textbook."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import vmap
from torch.fx.experimental.proxy_tensor import make_fx

from whynet.vision.boxes import paired_iou
from whynet.vision.nms import NEVER, nms, nms_padded


def twin(boxes: Tensor, scores: Tensor, threshold: float, classes: Tensor | None = None) -> list[int]:
    left = sorted((n for n in range(len(scores)) if scores[n] > NEVER), key=lambda n: (-float(scores[n]), n))
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [
            n
            for n in left
            if float(paired_iou(boxes[best], boxes[n])) <= threshold or (classes is not None and classes[best] != classes[n])
        ]
    return kept


def draw(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    stream = torch.Generator().manual_seed(seed)
    place, size = torch.rand(count, 2, generator=stream), 0.2 + 0.3 * torch.rand(count, 2, generator=stream)
    scores = (torch.rand(count, generator=stream) * 10).round() / 10  # with ties
    return torch.cat([place, place + size], dim=1), scores, torch.randint(2, (count,), generator=stream)


@given(st.integers(0, 25), st.integers(0, 1000), st.sampled_from([0.0, 0.3, 0.5, 0.9]), st.booleans())
def test_what_stays_is_what_the_textbook_keeps(count: int, seed: int, threshold: float, by_class: bool) -> None:
    boxes, scores, drawn = draw(count, seed)
    classes = drawn if by_class else None
    assert nms(boxes, scores, threshold, classes).tolist() == twin(boxes, scores, threshold, classes)


@pytest.mark.parametrize("keep", [1, 4, 30])
@pytest.mark.parametrize("by_class", [False, True])
def test_the_padded_form_begins_alike_and_is_filled_up(keep: int, by_class: bool) -> None:
    drawn = [draw(20, seed) for seed in range(6)]
    boxes, scores, classes = (torch.stack(part) for part in zip(*drawn, strict=True))
    chosen = classes if by_class else None
    found = nms_padded(boxes, scores, 0.4, keep, chosen)
    assert found.shape == (6, keep)
    for n in range(6):
        expected = twin(boxes[n], scores[n], 0.4, classes[n] if by_class else None)[:keep]
        assert found[n].tolist() == expected + [-1] * (keep - len(expected))


def test_a_box_that_is_no_candidate_neither_stays_nor_suppresses() -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).repeat(3, 1)
    scores = torch.tensor([float("nan"), NEVER, 0.1])
    assert nms(boxes, scores).tolist() == [2]
    assert nms_padded(boxes, scores, 0.5, 2).tolist() == [2, -1]


def test_an_empty_box_is_kept_once() -> None:
    boxes, scores = torch.zeros(2, 4), torch.tensor([0.5, 0.9])
    assert nms(boxes, scores).tolist() == [1, 0]
    assert nms_padded(boxes, scores, 0.5, 3).tolist() == [1, 0, -1]


def test_the_padded_form_can_be_traced_and_stacked() -> None:
    boxes, scores, _ = (torch.stack(part) for part in zip(*(draw(12, seed) for seed in range(3)), strict=True))

    def each(b: Tensor, s: Tensor) -> Tensor:
        return nms_padded(b, s, 0.4, 5)

    one_by_one = torch.stack([each(b, s) for b, s in zip(boxes, scores, strict=True)])
    assert torch.equal(vmap(each)(boxes, scores), one_by_one)
    traced = make_fx(each)(boxes[0], scores[0])
    assert torch.equal(traced(boxes[1], scores[1]), one_by_one[1])
