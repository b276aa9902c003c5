"""What a comparison varies, and the check that it varies nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from whynet.data.dataset import Dataset
from whynet.engine.arm import Arm
from whynet.errors import ComparisonError
from whynet.recipe import PARTS, Given, Recipe, diff
from whynet.text import Text


@dataclass(frozen=True)
class Level:
    """One value of a factor: a name for the reader, and the recipe that has it."""

    name: str
    recipe: Recipe


def levels_of(base: Recipe, factor: Mapping[str, Sequence[Any]]) -> tuple[str, list[Level]]:
    """The factor's path and one level for each value: ``{"optimizer.lr": [0.01, 0.1]}``, ``{"model": ["mlp", "lenet5"]}``.

    Raises `ComparisonError` where there is not exactly one factor with at least two different values.
    """
    if len(factor) != 1:
        raise ComparisonError(_ONE_FACTOR, n=len(factor), names=", ".join(factor) or "-")
    [(path, values)] = factor.items()
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) < 2:
        raise ComparisonError(_TWO_LEVELS, path=path, values=values)
    if path.partition(".")[0] == "seed":
        raise ComparisonError(_NOT_SEED)
    recipes = [base.change(**{path: value}) for value in values]
    levels = [Level(name, recipe) for name, recipe in zip(_names(path, values, recipes), recipes, strict=True)]
    for i, level in enumerate(levels):
        for other in levels[:i]:
            if not diff(level.recipe, other.recipe):
                raise ComparisonError(_SAME_LEVEL, path=path, value=level.name)
    return path, levels


def _names(path: str, values: Sequence[Any], recipes: Sequence[Recipe]) -> list[str]:
    """What the levels are called: a part by its spec or by the name of the user's object, all else ``lr=0.1``; no name twice."""
    names = []
    option = path.removeprefix("rates.") if path.startswith("rates.") else path.rpartition(".")[2]
    for value, recipe in zip(values, recipes, strict=True):
        part = getattr(recipe, path) if path in PARTS else None
        shown = Path(value).name if path == "pretrained" and value else value
        name = part.label if isinstance(part, Given) else str(value) if path in PARTS else f"{option}={shown}"
        names.append(path if name == "<lambda>" else name)
    return [name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}" for i, name in enumerate(names)]


def check_controlled(levels: Sequence[Level], paths: Sequence[str]) -> None:
    """Refuse levels whose recipes differ in anything but the declared paths; ``"optimizer"`` allows all of its options.

    Two levels of one name are refused as well: the results are told apart by it.
    """
    names = [level.name for level in levels]
    for name in names:
        if names.count(name) > 1:
            raise ComparisonError(_SAME_NAME, name=name)
    base = levels[0].recipe
    for level in levels[1:]:
        stray = [d for d in diff(base, level.recipe) if not any(d.path == p or d.path.startswith(p + ".") for p in paths)]
        if stray:
            raise ComparisonError(
                _STRAY, level=level.name, base=levels[0].name, factor=", ".join(paths), stray="; ".join(str(d) for d in stray)
            )


def check_paired(arms: Sequence[Arm], paths: Sequence[str]) -> None:
    """Refuse arms of one seed that differ in the data they see, or in initial weights, where the factor does not explain it.

    Whatever the factor, all must be judged by the same metric.
    """
    roots = {path.partition(".")[0] for path in paths}
    first = arms[0]
    for arm in arms[1:]:
        if arm.dataset.task.metric != first.dataset.task.metric:
            ours, theirs = first.dataset.task, arm.dataset.task
            raise ComparisonError(_TWO_METRICS, a=first.label, b=arm.label, ours=ours.metric, theirs=theirs.metric)
        if "data" not in roots and not _same_data(arm.dataset, first.dataset):
            raise ComparisonError(_UNPAIRED_DATA, a=first.label, b=arm.label, seed=arm.seed)
        if not roots & {"data", "model", "loss", "init", "pretrained"} and not _same_start(arm, first):
            raise ComparisonError(_UNPAIRED_WEIGHTS, a=first.label, b=arm.label, seed=arm.seed)


def _same_start(ours: Arm, theirs: Arm) -> bool:
    """Whether two networks begin with the same weights, whichever of them are frozen."""
    a, b = ({**arm.network.unpack(arm.network.initial), **arm.network.buffers} for arm in (ours, theirs))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def _same_data(ours: Dataset, theirs: Dataset) -> bool:
    """Whether two arms learn from and are judged by the same examples."""

    def same(a: Tensor, b: Tensor) -> bool:
        return a is b or torch.equal(a, b)

    pairs = [(getattr(ours, split), getattr(theirs, split)) for split in ("train", "validation", "test")]
    return all(same(a.index, b.index) and same(a.pool_x, b.pool_x) and same(a.pool_y, b.pool_y) for a, b in pairs)


_ONE_FACTOR = Text(
    "A comparison varies exactly one factor. Received {n}: {names}. Compare them one at a time.",
    "비교는 요인(factor) 하나만 바꾼다. 받은 것은 {n}개: {names}. 하나씩 비교한다.",
)
_TWO_LEVELS = Text(
    "The factor {path} needs a list of at least two values. Received: {values}",
    "요인 {path}에는 값이 둘 이상인 리스트가 필요하다. 받은 것: {values}",
)
_NOT_SEED = Text(
    "The seed is not a factor: every level is trained under each seed. Say how many with seeds=…",
    "시드(seed)는 요인이 아니다. 모든 수준(level)을 각 시드에서 학습한다. 개수는 seeds=…로 정한다.",
)
_SAME_LEVEL = Text("{path}: the value {value} is given twice.", "{path}: 값 {value:이} 두 번 주어졌다.")
_SAME_NAME = Text(
    "Two levels are called {name}. Give each a name of its own.",
    "{name:이라는} 수준이 둘 있다. 수준마다 다른 이름을 준다.",
)
_TWO_METRICS = Text(
    "{a} is judged by {ours} and {b} by {theirs}, which cannot be compared. Choose data of one kind.",
    "{a:은} {ours}, {b:은} {theirs:로} 평가하므로 비교할 수 없다. 같은 종류의 데이터를 고른다.",
)
_STRAY = Text(
    "{level} and {base} differ in more than the declared factor ({factor}): {stray}. "
    "Make them equal there, or declare it as part of the factor.",
    "{level:과} {base:은} 선언한 요인({factor}) 말고도 다른 점이 있다: {stray}. 같게 맞추거나 요인에 함께 선언한다.",
)
_UNPAIRED_DATA = Text(
    "{a} and {b} would see different training data under seed {seed}, though the data is not the factor.",
    "데이터가 요인이 아닌데 시드 {seed}에서 {a:과} {b:이} 서로 다른 학습 데이터를 보게 된다.",
)
_UNPAIRED_WEIGHTS = Text(
    "{a} and {b} would start from different weights under seed {seed}, though neither the model nor its initialisation is the factor.",
    "모델이나 초기화가 요인이 아닌데 시드 {seed}에서 {a:과} {b:이} 서로 다른 가중치로 시작하게 된다.",
)
