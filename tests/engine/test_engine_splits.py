"""Which training examples tell how well an arm does on them: the same ones every time, drawn from all over the set."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from whynet.data import Dataset, from_tensors
from whynet.engine import splits
from whynet.engine.arm import Arm, prepare
from whynet.engine.fit import fit, fit_all
from whynet.engine.metrics import score
from whynet.engine.splits import TRAIN_SAMPLE, gathered, sampled
from whynet.engine.train import Watching
from whynet.recipe import recipe

N, CLASSES = 6000, 4


@pytest.fixture(autouse=True)
def _drawn_anew() -> None:
    """No test finds what another has drawn."""
    splits._chosen.cache_clear()


@pytest.fixture(scope="module")
def by_class() -> Dataset:
    """Four classes, one after the other; the first number of an example tells its place."""
    x = torch.stack([torch.arange(N) / N, torch.ones(N)], dim=1)
    return from_tensors(x, torch.arange(N) * CLASSES // N, name="by class")


def arm(data: Any, **settings: Any) -> Arm:
    return prepare(recipe(data, "softmax_regression", **{"batch_size": 500, "epochs": 1, **settings}))


def rows(x: Tensor) -> list[int]:
    """Which examples these are."""
    return (x[:, 0] * N).round().long().tolist()


def test_a_sample_is_drawn_from_all_over_the_training_set(by_class: Dataset) -> None:
    [(x, y)] = gathered([arm(by_class)], "train")
    assert len(y) == len(set(rows(x))) == TRAIN_SAMPLE
    assert set(rows(x)) <= set(rows(by_class.train.x))
    assert torch.equal(y, torch.tensor(rows(x)) * CLASSES // N)
    shares = torch.bincount(y) / TRAIN_SAMPLE
    whole = torch.bincount(by_class.train.y) / len(by_class.train)
    error = (whole * (1 - whole) / TRAIN_SAMPLE).sqrt()
    assert ((shares - whole).abs() < 4 * error).all()


def test_a_small_training_set_and_the_other_splits_are_evaluated_as_a_whole(by_class: Dataset, points: Dataset) -> None:
    for data, split in [(points, "train"), (by_class, "validation"), (by_class, "test")]:
        [(x, y)] = gathered([arm(data, batch_size=10)], split)  # type: ignore[arg-type]
        whole = getattr(data, split)
        assert torch.equal(x, whole.x)
        assert torch.equal(y, whole.y)
    assert len(by_class.test) > TRAIN_SAMPLE
    assert torch.equal(sampled(torch.arange(TRAIN_SAMPLE)), torch.arange(TRAIN_SAMPLE))


def test_arms_with_the_same_data_are_judged_by_the_same_examples_whatever_their_seed_and_process(by_class: Dataset) -> None:
    (x, y), (other_x, other_y) = gathered([arm(by_class, seed=0), arm(by_class, seed=7, optimizer="adam")], "train")
    assert other_x is x
    assert other_y is y
    splits._chosen.cache_clear()  # as in a process that has drawn nothing yet
    copy = from_tensors(torch.stack([torch.arange(N) / N, torch.ones(N)], dim=1), torch.arange(N) * CLASSES // N)
    [(again, _)] = gathered([arm(copy)], "train")
    assert torch.equal(again, x)


def test_every_evaluation_of_an_arm_is_of_the_same_examples(by_class: Dataset) -> None:
    """A network that does not move answers every time the same; and what it answers is what the sample says."""
    still = recipe(by_class, "softmax_regression", optimizer="sgd(lr=1e-30)", batch_size=500, epochs=3)
    fitted = fit(still, watching=Watching())
    [losses, metrics] = [fitted.history.curve("train", what)[1] for what in ("loss", "metric")]  # type: ignore[arg-type]
    assert len(losses) == 4
    assert len(set(losses)) == len(set(metrics)) == 1
    [(x, y)] = gathered([fitted.arm], "train")
    with torch.no_grad():
        assert score(fitted.module(x), y, fitted.loss, fitted.dataset.task) == pytest.approx((losses[0], metrics[0]), rel=1e-6)


def test_what_training_on_sorted_data_reached_is_told_within_the_error_of_a_sample(by_class: Dataset) -> None:
    for fitted in fit_all([arm(by_class, seed=seed, optimizer="adam(lr=0.1)", epochs=3) for seed in range(3)]):
        train = fitted.dataset.train
        with torch.no_grad():
            truth = score(fitted.module(train.x), train.y, fitted.loss, fitted.dataset.task)[1]
        error = (truth * (1 - truth) / TRAIN_SAMPLE) ** 0.5
        assert 0 < truth < 1
        assert abs(fitted.history.final("train") - truth) < 4 * error
