"""The same network on the same inputs with shuffled labels: what it reaches where there is nothing to learn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from whynet.data.dataset import Dataset, Examples
from whynet.doctor.examination import Examination
from whynet.doctor.yardstick import Yardstick
from whynet.engine.arm import load_data, prepare
from whynet.engine.fit import Fitted, fit_all
from whynet.engine.train import Watching
from whynet.recipe import Given, Recipe, with_seed
from whynet.rng import generator
from whynet.text import Text

SEEDS = 3


@dataclass(frozen=True)
class Shuffled:
    """The metric on held-out and on training examples, with the labels as they are and shuffled; means over seeds."""

    split: str
    true: float
    shuffled: float
    true_train: float
    shuffled_train: float
    noise: float

    @property
    def same(self) -> bool:
        """Whether the true labels are learned no better than shuffled ones, within luck."""
        return self.true - self.shuffled <= self.noise

    @property
    def words(self) -> Text:
        """The control in a sentence."""
        return (_SAME if self.same else _DIFFERENT).fill(
            true=self.true, shuffled=self.shuffled, true_train=self.true_train, shuffled_train=self.shuffled_train
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "control": "shuffled-labels", "words": self.words.both, "split": self.split, "same": self.same,
            "true": self.true, "shuffled": self.shuffled, "true_train": self.true_train, "shuffled_train": self.shuffled_train,
        }  # fmt: skip


def shuffled_labels(seen: Examination, true: list[Fitted], recipe: Recipe, steps: int | None = None) -> Shuffled:
    """Train a recipe once more with the training labels shuffled, under the seeds of ``true``, which was trained with the real ones.

    Zhang et al., *Understanding deep learning requires rethinking generalization* (2017): a network can learn shuffled labels by heart,
    so what tells is whether the real ones do better on examples that were not learned from. Costs as much as one remedy of the trial, with
    three seeds at most.
    """
    stick, given = seen.yardstick, recipe.data
    changed = recipe.change(data=Given(lambda seed: shuffled(load_data(with_seed(recipe, seed)), seed), f"{given}, shuffled"))
    changed = changed.change(steps=steps) if steps else changed
    true = true[:SEEDS]
    arms = [prepare(with_seed(changed, one.arm.seed), "shuffled labels") for one in true]
    others = fit_all(arms, Watching(evaluations=3), workers=0)

    def of(fitted: list[Fitted], split: str) -> float:
        balanced = stick.balanced and split == stick.split
        measure = Yardstick(stick.kind, split, stick.chance, stick.noise, balanced)  # type: ignore[arg-type]
        values = [measure.value(one) for one in fitted]
        return float(np.mean([value if np.isfinite(value) else stick.chance for value in values]))

    return Shuffled(
        stick.split, of(true, stick.split), of(others, stick.split), of(true, "train"), of(others, "train"), stick.noise
    )


def shuffled(dataset: Dataset, seed: int) -> Dataset:
    """The same examples with the training labels in another order."""
    train = dataset.train
    order = torch.randperm(len(train), generator=generator(seed, "sample", "shuffled labels"))
    pool_y = train.pool_y.clone()
    pool_y[train.index] = train.pool_y[train.index][order]
    return replace(dataset, train=Examples(train.pool_x, pool_y, train.index))


_SAME = Text(
    "With shuffled labels the network reaches {shuffled:.2f} where it reaches {true:.2f} with the real ones (on what it learned from: "
    "{shuffled_train:.2f} and {true_train:.2f}): it finds no more in the labels than in noise.",
    "라벨을 뒤섞으면 {shuffled:.2f}, 그대로 두면 {true:.2f}에 이른다(학습한 예제에서는 {shuffled_train:.2f}, {true_train:.2f}). "
    "라벨에서 잡음보다 나은 것을 찾지 못한다.",
)
_DIFFERENT = Text(
    "With shuffled labels the network reaches {shuffled:.2f}, with the real ones {true:.2f}: they hold something.",
    "라벨을 뒤섞으면 {shuffled:.2f}, 그대로 두면 {true:.2f}에 이른다. 라벨에는 배울 것이 있다.",
)
