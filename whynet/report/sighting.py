"""How each picture of a trained network comes about: measured on its test set, titled with what was found."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Tensor

from whynet import figures
from whynet.engine.fit import Fitted
from whynet.runs.inspect import probabilities
from whynet.runs.seeing.attention import attention, attentions, over_picture, places_seen
from whynet.runs.seeing.embedding import FEWEST, embedding, neighbours_alike, tsne
from whynet.runs.seeing.maps import feature_maps, filters
from whynet.runs.seeing.objects import match, surest
from whynet.runs.seeing.occlusion import occlusion
from whynet.runs.seeing.saliency import half_of, saliency
from whynet.text import Text
from whynet.vision.mean_iou import class_iou, pixel_confusion

Draw = Callable[[], Figure]
SHOWN = 6  # examples beside their maps
MAPPED = 300  # examples in an embedding
JUDGED = 200  # test pictures among which the worst are looked for
BATCH = 64


def filtered(fitted: Fitted) -> Draw | None:
    """The filters of the first convolution."""
    found = filters(fitted.module)
    if found is None:
        return None
    name, weights = found
    strength = weights.flatten(1).norm(dim=1)
    title = Text(
        "{name}: the strongest of {n} filters is {times:.1f} times the weakest",
        "{name}: 필터 {n}개 가운데 가장 강한 것이 가장 약한 것의 {times:.1f}배",
    ).fill(name=name, n=len(weights), times=float(strength.max() / strength.min().clamp_min(1e-12)))
    return partial(figures.filters, weights.numpy(), title=title)


def mapped(fitted: Fitted) -> Draw | None:
    """The maps of some layers for the first test example."""
    if not _has_pictures(fitted) or not len(fitted.dataset.test):
        return None
    picture = fitted.dataset.test.x[0]
    maps = feature_maps(fitted.module, picture)
    if not maps:
        return None
    flat = {name: int((layer.flatten(1).abs().amax(dim=1) == 0).sum()) for name, layer in maps.items()}
    name = max(flat, key=lambda layer: flat[layer] / len(maps[layer]))
    title = (
        Text(
            "{flat} of {all} channels of {name} stay silent on this picture",
            "이 그림에서 {name}의 채널 {all}개 가운데 {flat}개는 아무 반응이 없다",
        ).fill(flat=flat[name], all=len(maps[name]), name=name)
        if flat[name]
        else Text("Every channel of these layers answers to this picture", "이 층들의 모든 채널이 이 그림에 반응한다")
    )
    return partial(figures.feature_maps, {k: v.numpy() for k, v in maps.items()}, title=title, picture=picture.numpy())


def attended(fitted: Fitted) -> Draw | None:
    """Where attention looks in the first test example."""
    module = fitted.module
    if not attentions(module) or not len(fitted.dataset.test):
        return None
    x = fitted.dataset.test.x[:1]
    maps = attention(module, x)
    if not maps:
        return None
    seen = {name: places_seen(map) for name, map in maps.items()}
    last = list(seen)[-1]
    title = Text(
        "{last} shares its attention among {n:.0f} of {all} places", "{last:은} 자리 {all}개 가운데 {n:.0f}개쯤에 주의를 나눈다"
    ).fill(last=last, n=seen[last], all=maps[last].shape[-1])
    laid = {name: over_picture(map, _size(x)) for name, map in maps.items()} if _has_pictures(fitted) else {}
    if laid and all(grid is not None for grid in laid.values()):
        grids = {name: grid[0].cpu().numpy() for name, grid in laid.items() if grid is not None}
        return partial(figures.attention, grids, title=title, picture=x[0].numpy())
    return partial(figures.attention, {name: map[0].cpu().numpy() for name, map in maps.items()}, title=title)


def salient(fitted: Fitted) -> Draw | None:
    """Saliency of the answers to the first test examples."""
    if not _has_pictures(fitted) or fitted.dataset.task.kind not in ("classify", "regress") or not len(fitted.dataset.test):
        return None
    x = fitted.dataset.test.x[:SHOWN]
    maps = saliency(fitted.module, x).cpu()
    title = Text(
        "Half of what moves the answer lies in {share:.0%} of the pixels", "답을 움직이는 것의 절반이 픽셀의 {share:.0%}에 있다"
    ).fill(share=half_of(maps))
    relative = maps / maps.flatten(1).amax(dim=1)[:, None, None].clamp_min(1e-12)
    quantity = Text("share of the picture's greatest slope", "그림 안 최대 기울기에 대한 비율")
    return partial(figures.evidence, x.numpy(), relative.numpy(), _labels(fitted, x), title=title, quantity=quantity)


def covered(fitted: Fitted) -> Draw | None:
    """Occlusion of the answers to the first test examples."""
    task, x = fitted.dataset.task, fitted.dataset.test.x[:SHOWN]
    if not _has_pictures(fitted) or task.kind != "classify" or not len(x):
        return None
    with torch.no_grad():
        outputs = fitted.module(x)
    if probabilities(fitted.loss, outputs) is None:
        return None
    size = max(-(-min(_size(x)) // 4), 1)
    maps = occlusion(
        fitted.module, x, fitted.loss.decide(outputs, task), size=size, read=lambda out: _known(probabilities(fitted.loss, out))
    )
    title = Text(
        "Covering {size}×{size} pixels takes away up to {most:.0%} of an answer's probability",
        "{size}×{size}픽셀을 가리면 답의 확률이 많게는 {most:.0%}만큼 줄어든다",
    ).fill(size=size, most=max(float(maps.max()), 0.0))
    quantity = Text("probability lost", "잃은 확률")
    return partial(figures.evidence, x.numpy(), maps.numpy(), _labels(fitted, x), title=title, quantity=quantity)


def spread(fitted: Fitted) -> Draw | None:
    """The test examples by t-SNE of what enters the head."""
    task, test = fitted.dataset.task, fitted.dataset.test
    if task.kind != "classify" or len(test) < FEWEST:
        return None
    x, y = test.x[:MAPPED], test.y[:MAPPED]
    embedded = embedding(fitted.module, x)
    if not torch.isfinite(embedded).all():
        return None
    placed = tsne(embedded)
    title = Text(
        "{share:.0%} of the examples have a nearest neighbour of their own class",
        "예제의 {share:.0%}는 가장 가까운 이웃이 같은 클래스다",
    ).fill(share=neighbours_alike(embedded, y))
    note = Text(
        "t-SNE with perplexity {p:.3g} of {n} test examples in {d} dimensions; near is alike, far means little. Rings: wrong answers.",
        "테스트 예제 {n}개, {d}차원에서 perplexity {p:.3g}의 t-SNE. 가까우면 닮은 것이고, 먼 것에는 뜻이 적다. 고리: 틀린 답.",
    ).fill(p=placed.perplexity, n=len(x), d=embedded.shape[1])
    wrong = (fitted.predict(x).reshape(-1) != y).numpy()
    return partial(figures.embedding, placed.points, y.numpy(), task.classes, title=title, wrong=wrong, note=note)


def judged(fitted: Fitted) -> Draw | None:
    """The test pictures whose masks are worst."""
    task, test = fitted.dataset.task, fitted.dataset.test
    if task.kind != "segment" or not len(test):
        return None
    x, y = test.x[:JUDGED], test.y[:JUDGED]
    answers = _answers(fitted, x)
    each = torch.stack([class_iou(pixel_confusion(a, t, task.outputs)).nanmean() for a, t in zip(answers, y, strict=True)])
    order = each.nan_to_num(1.0).argsort(stable=True)[:SHOWN]
    title = Text(
        "The worst of {n} test pictures overlap with the truth by {low:.2f} to {high:.2f}",
        "테스트 그림 {n}개 가운데 가장 나쁜 것들: 정답과 겹치는 정도(IoU) {low:.2f}~{high:.2f}",
    ).fill(n=len(x), low=float(each[order[0]]), high=float(each[order[-1]]))
    labels = [f"IoU {float(each[i]):.2f}" for i in order]
    return partial(figures.masks, x[order].numpy(), y[order].numpy(), answers[order].numpy(), task.classes, labels, title=title)


def answered(fitted: Fitted) -> Draw | None:
    """The test pictures whose boxes are worst."""
    task, test = fitted.dataset.task, fitted.dataset.test
    if task.kind != "detect" or not len(test):
        return None
    x, y = test.x[:JUDGED], test.y[:JUDGED]
    answers = _answers(fitted, x)
    score = surest(answers, y)
    each = [match(a, t, score) for a, t in zip(answers, y, strict=True)]
    wrong = [int(one.missed.sum() + one.false.sum()) for one in each]
    order = sorted(range(len(x)), key=lambda i: -wrong[i])[:9]
    title = Text(
        "{found} of {all} objects in {n} test pictures were found at a score of {score:.2f} or more, with {false} false alarms",
        "테스트 그림 {n}개에서 점수 {score:.2f} 이상으로 물체 {all}개 가운데 {found}개를 찾았고, 없는 것을 있다고 한 것은 {false}개다",
    ).fill(
        score=score,
        found=sum(int(one.found.sum()) for one in each),
        all=int((y[..., 0] >= 0).sum()),
        n=len(x),
        false=sum(int(one.false.sum()) for one in each),
    )
    labels = [_MISSED.fill(missed=int(each[i].missed.sum()), false=int(each[i].false.sum())) for i in order]
    truth, said = [y[i].numpy() for i in order], [answers[i].numpy() for i in order]
    return partial(figures.boxes, x[order].numpy(), truth, said, task.classes, labels, title=title, score=score)


def mistaken(fitted: Fitted) -> Draw | None:
    """A page of wrong answers, the surest first."""
    task, test = fitted.dataset.task, fitted.dataset.test
    if not _has_pictures(fitted) or task.kind != "classify" or not len(test):
        return None
    outputs = _outputs(fitted, test.x)
    said = fitted.loss.decide(outputs, task)
    p = probabilities(fitted.loss, outputs)
    sure = p.gather(1, said[:, None])[:, 0] if p is not None else outputs.amax(dim=1)
    wrong = (said != test.y).nonzero()[:, 0]
    if not len(wrong):
        return None
    order = wrong[sure[wrong].nan_to_num(0.0).argsort(descending=True, stable=True)][:24]
    names = task.classes
    captions = [
        f"{names[int(test.y[i])]} → {names[int(said[i])]}" + (f"\n{float(sure[i]):.0%}" if p is not None else "") for i in order
    ]
    title = Text(
        "{wrong} of {n} test examples are answered wrong; true → answered, the surest first",
        "테스트 예제 {n}개 가운데 {wrong}개가 틀렸다. 실제 → 답, 확신이 큰 순서",
    ).fill(wrong=len(wrong), n=len(test))
    return partial(figures.images, test.x[order].numpy(), captions, title=title, columns=6)


# --- shared ------------------------------------------------------------------------------------------------------------


def _labels(fitted: Fitted, x: Tensor) -> list[Text]:
    """What the network answers to examples, and what is true where that differs."""
    task, y = fitted.dataset.task, fitted.dataset.test.y[: len(x)]
    if task.kind != "classify":
        return [
            Text("answer {value:.3g}", "답 {value:.3g}").fill(value=float(value.reshape(-1)[0])) for value in fitted.predict(x)
        ]
    said = fitted.predict(x).reshape(-1)
    right, wrong = Text("answered {said}", "답 {said}"), Text("answered {said}, is {true}", "답 {said}, 실제 {true}")
    names = task.classes
    return [(right if a == t else wrong).fill(said=names[int(a)], true=names[int(t)]) for a, t in zip(said, y, strict=True)]


def _has_pictures(fitted: Fitted) -> bool:
    inputs = fitted.dataset.task.inputs
    return len(inputs) == 3 and inputs[0] in (1, 3) and min(inputs[1:]) > 1


def _size(x: Tensor) -> tuple[int, int]:
    return x.shape[-2], x.shape[-1]


def _outputs(fitted: Fitted, x: Tensor) -> Tensor:
    module = fitted.module
    with torch.no_grad():
        return torch.cat([module(part) for part in x.split(BATCH)])


def _answers(fitted: Fitted, x: Tensor) -> Tensor:
    return fitted.loss.decide(_outputs(fitted, x), fitted.dataset.task)


def _known(p: Tensor | None) -> Tensor:
    assert p is not None  # asked before
    return p


_MISSED = Text("{missed} missed, {false} false", "놓친 것 {missed}, 없는 것 {false}")
