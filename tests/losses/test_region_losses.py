"""The losses of region detectors against loops over pictures, rows and objects in plain Python; traced and stacked against alone."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from whynet.errors import RecipeError, ShapeError
from whynet.losses._rows import shares
from whynet.losses.loss import Loss
from whynet.losses.regions import Regions
from whynet.losses.two_stage import TwoStage
from whynet.task import Task
from whynet.vision.boxes import encode, iou
from whynet.vision.rows import DETECTOR, PROPOSER, pack, unpack, width

B, K = 3, 2
DETECT = Task("detect", (3, 8, 8), K)
BOTH = pytest.mark.parametrize(
    "loss",
    [Regions(), Regions(lowest=0.0, sample=6, balance=2.0), TwoStage(), TwoStage(anchors=6, sample=4, crossing=True)],
    ids=str,
)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def near(box: Tensor, seed: int, count: int) -> Tensor:
    """Boxes around a box, some on it and some off it."""
    return box + 0.12 * normal(seed, count, 4).clamp(-2, 2)


def draw() -> tuple[Tensor, Tensor]:
    """Three pictures with two objects, one and none; 40 anchors and 30 proposals each, around and away from the objects."""
    targets = torch.tensor(
        [
            [[1, 0.1, 0.1, 0.45, 0.4], [0, 0.5, 0.55, 0.95, 0.9]],
            [[0, 0.3, 0.2, 0.7, 0.8], [-1, 0, 0, 0, 0]],
            [[-1, 0, 0, 0, 0], [-1, 0, 0, 0, 0]],
        ],
        dtype=torch.double,
    )
    around = torch.tensor([0.3, 0.2, 0.7, 0.8], dtype=torch.double)
    rows = []
    for b in range(B):
        boxes = torch.cat(
            [near(around, 7 + b, 35), near(targets[b, 0, 1:], b, 25), targets[:2, 0, 1:], near(around, 70 + b, 8)]
        )
        first = pack(boxes[None, :40], PROPOSER, normal(20 + b, 1, 40, 2), normal(30 + b, 1, 40, 4), K)
        second = pack(boxes[None, 40:], DETECTOR, normal(40 + b, 1, 30, K + 1), normal(50 + b, 1, 30, 4 * K), K)
        rows.append(torch.cat([first, second], dim=1))
    return torch.cat(rows), targets


# --- slow twins -----------------------------------------------------------------------------------------------------------


def cross_entropy(logits: list[float], label: int) -> float:
    return math.log(sum(math.exp(f) for f in logits)) - logits[label]


def straight(found: Tensor, wanted: Tensor, beta: float) -> float:
    errors = [abs(a - b) for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]
    return sum(e * e / (2 * beta) if e < beta else e - beta / 2 for e in errors)


def drawn(positives: list[float], negatives: list[float], size: int, most: float) -> tuple[float, float]:
    """The expected sum over a random sample, and its size."""
    p = min(len(positives), most * size)
    n = min(len(negatives), size - p)
    mean = [sum(values) / len(values) if values else 0.0 for values in (positives, negatives)]
    return p * mean[0] + n * mean[1], p + n


def twin_regions(outputs: Tensor, targets: Tensor, foreground: float, lowest: float, sample: int, balance: float) -> float:
    total = count = 0.0
    for picture, truth in zip(outputs, targets, strict=True):
        positives, negatives = [], []
        objects = [t for t in truth if t[0] >= 0]
        for row in picture:
            box, stage, logits, deltas = row[:4], float(row[4]), row[5 : 6 + K].tolist(), row[6 + K :].reshape(K, 4)
            if stage != DETECTOR:
                continue
            overlaps = [float(iou(box[None], t[None, 1:])) for t in objects]
            best = max(overlaps, default=-1.0)
            if best >= foreground:
                t = objects[overlaps.index(best)]
                label = int(t[0])
                wanted = encode(t[None, 1:], box[None])[0] / torch.tensor([0.1, 0.1, 0.2, 0.2])
                positives.append(cross_entropy(logits, label + 1) + balance * straight(deltas[label], wanted, 1.0))
            elif best >= lowest or not objects:
                negatives.append(cross_entropy(logits, 0))
        value, number = drawn(positives, negatives, sample, 0.25)
        total, count = total + value, count + number
    return total / max(count, 1)


def twin_proposals(outputs: Tensor, targets: Tensor, sample: int, crossing: bool, balance: float) -> float:
    total = count = 0.0
    for picture, truth in zip(outputs, targets, strict=True):
        objects = [t for t in truth if t[0] >= 0]
        rows = [row for row in picture if float(row[4]) == PROPOSER]
        rows = [row for row in rows if crossing or bool((row[:4] >= 0).all() and (row[:4] <= 1).all())]
        overlaps = [[float(iou(row[None, :4], t[None, 1:])) for t in objects] for row in rows]
        highest = [max((o[j] for o in overlaps), default=0.0) for j in range(len(objects))]
        positives, negatives = [], []
        for row, own in zip(rows, overlaps, strict=True):
            best = max(own, default=-1.0)
            if best >= 0.7 or any(o == h > 0 for o, h in zip(own, highest, strict=True)):
                wanted = encode(objects[own.index(best)][None, 1:], row[None, :4])[0]
                located = straight(row[6 + K : 10 + K], wanted, 1 / 9)
                positives.append(cross_entropy(row[5:7].tolist(), 1) + balance * located)
            elif best < 0.3:
                negatives.append(cross_entropy(row[5:7].tolist(), 0))
        value, number = drawn(positives, negatives, sample, 0.5)
        total, count = total + value, count + number
    return total / max(count, 1)


# --- against them ---------------------------------------------------------------------------------------------------------


@BOTH
def test_the_loss_is_what_loops_give(loss: Regions | TwoStage) -> None:
    outputs, targets = draw()
    expected = twin_regions(outputs, targets, loss.foreground, loss.lowest, loss.sample, loss.balance)
    if isinstance(loss, TwoStage):
        expected += twin_proposals(outputs, targets, loss.anchors, loss.crossing, loss.balance)
    assert float(loss(outputs, targets)) == pytest.approx(expected, rel=1e-6)


def test_a_share_is_how_often_a_row_is_drawn() -> None:
    """7 positives and 20 negatives, a sample of 8, half of it positive: 4 of 7 and 4 of 20; and few positives leave room."""
    positive, negative = torch.zeros(2, 30, dtype=torch.bool), torch.zeros(2, 30, dtype=torch.bool)
    positive[0, :7] = positive[1, :1] = True
    negative[:, 10:] = True
    found = shares(positive, negative, 8, 0.5)
    assert found[0, :7].tolist() == pytest.approx([4 / 7] * 7)
    assert found[0, 10:].tolist() == pytest.approx([4 / 20] * 20)
    assert float(found[1, 0]) == 1
    assert found[1, 10:].tolist() == pytest.approx([7 / 20] * 20)
    assert not found[:, 7:10].any()


@BOTH
def test_stacked_and_traced_it_is_as_alone(loss: Loss) -> None:
    outputs, targets = draw()
    arms = torch.stack([outputs, outputs + 0.1 * normal(9, *outputs.shape) * (torch.arange(outputs.shape[2]) > 4)])
    slope = vmap(grad(loss), in_dims=(0, None))
    found = slope(arms, targets)
    traced = make_fx(slope)(torch.zeros_like(arms), torch.zeros_like(targets))
    torch.testing.assert_close(traced(arms, targets), found, rtol=1e-12, atol=1e-12)
    for arm, mine in zip(arms, found, strict=True):
        own = arm.clone().requires_grad_()
        loss(own, targets).backward()
        torch.testing.assert_close(mine, own.grad, rtol=1e-10, atol=1e-12)
    assert not found[..., :5].any()  # where a box is and what kind of row it is are taken as given


@BOTH
def test_pictures_without_objects_teach_background_and_stay_finite(loss: Loss) -> None:
    outputs, targets = draw()
    empty = torch.zeros_like(targets)
    empty[..., 0] = -1
    slope = grad(loss)(outputs, empty)
    assert slope.isfinite().all()
    rows = unpack(slope)
    assert (rows.logits[:, 40:, 0] < 0).all()  # less loss for more background
    assert not rows.deltas.any()


# --- reading answers off --------------------------------------------------------------------------------------------------


def test_detections_are_changed_by_their_own_class_suppressed_and_sorted() -> None:
    """Two regions on one object, one region on another: three asked for, one repeats, so two stay, the surer first."""
    boxes = torch.tensor([[[0.2, 0.2, 0.4, 0.4], [0.21, 0.2, 0.41, 0.4], [0.6, 0.6, 0.8, 0.8], [0.0, 0.0, 0.1, 0.1]]])
    logits = torch.tensor([[[0.0, 5, 0], [0, 3, 0], [0, 0, 4], [9, 0, 0]]])  # background, class 0, class 1
    deltas = torch.zeros(1, 4, 2, 4)
    deltas[0, 2, 1] = torch.tensor([5.0, 0, 0, 0])  # 0.1 of it is half a width to the right
    anchors = pack(torch.rand(1, 3, 4), PROPOSER, torch.full((1, 3, 2), 9.0), torch.zeros(1, 3, 4), K)
    outputs = torch.cat([anchors, pack(boxes, DETECTOR, logits, deltas.flatten(2), K)], dim=1)
    found = TwoStage().decide(outputs, DETECT)
    assert found.shape == (1, 7, 6)
    first, second = found[0, 0].tolist(), found[0, 1].tolist()
    assert first == pytest.approx([0, math.exp(5) / (math.exp(5) + 2), 0.2, 0.2, 0.4, 0.4], abs=1e-6)
    assert second == pytest.approx([1, math.exp(4) / (math.exp(4) + 2), 0.7, 0.6, 0.9, 0.8], abs=1e-6)
    assert found[0, 2:].tolist() == [[-1, 0, 0, 0, 0, 0]] * 5


def test_many_pictures_are_read_as_each_alone() -> None:
    outputs = torch.cat([draw()[0].float() * (1 + n / 9) for n in range(50)])
    outputs[..., 4] = draw()[0][0, :, 4].float()
    whole = Regions().decide(outputs, DETECT)
    alone = torch.cat([Regions().decide(one[None], DETECT) for one in outputs])
    torch.testing.assert_close(whole, alone, rtol=0, atol=0)
    assert (whole[..., 1].diff(dim=1) <= 0).all()


def test_what_is_no_row_and_what_is_no_detection_is_refused() -> None:
    outputs, targets = draw()
    for wrong, boxes in (
        (outputs[0], targets),
        (outputs[..., :-1], targets),
        (outputs, targets[..., :4]),
        (outputs, targets[:2]),
    ):
        with pytest.raises(ShapeError, match="Received"):
            Regions()(wrong, boxes)
        with pytest.raises(ShapeError, match="Received"):
            TwoStage()(wrong, boxes)
    for loss in (Regions(), TwoStage()):
        assert loss.units(DETECT) == K
        with pytest.raises(RecipeError, match="detection"):
            loss.units(Task("classify", (3,), 4))
    assert width(K) == outputs.shape[2]
