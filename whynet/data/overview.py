"""A data set in a few sentences, before anything is trained on it."""

from __future__ import annotations

import torch

from whynet.data.dataset import Dataset
from whynet.text import Text, join, plain

SHOWN = 12  # classes and columns listed by name


def summary(dataset: Dataset) -> list[Text]:
    """What is in a data set: sizes, shapes, ranges, classes, gaps, and test examples that are in the training set as well."""
    lines = [_TITLE.fill(name=dataset.name, task=dataset.task.words), _sizes(dataset), _inputs(dataset)]
    if dataset.task.features:
        lines.append(_FEATURES.fill(n=len(dataset.task.features), names=_listed(dataset.task.features)))
    lines.append(_ANSWERS[dataset.task.kind](dataset))
    if dataset.frame is not None:
        gaps = dataset.frame.isna().sum()
        named = [f"{column} {n}" for column, n in gaps[gaps > 0].items()]
        lines.append(_GAPS.fill(n=int(gaps.sum()), names=_listed(named)) if named else _NO_GAPS)
    lines.append(_twins(dataset))
    return lines


def duplicates(dataset: Dataset) -> int:
    """How many test inputs are, number for number, training inputs as well."""
    known = {row.tobytes() for row in dataset.train.x.cpu().numpy()}
    return sum(row.tobytes() in known for row in dataset.test.x.cpu().numpy())


def _sizes(dataset: Dataset) -> Text:
    return _SIZES.fill(train=len(dataset.train), validation=len(dataset.validation), test=len(dataset.test))


def _inputs(dataset: Dataset) -> Text:
    x = dataset.train.x
    spread, mean = torch.std_mean(x, correction=0)
    return _INPUTS.fill(
        shape=dataset.task.inputs, low=x.min().item(), high=x.max().item(), mean=mean.item(), spread=spread.item()
    )


def _classes(dataset: Dataset) -> Text:
    counts = dataset.train.y.bincount(minlength=dataset.task.outputs).tolist()
    named = [f"{name} {n}" for name, n in zip(dataset.task.classes, counts, strict=True)]
    return _CLASSES.fill(n=len(counts), counts=_listed(named), chance=dataset.task.chance)


def _values(dataset: Dataset) -> Text:
    y = dataset.train.y
    return join(
        _VALUES.fill(name=name, low=v.min().item(), high=v.max().item(), mean=v.mean().item(), std=v.std(correction=0).item())
        for name, v in zip(dataset.task.targets, y.T, strict=True)
    )


def _pixels(dataset: Dataset) -> Text:
    y = dataset.train.y
    counts = y[y >= 0].bincount(minlength=dataset.task.outputs)
    shares = (counts / counts.sum()).tolist()
    named = [f"{name} {share:.1%}" for name, share in zip(dataset.task.classes, shares, strict=True)]
    return _PIXELS.fill(n=len(named), shares=_listed(named), chance=dataset.task.chance)


def _objects(dataset: Dataset) -> Text:
    y = dataset.train.y
    real = y[..., 0] >= 0
    counts = y[..., 0][real].long().bincount(minlength=dataset.task.outputs).tolist()
    named = [f"{name} {n}" for name, n in zip(dataset.task.classes, counts, strict=True)]
    boxes = y[real][:, 1:]
    sides = ((boxes[:, 2:] - boxes[:, :2]).prod(dim=1)).sqrt()
    most, mean = int(real.sum(1).max()), float(real.sum(1).float().mean())
    return _OBJECTS.fill(
        n=len(named), counts=_listed(named), mean=mean, most=most, small=sides.min().item(), large=sides.max().item()
    )


_ANSWERS = {"classify": _classes, "regress": _values, "segment": _pixels, "detect": _objects}


def _twins(dataset: Dataset) -> Text:
    if dataset.train.index.equal(dataset.test.index):
        return _SAME
    n = duplicates(dataset)
    return _TWINS.fill(n=n, total=len(dataset.test)) if n else _NO_TWINS


def _listed(names: tuple[str, ...] | list[str]) -> Text:
    return plain(", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else ""))


_TITLE = Text("{name}: {task}.", "{name}: {task}.")
_SIZES = Text(
    "{train} training, {validation} validation and {test} test examples.",
    "예제 수: 훈련(train) {train}개, 검증(validation) {validation}개, 테스트(test) {test}개.",
)
_INPUTS = Text(
    "One input has shape {shape}; values from {low:.4g} to {high:.4g}, mean {mean:.4g}, standard deviation {spread:.4g}.",
    "입력 하나의 모양은 {shape}. 값은 {low:.4g}에서 {high:.4g}까지, 평균 {mean:.4g}, 표준편차 {spread:.4g}.",
)
_FEATURES = Text("{n} columns: {names}.", "열 {n}개: {names}.")
_CLASSES = Text(
    "Training examples of the {n} classes: {counts}. Always answering the largest class is right in {chance:.1%} of the test set.",
    "클래스 {n}개의 훈련 예제 수: {counts}. 가장 많은 클래스만 답해도 테스트 세트의 {chance:.1%}는 맞힌다.",
)
_PIXELS = Text(
    "Training pixels of the {n} classes: {shares}. Always answering the largest class has a mean IoU of {chance:.3f} on the test set.",
    "클래스 {n}개의 훈련 픽셀 비율: {shares}. 가장 많은 클래스만 답하면 테스트 세트의 평균 IoU는 {chance:.3f}.",
)
_OBJECTS = Text(
    "Training objects of the {n} class(es): {counts}; {mean:.1f} in a picture on average, at most {most}. "
    "Their sides, as a root of the area, are from {small:.3f} to {large:.3f} of the picture's.",
    "클래스 {n}개의 훈련 물체 수: {counts}. 그림 하나에 평균 {mean:.1f}개, 많으면 {most}개. "
    "물체의 크기(넓이의 제곱근)는 그림 한 변의 {small:.3f}배에서 {large:.3f}배까지다.",
)
_VALUES = Text(
    "Target {name}: from {low:.4g} to {high:.4g}, mean {mean:.4g}, standard deviation {std:.4g}.",
    "목푯값 {name}: {low:.4g}에서 {high:.4g}까지, 평균 {mean:.4g}, 표준편차 {std:.4g}.",
)
_GAPS = Text("{n} cells of the table are empty: {names}.", "표에서 빈칸은 {n}개다: {names}.")
_NO_GAPS = Text("No cell of the table is empty.", "표에 빈칸이 없다.")
_SAME = Text(
    "The test set is the training set: the score tells what was learnt by heart, not what carries over.",
    "테스트 세트가 훈련 세트와 같다. 점수는 외운 정도를 보여 줄 뿐 일반화(generalisation)를 보여 주지 않는다.",
)
_TWINS = Text(
    "{n} of {total} test inputs are in the training set as well, which can make the test score too good.",
    "테스트 입력 {total}개 가운데 {n}개가 훈련 세트에도 있다. 그만큼 테스트 점수가 부풀려질 수 있다.",
)
_NO_TWINS = Text("No test input is in the training set.", "훈련 세트에도 있는 테스트 입력은 없다.")
