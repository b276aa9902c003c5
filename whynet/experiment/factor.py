"""What a comparison varies, and the check that it varies nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from whynet.engine.arm import Arm
from whynet.errors import ComparisonError
from whynet.recipe import Recipe, diff
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
    levels = [
        Level(f"{path.rpartition('.')[2]}={value}" if "." in path else str(value), base.change(**{path: value}))
        for value in values
    ]
    for i, level in enumerate(levels):
        for other in levels[:i]:
            if not diff(level.recipe, other.recipe):
                raise ComparisonError(_SAME_LEVEL, path=path, value=level.name)
    return path, levels


def check_controlled(levels: Sequence[Level], paths: Sequence[str]) -> None:
    """Refuse levels whose recipes differ in anything but the declared paths; ``"optimizer"`` allows all of its options."""
    base = levels[0].recipe
    for level in levels[1:]:
        stray = [d for d in diff(base, level.recipe) if not any(d.path == p or d.path.startswith(p + ".") for p in paths)]
        if stray:
            raise ComparisonError(
                _STRAY, level=level.name, base=levels[0].name, factor=", ".join(paths), stray="; ".join(str(d) for d in stray)
            )


def check_paired(arms: Sequence[Arm], paths: Sequence[str]) -> None:
    """Refuse arms of one seed that differ in the data they see, or in initial weights, where the factor does not explain it."""
    roots = {path.partition(".")[0] for path in paths}
    first = arms[0]
    for arm in arms[1:]:
        if "data" not in roots:
            ours, theirs = arm.dataset.train, first.dataset.train
            same_pool = ours.pool_x is theirs.pool_x or torch.equal(ours.pool_x, theirs.pool_x)
            if not (same_pool and torch.equal(ours.index, theirs.index)):
                raise ComparisonError(_UNPAIRED_DATA, a=first.label, b=arm.label, seed=arm.seed)
        if not roots & {"data", "model", "loss", "init"} and not torch.equal(arm.network.initial, first.network.initial):
            raise ComparisonError(_UNPAIRED_WEIGHTS, a=first.label, b=arm.label, seed=arm.seed)


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
