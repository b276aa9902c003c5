"""Average precision against a loop over detections, and against worked examples that were published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from whynet.errors import ShapeError
from whynet.vision.average_precision import (
    COCO_THRESHOLDS,
    READINGS,
    Rule,
    class_average_precision,
    mean_average_precision,
)
from whynet.vision.boxes import paired_iou

RULES: tuple[Rule, ...] = ("voc2010", "voc2007", "coco")
THRESHOLDS: tuple[float | Sequence[float], ...] = (0.5, COCO_THRESHOLDS)


def twin(detections: Tensor, targets: Tensor, label: int, threshold: float, rule: Rule) -> float:
    """One detection after another, as the tools of the challenges do it."""
    rows = [
        (-float(row[1]), n, row) for n, picture in enumerate(detections) for row in picture.double() if int(row[0]) == label
    ]
    rows.sort(key=lambda row: row[0])  # stable
    objects = {n: [t[1:] for t in picture.double() if int(t[0]) == label] for n, picture in enumerate(targets)}
    count, taken, hits = sum(map(len, objects.values())), set(), []
    if not count:
        return float("nan")
    for _, n, row in rows:
        allowed = [m for m in range(len(objects[n])) if rule != "coco" or (n, m) not in taken]
        best = max(allowed, key=lambda m: float(paired_iou(row[2:], objects[n][m])), default=None)
        overlap = 0.0 if best is None else float(paired_iou(row[2:], objects[n][best]))
        hits.append(overlap >= threshold and overlap > 0 and (n, best) not in taken)
        if hits[-1]:
            taken.add((n, best))
    curve = [(sum(hits[: i + 1]) / count, sum(hits[: i + 1]) / (i + 1)) for i in range(len(hits))]
    if rule == "voc2010":
        area, before = 0.0, 0.0
        for recall, _ in curve:
            area += (recall - before) * max(p for r, p in curve if r >= recall)
            before = recall
        return area
    points = np.linspace(0, 1, READINGS[rule])
    return sum(max((p for r, p in curve if r >= point), default=0.0) for point in points) / len(points)


def draw(seed: int, pictures: int = 4, found: int = 12, objects: int = 5, classes: int = 3) -> tuple[Tensor, Tensor]:
    """Coarse boxes with many overlaps, ties among scores, and padding."""
    stream = torch.Generator().manual_seed(seed)

    def boxes(count: int) -> Tensor:
        low = torch.randint(0, 4, (pictures, count, 2), generator=stream)
        return torch.cat([low, low + torch.randint(1, 4, low.shape, generator=stream)], dim=2) / 8

    def labels(count: int) -> Tensor:
        return torch.randint(-1, classes, (pictures, count, 1), generator=stream).float()

    scores = torch.randint(0, 8, (pictures, found, 1), generator=stream) / 8
    return torch.cat([labels(found), scores, boxes(found)], dim=2), torch.cat([labels(objects), boxes(objects)], dim=2)


@given(st.integers(0, 5000), st.sampled_from(RULES), st.sampled_from([0.3, 0.5, 0.75]))
def test_it_is_what_the_loop_finds(seed: int, rule: Rule, threshold: float) -> None:
    detections, targets = draw(seed)
    found = class_average_precision(detections, targets, 3, threshold, rule)
    expected = torch.tensor([twin(detections, targets, label, threshold, rule) for label in range(3)], dtype=torch.float64)
    torch.testing.assert_close(found, expected, equal_nan=True)


#   the example of Padilla, Netto and da Silva, A survey on performance metrics for object-detection algorithms (2020), with
#   fifteen objects and twenty-four detections, the surest first; they find 26.84 % with 11 points and 24.56 % with all
HITS = [1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(("rule", "percent"), [("voc2007", 26.84), ("voc2010", 24.56)])
def test_the_example_of_the_survey(rule: Rule, percent: float) -> None:
    places = torch.arange(15) / 15
    objects = torch.stack([torch.zeros(15), places, torch.zeros(15), places + 1 / 15, torch.ones(15)], dim=1)
    rows, next_object = [], 0
    for n, hit in enumerate(HITS):
        box = objects[next_object, 1:] if hit else torch.tensor([0.0, 0.0, 1.0, 0.001])
        next_object += hit
        rows.append(torch.cat([torch.tensor([0.0, 1 - n / 100]), box]))
    found = mean_average_precision(torch.stack(rows)[None], objects[None], 1, 0.3, rule)
    assert 100 * found == pytest.approx(percent, abs=0.01)  # they cut off the digits after the second


def test_coco_s_own_tool_finds_the_same() -> None:
    """Golden numbers: what pycocotools 2.0.11 gives for these boxes (one area range, 100 detections), to 1e-12."""
    stream = torch.Generator().manual_seed(0)

    def boxes(count: int) -> Tensor:
        low = torch.rand(60, count, 2, generator=stream) * 0.6
        return torch.cat([low, low + 0.05 + torch.rand(60, count, 2, generator=stream) * 0.35], dim=2)

    def labels(count: int) -> Tensor:
        return torch.randint(-1, 4, (60, count, 1), generator=stream).float()

    targets = torch.cat([labels(8), boxes(8)], dim=2)
    near = targets.repeat(1, 2, 1)
    near[..., 1:] += 0.03 * torch.randn(near[..., 1:].shape, generator=stream)
    near[..., 3:] = torch.maximum(near[..., 3:], near[..., 1:3] + 0.01)
    close = torch.cat([near[..., :1], torch.rand(60, 16, 1, generator=stream), near[..., 1:]], dim=2)
    wild = torch.cat([labels(10), torch.rand(60, 10, 1, generator=stream), boxes(10)], dim=2)
    found = torch.cat([close, wild], dim=1)
    assert mean_average_precision(found, targets, 4, COCO_THRESHOLDS, "coco") == pytest.approx(0.1343149328451678, abs=1e-12)
    assert mean_average_precision(found, targets, 4, 0.5, "coco") == pytest.approx(0.37138483548582124, abs=1e-12)


def test_a_second_choice_counts_by_the_rule_of_coco_alone() -> None:
    """Both detections overlap the left object most, but cover enough of the right one as well."""
    targets = torch.tensor([[[0.0, 0.0, 0.0, 0.6, 1.0], [0.0, 0.2, 0.0, 0.8, 1.0]]])
    near = [0.05, 0.0, 0.65, 1.0]
    detections = torch.tensor([[[0.0, 0.9, *near], [0.0, 0.8, *near]]])
    assert mean_average_precision(detections, targets, 1, rule="coco") == pytest.approx(1.0)
    assert mean_average_precision(detections, targets, 1, rule="voc2010") == pytest.approx(0.5)


def test_perfect_answers_are_perfect_and_none_are_nothing() -> None:
    _, targets = draw(3)
    scores = torch.ones(*targets.shape[:2], 1)
    perfect = torch.cat([targets[..., :1], scores, targets[..., 1:]], dim=2)
    for rule, threshold in product(RULES, THRESHOLDS):
        assert mean_average_precision(torch.zeros(4, 0, 6), targets, 3, threshold, rule) == 0
    targets[..., 1:] += torch.arange(5)[:, None]  # apart, so that each finds its own
    perfect[..., 2:] = targets[..., 1:]
    for rule, threshold in product(RULES, THRESHOLDS):
        assert mean_average_precision(perfect, targets, 3, threshold, rule) == pytest.approx(1.0)


def test_without_objects_there_is_nothing_to_be_right_about() -> None:
    assert math.isnan(mean_average_precision(draw(0)[0], torch.full((4, 2, 5), -1.0), 3))
    assert torch.isnan(class_average_precision(draw(0)[0], torch.zeros(4, 0, 5), 3)).all()


def test_thresholds_are_averaged() -> None:
    detections, targets = draw(1)
    each = [mean_average_precision(detections, targets, 3, threshold, "coco") for threshold in COCO_THRESHOLDS]
    assert mean_average_precision(detections, targets, 3, COCO_THRESHOLDS, "coco") == pytest.approx(sum(each) / 10)
    assert pytest.approx([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]) == COCO_THRESHOLDS


def test_what_is_no_table_of_boxes_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"Received: detections \(4, 12, 5\)"):
        mean_average_precision(torch.zeros(4, 12, 5), torch.zeros(4, 2, 5), 3)
    with pytest.raises(ShapeError, match=r"same N pictures"):
        mean_average_precision(torch.zeros(4, 12, 6), torch.zeros(3, 2, 5), 3)
