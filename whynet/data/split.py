"""Cutting examples into training, validation and test sets, each class shared out alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from whynet.data.options import Options
from whynet.data.source import Source, SplitName
from whynet.errors import DataError, OptionError
from whynet.rng import numpy_generator
from whynet.text import Text

TINY = 10  # fewer examples than this are not split: every set is the whole


@dataclass(frozen=True, eq=False)
class Split:
    """Three lists of indices, each (n,) int64 and sorted."""

    train: Tensor
    validation: Tensor
    test: Tensor
    whole: bool = False  # all three are all of the examples


def split(source: Source, seed: int, options: Options) -> Split:
    """The split of a seed. Raises `DataError` or `OptionError` where a set, or a class in training, is left empty."""
    count = len(source.y)
    if source.whole or (count < TINY and not source.official):
        if options.train is not None or options.fold is not None:
            raise OptionError(_TOO_SMALL, n=count)
        everything = torch.arange(count)
        return Split(everything, everything, everything, whole=True)
    labels = source.y.numpy() if source.kind == "classify" else np.zeros(count, np.int64)  # others are all of one class
    rng = numpy_generator(seed, "split")
    official = {name: index.numpy() for name, index in source.official.items()}
    test, rest = _cut(labels, _free(official, count), official.get("test"), options.test, rng)
    validation, train = _validation(labels, rest, official.get("validation"), options, rng)
    if options.train is not None:
        train = _subset(labels, train, options.train, len(source.classes) if source.kind == "classify" else 0)
    for name, index in (("train", train), ("validation", validation), ("test", test)):
        if not len(index):
            raise DataError(_EMPTY, split=SPLITS[name], n=count)
    _every_class_trains(source, train)
    ready = [torch.from_numpy(np.sort(index)) for index in (train, validation, test)]
    return Split(ready[0], ready[1], ready[2])


def shared_out(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order (N,) of which every stretch holds each class in its share: the j-th of n_c stands at (j + 1/2) / n_c."""
    order = rng.permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        own = order[labels[order] == label]
        place[own] = (np.arange(len(own)) + 0.5) / len(own)
    return order[np.argsort(place[order], kind="stable")]


def folds_of(labels: np.ndarray, order: np.ndarray, folds: int) -> np.ndarray:
    """The fold (n,) of each entry of ``order``: class by class, dealt out like cards."""
    fold = np.empty(len(order), np.int64)
    fold[np.argsort(labels[order], kind="stable")] = np.arange(len(order)) % folds
    return fold


def _free(official: dict[SplitName, np.ndarray], count: int) -> np.ndarray:
    """The examples that the data set itself has not assigned to the test or validation set."""
    taken = [index for split, index in official.items() if split != "train"]
    return np.setdiff1d(np.arange(count), np.concatenate(taken)) if taken else np.arange(count)


def _cut(
    labels: np.ndarray, free: np.ndarray, given: np.ndarray | None, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A share of the free examples and the rest in a well-mixed order; a prescribed set stays as it is."""
    order = free[shared_out(labels[free], rng)]
    if given is not None:
        return given, order
    size = max(1, round(len(order) * share))
    return order[:size], order[size:]


def _validation(
    labels: np.ndarray, rest: np.ndarray, given: np.ndarray | None, options: Options, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The validation set, and what is left to train on in a well-mixed order."""
    if options.fold is not None:
        order = rest if given is None else np.concatenate([rest, rng.permutation(given)])
        if len(order) < options.folds:
            raise DataError(_TOO_FEW_FOLDS, n=len(order), folds=options.folds)
        fold = folds_of(labels, order, options.folds)
        return order[fold == options.fold], order[fold != options.fold]
    if given is not None:
        return given, rest
    size = max(1, round(len(rest) * options.validation))
    return rest[:size], rest[size:]


def _subset(labels: np.ndarray, train: np.ndarray, size: int, classes: int) -> np.ndarray:
    """The first of each class, then the others in their well-mixed order, up to ``size``."""
    if size > len(train):
        raise OptionError(_TOO_MANY, received=size, available=len(train))
    if size < classes:
        raise OptionError(_TOO_FEW, received=size, classes=classes)
    first = np.sort(np.unique(labels[train], return_index=True)[1])
    return np.concatenate([train[first], np.delete(train, first)])[:size]


def _every_class_trains(source: Source, train: np.ndarray) -> None:
    if source.kind != "classify":
        return
    counts = np.bincount(source.y.numpy()[train], minlength=len(source.classes))
    absent = [name for name, n in zip(source.classes, counts, strict=True) if not n]
    if absent:
        raise DataError(_NOT_TRAINED, names=", ".join(absent[:5]), n=len(absent))


SPLITS: dict[str, Text] = {
    "train": Text("training", "훈련(train)"),
    "validation": Text("validation", "검증(validation)"),
    "test": Text("test", "테스트(test)"),
}
_TOO_SMALL = Text(
    "With {n} examples every set is the whole data set, so there is nothing to pick a part or a fold from. "
    "Leave out train= and fold=.",
    "예제가 {n}개뿐이라 모든 세트가 데이터 전체다. 일부나 폴드(fold)를 고를 수 없으니 train=과 fold=를 빼야 한다.",
)
_EMPTY = Text(
    "This split of {n} examples leaves the {split} set empty. Lower validation= or test=, or bring more examples.",
    "예제 {n}개를 이렇게 나누면 {split} 세트가 빈다. validation=이나 test=를 낮추거나 예제를 더 모은다.",
)
_TOO_FEW_FOLDS = Text(
    "{n} examples cannot be cut into {folds} folds. Lower folds=.",
    "예제 {n}개를 폴드(fold) {folds}개로 나눌 수 없다. folds=를 낮춘다.",
)
_TOO_MANY = Text(
    "train: expected at most {available}, the training examples there are. Received: {received}",
    "train: 훈련 예제는 {available}개까지 쓸 수 있다. 받은 것: {received}",
)
_TOO_FEW = Text(
    "train: expected at least {classes}, one example of each class. Received: {received}",
    "train: 클래스마다 예제가 하나는 있어야 하므로 {classes}개 이상이어야 한다. 받은 것: {received}",
)
_NOT_TRAINED = Text(
    "This split leaves {n} class(es) without a training example: {names}. "
    "Bring more examples of them, leave them out, or lower validation= and test=.",
    "이렇게 나누면 훈련 예제가 하나도 없는 클래스가 {n}개 생긴다: {names}. "
    "그 클래스의 예제를 더 모으거나, 빼거나, validation=과 test=를 낮춘다.",
)
