"""The loss of YOLO against a loop over cells and boxes, as the paper writes it, and its answers against the loop of a textbook."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from whynet.errors import RecipeError, ShapeError
from whynet.losses.yolo import Yolo
from whynet.task import Task
from whynet.vision.average_precision import mean_average_precision
from whynet.vision.boxes import paired_iou

K, H, W = 3, 4, 5
DETECT = Task("detect", (3, 8, 8), K)


def draw(seed: int = 0, batch: int = 4, objects: int = 6, boxes: int = 2) -> tuple[Tensor, Tensor]:
    """Answers near enough to boxes that some overlap, and targets of which several share a cell."""
    g = torch.Generator().manual_seed(seed)
    outputs = 0.3 + 0.4 * torch.randn(batch, H, W, 5 * boxes + K, generator=g, dtype=torch.float64)
    corner, size = torch.rand(batch, objects, 2, generator=g), 0.1 + 0.4 * torch.rand(batch, objects, 2, generator=g)
    labels = torch.randint(-1, K, (batch, objects, 1), generator=g)
    real = (labels >= 0).float()
    return outputs, torch.cat([labels, corner * (1 - size) * real, (corner * (1 - size) + size) * real], dim=-1)


def twin(loss: Yolo, outputs: Tensor, targets: Tensor) -> float:
    total, high, wide = 0.0, outputs.shape[1], outputs.shape[2]
    for answer, rows in zip(outputs.tolist(), targets.tolist(), strict=True):
        object_of: dict[tuple[int, int], list[float]] = {}
        for label, x1, y1, x2, y2 in rows:
            if label >= 0:
                cell = (min(int((y1 + y2) / 2 * high), high - 1), min(int((x1 + x2) / 2 * wide), wide - 1))
                object_of.setdefault(cell, [label, x1, y1, x2, y2])
        for i in range(high):
            for j in range(wide):
                said = answer[i][j]
                boxes = [said[5 * b : 5 * b + 5] for b in range(loss.boxes)]
                responsible = None
                if (i, j) in object_of:
                    label, x1, y1, x2, y2 = object_of[i, j]
                    wanted = [(x1 + x2) / 2 * wide - j, (y1 + y2) / 2 * high - i, math.sqrt(x2 - x1), math.sqrt(y2 - y1)]
                    overlaps, apart = [], []
                    for x, y, w, h, _ in boxes:
                        middle = [(x + j) / wide, (y + i) / high]
                        own = [middle[0] - w * w / 2, middle[1] - h * h / 2, middle[0] + w * w / 2, middle[1] + h * h / 2]
                        overlaps.append(float(paired_iou(torch.tensor(own).double(), torch.tensor([x1, y1, x2, y2]).double())))
                        apart.append(sum((a - b) ** 2 for a, b in zip((x, y, w, h), wanted, strict=True)))
                    if max(overlaps) > 0:
                        responsible = overlaps.index(max(overlaps))
                    else:
                        responsible = apart.index(min(apart))
                    total += loss.coord * apart[responsible] + (boxes[responsible][4] - overlaps[responsible]) ** 2
                    total += sum((p - (k == label)) ** 2 for k, p in enumerate(said[5 * loss.boxes :]))
                total += sum(loss.noobj * box[4] ** 2 for b, box in enumerate(boxes) if b != responsible)
    return total / len(outputs)


@given(st.integers(0, 5000), st.sampled_from([Yolo(), Yolo(boxes=1), Yolo(coord=1.0, noobj=2.0, boxes=3)]))
def test_it_is_the_sum_of_the_paper(seed: int, loss: Yolo) -> None:
    outputs, targets = draw(seed, boxes=loss.boxes)
    assert float(loss(outputs, targets.double())) == pytest.approx(twin(loss, outputs, targets), rel=1e-5)


def perfect(targets: Tensor, boxes: int = 2) -> Tensor:
    """Outputs whose first box says exactly what the first object of each cell is."""
    outputs = torch.zeros(len(targets), H, W, 5 * boxes + K)
    for n, rows in enumerate(targets.tolist()):
        for label, x1, y1, x2, y2 in reversed(rows):
            if label < 0:
                continue
            x, y = (x1 + x2) / 2 * W, (y1 + y2) / 2 * H
            own = outputs[n, int(y), int(x)]
            own[:5] = torch.tensor([x % 1, y % 1, math.sqrt(x2 - x1), math.sqrt(y2 - y1), 1.0])
            own[5 * boxes :] = torch.eye(K)[int(label)]
    return outputs


def test_the_right_answer_costs_nothing_and_is_read_back() -> None:
    rows: list[list[float]] = [[0, 0.0, 0.0, 0.3, 0.2], [2, 0.5, 0.5, 1.0, 0.9], [1, 0.1, 0.6, 0.3, 1.0], [-1, 0, 0, 0, 0]]
    targets = torch.tensor([rows, [[-1.0, 0, 0, 0, 0]] * 4])
    outputs = perfect(targets)
    assert float(Yolo()(outputs, targets)) == pytest.approx(0, abs=1e-10)
    answer = Yolo().decide(outputs, DETECT)
    assert answer.shape == (2, 50, 6)
    found = answer[0, answer[0, :, 0] >= 0]
    assert sorted(found[:, 0].tolist()) == [0, 1, 2]
    for row in found.tolist():
        assert row[1] == pytest.approx(1)
        assert row[2:] == pytest.approx(next(r[1:] for r in rows if r[0] == row[0]), abs=1e-6)
    assert (answer[1, :, 0] == -1).all()
    assert mean_average_precision(answer, targets, K) == pytest.approx(1.0)


def test_only_the_first_of_two_objects_in_a_cell_is_taught() -> None:
    targets = torch.tensor([[[0.0, 0.4, 0.4, 0.6, 0.6], [1.0, 0.3, 0.3, 0.72, 0.72]]])
    assert float(Yolo()(perfect(targets[:, :1]), targets)) == pytest.approx(0, abs=1e-10)
    assert float(Yolo()(perfect(targets[:, 1:]), targets)) > 0.1


def test_without_objects_only_confidence_is_taught() -> None:
    outputs, _ = draw()
    nothing = torch.full((4, 2, 5), 0.0).index_fill(2, torch.tensor([0]), -1.0).double()
    sure = outputs[..., [4, 9]].square().sum() / 4
    torch.testing.assert_close(Yolo(noobj=0.5)(outputs, nothing), 0.5 * sure)


@given(st.integers(0, 1000))
def test_answers_are_those_of_a_loop(seed: int) -> None:
    """Each box with each class, by falling score, unless a surer one of its class overlaps it."""
    loss = Yolo(candidates=1000, keep=30, threshold=0.05, overlap=0.4)
    outputs, _ = draw(seed, batch=2)
    for found, answer in zip(loss.decide(outputs.float(), DETECT), outputs.float(), strict=True):
        rows = []
        for i in range(H):
            for j in range(W):
                for b in range(2):
                    x, y, w, h, sure = answer[i, j, 5 * b : 5 * b + 5].tolist()
                    box = torch.tensor(
                        [(x + j) / W - w * w / 2, (y + i) / H - h * h / 2, (x + j) / W + w * w / 2, (y + i) / H + h * h / 2]
                    )
                    for k in range(K):
                        score = min(max(sure, 0), 1) * min(max(float(answer[i, j, 10 + k]), 0), 1)
                        rows.append((score, k, box.clamp(0, 1)))
        rows = sorted((row for row in rows if row[0] >= 0.05), key=lambda row: -row[0])
        kept: list[tuple[float, int, Tensor]] = []
        for row in rows:
            if all(row[1] != other[1] or float(paired_iou(row[2], other[2])) <= 0.4 for other in kept):
                kept.append(row)
        real = found[found[:, 0] >= 0]
        scores = [row[0] for row in kept[:30]]
        assert real[:, 1].tolist() == pytest.approx(scores, abs=1e-5)
        assert real[:, 0].tolist() == [row[1] for row in kept[:30]] or len(set(scores)) < len(scores)  # ties in any order
        assert (found[len(real) :, 0] == -1).all()


def test_a_network_that_has_blown_up_gives_an_answer_all_the_same() -> None:
    answer = Yolo().decide(torch.full((1, H, W, 10 + K), math.nan), DETECT)
    assert (answer[..., 0] == -1).all()
    assert Yolo().decide(torch.full((1, H, W, 10 + K), math.inf), DETECT).isfinite().all()


def test_stacked_and_traced_equal_a_loop() -> None:
    outputs, targets = draw()
    arms = torch.stack([outputs, outputs + 0.1, -outputs])
    step = vmap(grad(Yolo()), in_dims=(0, None))
    expected = torch.stack([grad(Yolo())(arm, targets) for arm in arms])
    torch.testing.assert_close(step(arms, targets), expected)
    torch.testing.assert_close(make_fx(step)(arms, targets)(arms + 0.2, targets), step(arms + 0.2, targets))
    assert expected.isfinite().all()


def test_each_arm_may_have_its_own_weights() -> None:
    outputs, targets = (part.float() for part in draw())
    values = torch.tensor([1.0, 5.0], dtype=torch.float64)
    found = vmap(lambda coord: replace(Yolo(), coord=coord)(outputs, targets))(values)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.stack([Yolo(coord=c)(outputs, targets) for c in (1.0, 5.0)]))


def test_what_does_not_fit_is_refused() -> None:
    outputs, targets = draw()
    with pytest.raises(ShapeError, match=r"Received: outputs \(4, 20, 13\)"):
        Yolo()(outputs.flatten(1, 2), targets)
    with pytest.raises(ShapeError, match=r"targets \(4, 6, 4\)"):
        Yolo()(outputs, targets[..., 1:])
    with pytest.raises(ShapeError, match="the same boxes="):
        Yolo(boxes=1).decide(outputs, DETECT)
    with pytest.raises(RecipeError, match="detection"):
        Yolo().units(Task("classify", (3,), 4))
    assert Yolo().units(DETECT) == K
