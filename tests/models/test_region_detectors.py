"""R-CNN, SPP-net, Fast and Faster R-CNN: what each row says, region by region; where gradients go; what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.models.build import build
from whynet.registry import get, names
from whynet.vision.anchors import anchors
from whynet.vision.boxes import clip, decode
from whynet.vision.nms import nms
from whynet.vision.proposals import propose
from whynet.vision.roi import crop_and_warp, roi_align, roi_pool, spatial_pyramid
from whynet.vision.rows import unpack

FAMILY = ("rcnn", "sppnet", "fast_rcnn", "faster_rcnn")
K = 3


def made(name: str, **more: str) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    example = (
        get("model", name).facts["example"].replace("anchors=[4]", "anchors=[4, 6]").replace("proposals=24", "proposals=12")
    )
    spec = example[:-1] + "".join(f", {key}={value}" for key, value in more.items()) + ")"
    model = build(spec, (3, 16, 18), K, "detect")
    for parameter in model.parameters():  # heads begin near zero; here they say something
        nn.init.normal_(parameter, std=0.3)
    return model.eval(), torch.rand(2, 3, 16, 18)


def test_the_family_is_whole() -> None:
    assert set(FAMILY) <= set(names("model"))


@pytest.mark.parametrize("name", ["rcnn", "sppnet", "fast_rcnn"])
def test_each_region_is_judged_as_if_it_were_alone(name: str) -> None:
    model, x = made(name)
    found = unpack(model(x))
    torch.testing.assert_close(found.boxes, propose(x, model.windows, 3))  # type: ignore[arg-type]
    assert found.detects.all()
    for b in range(2):
        for r in range(3):
            picture, box = x[b : b + 1], found.boxes[b : b + 1, r : r + 1]
            if name == "rcnn":
                pooled = model.trunk(crop_and_warp(picture, box, 6, 1)[:, 0]).flatten(1)
            elif name == "sppnet":
                pooled = spatial_pyramid(model.trunk(picture), box, (1, 2))[:, 0]
            else:
                pooled = roi_pool(model.trunk(picture), box, 2)[:, 0].flatten(1)
            judged = model.dense(pooled)
            changed = model.box_head(judged if name == "fast_rcnn" else pooled)
            torch.testing.assert_close(found.logits[b, r], model.head(judged)[0], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(found.deltas[b, r].flatten(), changed[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("roi", ["pool", "align"])
def test_faster_rcnn_proposes_from_its_anchors_and_judges_its_proposals(roi: str) -> None:
    model, x = made("faster_rcnn", roi=f'"{roi}"')
    found = unpack(model(x))
    features = model.trunk(x)
    hidden = model.rpn_conv(features).relu()
    scores, deltas = model.rpn_scores(hidden), model.rpn_boxes(hidden)
    base = anchors((16, 18), (8, 9), (4, 6), (1,))
    count = len(base)
    assert count == 8 * 9 * 2
    torch.testing.assert_close(found.boxes[:, :count], base.expand(2, count, 4))
    assert found.detects.tolist() == [[False] * count + [True] * 12] * 2
    for b in range(2):
        for y, x_, k in ((0, 0, 0), (3, 5, 1), (7, 8, 0)):  # channels k·2, k·2 + 1 are the anchor's scores
            row = (y * 9 + x_) * 2 + k
            torch.testing.assert_close(found.logits[b, row, :2], scores[b, 2 * k : 2 * k + 2, y, x_])
            torch.testing.assert_close(found.deltas[b, row, 0], deltas[b, 4 * k : 4 * k + 4, y, x_])
        boxes = clip(decode(found.deltas[b, :count, 0], base))
        surest = found.logits[b, :count, 1] - found.logits[b, :count, 0]
        kept = boxes[nms(boxes, surest, 0.7)][:12]
        torch.testing.assert_close(found.boxes[b, count : count + len(kept)], kept)
    pool = roi_pool if roi == "pool" else roi_align
    judged = model.dense(pool(features, found.boxes[:, count:], 2).flatten(2))
    torch.testing.assert_close(found.logits[:, count:], model.head(judged), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.deltas[:, count:].flatten(2), model.box_head(judged), rtol=1e-4, atol=1e-5)


def test_the_detector_does_not_teach_where_proposals_lie() -> None:
    model, x = made("faster_rcnn")
    unpack(model(x)).logits[:, -12:].sum().backward()
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in model.rpn_boxes.parameters())  # type: ignore[union-attr]


def test_a_fixed_trunk_does_not_learn() -> None:
    model, x = made("sppnet", fixed="True")
    model(x).sum().backward()
    assert all(parameter.grad is None for parameter in model.trunk.parameters())  # type: ignore[union-attr]
    assert all(parameter.grad is not None for parameter in model.head.parameters())  # type: ignore[union-attr]


@pytest.mark.parametrize("name", FAMILY)
def test_what_is_no_picture_is_refused(name: str) -> None:
    with pytest.raises(ShapeError, match=r"Received: \(7,\)"):
        build(get("model", name).facts["example"], (7,), K, "detect")
    with pytest.raises(ShapeError, match="ends with a map"):
        build(f"{name}(trunk=[flatten])", (3, 600, 600), K, "detect")


def test_windows_and_context_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="smaller windows"):
        build("fast_rcnn(trunk=[vgg_block(1, 4)], windows=[40])", (3, 16, 18), K, "detect")
    with pytest.raises(ShapeError, match="side=6, context=3"):
        build("rcnn(trunk=[vgg_block(1, 4)], windows=[6], side=6, context=3)", (3, 16, 18), K, "detect")
