"""From raw examples to a data set: check, split, encode, scale."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.data.check import INPUTS, check_finite, check_source
from whynet.data.dataset import Dataset, Examples
from whynet.data.mirror import mirrored
from whynet.data.options import Options
from whynet.data.scale import SCALED, scaled, standard_targets
from whynet.data.source import Encoded, Source, Table
from whynet.data.split import SPLITS, Split, split
from whynet.errors import OptionError
from whynet.rng import generator
from whynet.task import Task
from whynet.text import Text


def build(source: Source, name: str, seed: int, options: Options) -> Dataset:
    """The data set of one seed. The pool is the source's own tensor where nothing has to be changed in it."""
    check_source(source)
    if source.classes and options.targets == "standard":
        raise OptionError(_LABELS)
    cut = split(source, seed, options)
    if source.mirror:
        source, cut = mirrored(source, cut)
    notes = [*source.notes, *_about_split(source, cut)]

    x, scalable, features = source.x, None, source.features
    if isinstance(x, Table):
        encoded: Encoded = x.encode(cut.train)
        x, scalable, features = encoded.x, encoded.scalable, encoded.features
        notes += encoded.notes
    pool_x = scaled(x, cut.train, options.scale, scalable)
    if pool_x is not x:
        check_finite(pool_x, INPUTS)  # a number that is finite in double need not be in float32
    if options.scale != "none":
        notes.append(SCALED[options.scale].fill(n=len(cut.train)))

    pool_y = source.y
    if source.kind == "regress" and options.targets != "raw":
        pool_y, note = standard_targets(pool_y, cut.train)
        notes.append(note)
    if options.shuffle_labels:
        pool_y = _shuffled(pool_y, cut, seed)
        notes.append(_SHUFFLED)
    wrong = round(options.label_noise * len(cut.train))
    if wrong > 1:  # one alone has nobody to trade with
        pool_y = _mistaken(pool_y, cut.train, wrong, seed)
        notes.append(_MISTAKEN.fill(wrong=wrong, n=len(cut.train)))

    task = Task(
        source.kind,
        inputs=tuple(pool_x.shape[1:]),
        outputs=len(source.classes) or pool_y.shape[1],
        classes=source.classes,
        features=features,
        targets=source.targets,
        largest_class=None if source.kind in ("regress", "detect") else _largest_share(pool_y[cut.test], len(source.classes)),
    )
    train, validation, test = (Examples(pool_x, pool_y, index) for index in (cut.train, cut.validation, cut.test))
    return Dataset(source.name or name, task, train, validation, test, notes=tuple(notes), frame=source.frame)


def _shuffled(y: Tensor, cut: Split, seed: int) -> Tensor:
    """The targets permuted inside each set, so that every set keeps its classes and none says anything of its inputs."""
    mixed = y.clone()
    sets = {"train": cut.train} if cut.whole else {"train": cut.train, "validation": cut.validation, "test": cut.test}
    for name, index in sets.items():
        order = torch.randperm(len(index), generator=generator(seed, "noise", "labels", name))
        mixed[index] = y[index[order]]
    return mixed


def _mistaken(y: Tensor, train: Tensor, wrong: int, seed: int) -> Tensor:
    """The targets with those of so many training examples passed round among them; which ones, the seed decides."""
    mixed = y.clone()
    index = train[torch.randperm(len(train), generator=generator(seed, "noise", "labels", "mistaken"))[:wrong]]
    mixed[index] = y[index.roll(1)]
    return mixed


def _largest_share(labels: Tensor, classes: int) -> float:
    """The share of the most frequent class among the labels, or among all pixels that are judged."""
    judged = labels[labels >= 0]
    return float(judged.bincount(minlength=classes).max()) / max(1, len(judged))


def _about_split(source: Source, cut: Split) -> list[Text]:
    """What the reader should know of the split: that there is none, or that a rare class is missing from a set."""
    if cut.whole:
        return [_WHOLE.fill(n=len(source.y))]
    notes = []
    for name, index in (("validation", cut.validation), ("test", cut.test)):
        present = set(_labels_in(source, index))
        absent = [name for label, name in enumerate(source.classes) if label not in present]
        if absent:
            names = ", ".join(absent[:5]) + (", …" if len(absent) > 5 else "")
            notes.append(_ABSENT.fill(split=SPLITS[name], names=names))
    return notes


def _labels_in(source: Source, index: Tensor) -> list[int]:
    """The classes that occur in some examples: as labels, in pixels, or as objects."""
    y = source.y[index]
    return [int(label) for label in (y[..., 0] if source.kind == "detect" else y).unique()] if source.classes else []


_LABELS = Text(
    "targets='standard' scales values; these targets are class labels. Leave it out.",
    "targets='standard'는 값의 크기를 맞추는 옵션인데, 이 데이터의 목표는 클래스 레이블이다. 이 옵션을 뺀다.",
)
_WHOLE = Text(
    "With {n} examples there is nothing to split: training, validation and test set are all of them.",
    "예제가 {n}개뿐이라 나누지 않는다. 훈련(train), 검증(validation), 테스트(test) 세트가 모두 데이터 전체다.",
)
_ABSENT = Text(
    "The {split} set has no example of: {names}. Too few of them exist to share out.",
    "{split} 세트에 예제가 없는 클래스: {names}. 나누어 담기에는 수가 너무 적다.",
)
_MISTAKEN = Text(
    "{wrong} of {n} training examples were given the target of another; validation and test set are as they were.",
    "훈련 예제 {n}개 가운데 {wrong}개에 다른 예제의 목푯값을 주었다. 검증 세트와 테스트 세트는 그대로다.",
)
_SHUFFLED = Text(
    "Control: the labels were shuffled inside each set, so there is nothing to learn.",
    "대조 실험: 세트마다 레이블을 섞었으므로 배울 것이 없다.",
)
