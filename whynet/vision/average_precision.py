"""Mean average precision: how well objects are found, at every trade of finding many against being right.

    detections of one class, the surest first     hit  miss  hit  miss  …      a hit covers an object that no surer one has taken
    precision after n of them   hits / n           1    1/2  2/3   1/2
    recall after n of them      hits / objects    1/3   1/3  2/3   2/3

    p(r) = the best precision at recall r or more        average precision = the mean of p(r) over r
                                                         mean average precision = the mean over the classes

Three rules are in use, which differ in where p(r) is read and in what a box may hit when its first choice is taken:

    "voc2010"  area under all of p(r)                 the object it overlaps most, taken or not      the default: mAP@0.5
    "voc2007"  mean of p(0), p(0.1), …, p(1)          as voc2010
    "coco"     mean of p(0), p(0.01), …, p(1)         the one it overlaps most among those not taken

Overlaps are of real-valued boxes, without the pixel that the VOC tools add to width and height; a detection hits where the overlap
is the threshold or more. Objects are all judged: there are none marked difficult, and no sizes are told apart.

Everingham, Van Gool, Williams, Winn and Zisserman, The PASCAL visual object classes challenge (2010), section 4.2; the 2010
devkit; Lin et al., Microsoft COCO (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from whynet.errors import ShapeError
from whynet.text import Text
from whynet.vision.boxes import paired_iou

Rule = Literal["voc2010", "voc2007", "coco"]
COCO_THRESHOLDS = tuple(0.5 + 0.05 * step for step in range(10))  # 0.5, 0.55, …, 0.95: mean over them is COCO's headline AP
READINGS: dict[Rule, int] = {"voc2007": 11, "coco": 101}


def mean_average_precision(
    detections: Tensor, targets: Tensor, classes: int, iou: float | Sequence[float] = 0.5, rule: Rule = "voc2010"
) -> float:
    """The mean of `class_average_precision` over the classes that occur in the targets, and over the thresholds if several.

    NaN where there is no object at all. ``iou=COCO_THRESHOLDS, rule="coco"`` is COCO's mAP@[0.5:0.95].
    """
    thresholds = [iou] if isinstance(iou, int | float) else list(iou)
    each = [class_average_precision(detections, targets, classes, threshold, rule) for threshold in thresholds]
    return float(torch.stack(each).nanmean())


def class_average_precision(
    detections: Tensor, targets: Tensor, classes: int, iou: float = 0.5, rule: Rule = "voc2010"
) -> Tensor:
    """Average precision of each class, (K,) float64, NaN where the class does not occur in the targets.

    ``detections`` (N, D, 6) rows ``[class, score, x1, y1, x2, y2]``, ``targets`` (N, M, 5) rows ``[class, x1, y1, x2, y2]``, both
    padded with rows of class -1; scores of equal height count in the order in which they come. Raises `ShapeError`.
    """
    _check(detections, targets)
    found, picture = _surest_first(detections)
    objects = targets.double()
    overlaps = paired_iou(found[:, None, 2:], objects[picture, :, 1:])  # (P, M)
    overlaps = overlaps.masked_fill(found[:, :1] != objects[picture, :, 0], -1.0)  # of one class
    if rule == "coco":
        hits = _second_choices(overlaps, picture, found[:, 0], objects, iou)
    else:
        hits = _first_choices(overlaps, picture, objects, iou)
    precision = [
        _average(hits[found[:, 0] == label], int((objects[..., 0] == label).sum()), READINGS.get(rule))
        for label in range(classes)
    ]
    return torch.tensor(precision, dtype=torch.float64)


def _surest_first(detections: Tensor) -> tuple[Tensor, Tensor]:
    """Real detections of all pictures by falling score (P, 6), and the picture of each (P,)."""
    picture, row = (detections[..., 0] >= 0).nonzero(as_tuple=True)
    found = detections[picture, row].double()
    order = found[:, 1].argsort(descending=True, stable=True)
    return found[order], picture[order]


def _first_choices(overlaps: Tensor, picture: Tensor, objects: Tensor, threshold: float) -> Tensor:
    """Whether each detection is the surest of those that overlap an object most, (P,) bool."""
    count, slots = overlaps.shape
    if not overlaps.numel():
        return torch.zeros(count, dtype=torch.bool)
    best, choice = overlaps.max(dim=1)
    claim = picture * slots + choice  # which object of all
    valid = (best >= threshold) & (best > 0)
    rank = torch.arange(count)
    first = torch.full((objects.shape[0] * slots,), count).scatter_reduce(0, claim[valid], rank[valid], "amin")
    return valid & (first[claim] == rank)


def _second_choices(overlaps: Tensor, picture: Tensor, labels: Tensor, objects: Tensor, threshold: float) -> Tensor:
    """Whether each detection finds an object that no surer one has taken, (P,) bool.

    The n-th detections of a class in all pictures choose at once: they never want the same object.
    """
    hits = torch.zeros(len(overlaps), dtype=torch.bool)
    free = torch.ones(objects.shape[:2], dtype=torch.bool)  # (N, M)
    turn = _turns(picture * (int(labels.max()) + 1) + labels.long()) if overlaps.numel() else torch.zeros(0)
    for now in range(int(turn.max()) + 1 if len(turn) else 0):
        rows = (turn == now).nonzero()[:, 0]
        best, choice = overlaps[rows].masked_fill(~free[picture[rows]], -1.0).max(dim=1)
        hit = (best >= threshold) & (best > 0)
        hits[rows] = hit
        free[picture[rows][hit], choice[hit]] = False
    return hits


def _turns(groups: Tensor) -> Tensor:
    """How many of its own group come before each entry: [7, 3, 7, 7] → [0, 0, 1, 2]."""
    order = groups.argsort(stable=True)
    ranked = groups[order]
    begins = torch.searchsorted(ranked, ranked)  # where the entry's group begins
    return torch.empty_like(groups).scatter(0, order, torch.arange(len(groups)) - begins)


def _average(hits: Tensor, objects: int, readings: int | None) -> float:
    """Average precision of one class from its detections, the surest first: (n,) bool, and the number of its objects."""
    if objects == 0:
        return float("nan")
    found = hits.cumsum(0).double()
    precision = found / torch.arange(1, len(hits) + 1)
    best = precision.flip(0).cummax(0).values.flip(0) if len(hits) else precision  # the best from here on
    if readings is None:
        return float(best[hits].sum()) / objects  # each hit widens the area by 1 / objects
    recall = torch.from_numpy(np.linspace(0, 1, readings))  # to the last bit as in COCO's tools: 3 of 10 is less than 3 · 0.1
    place = torch.searchsorted(found / objects, recall)
    return float(torch.cat([best, torch.zeros(1)])[place].mean())


def _check(detections: Tensor, targets: Tensor) -> None:
    fit = detections.ndim == targets.ndim == 3 and detections.shape[-1] == 6 and targets.shape[-1] == 5
    if not fit or len(detections) != len(targets):
        raise ShapeError(_SHAPES, detections=tuple(detections.shape), targets=tuple(targets.shape))


_SHAPES = Text(
    "Expected detections (N, D, 6), rows [class, score, x1, y1, x2, y2], and targets (N, M, 5), rows [class, x1, y1, x2, y2], of the "
    "same N pictures. Received: detections {detections}, targets {targets}.",
    "검출은 [클래스, 점수, x1, y1, x2, y2] 행으로 된 (N, D, 6), 타깃은 [클래스, x1, y1, x2, y2] 행으로 된 (N, M, 5)이고 "
    "그림 수 N이 같아야 한다. 받은 것: 검출 {detections}, 타깃 {targets}.",
)
