"""Which examples a step sees: remainders, whole batches, single examples, half epochs, fixed order."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import optim
from torch.nn import functional as F

from whynet.data import from_tensors
from whynet.engine.arm import Arm, prepare
from whynet.errors import RecipeError
from whynet.recipe import recipe

TRAINED = 43  # examples in the training split of every data set here


def seen(arm: Arm, epoch: int = 0) -> list[list[int]]:
    return [batch.tolist() for batch in arm.order(epoch)]


def flat(batches: list[list[int]]) -> list[int]:
    return [example for batch in batches for example in batch]


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (10, [10, 10, 10, 10, 3]),
        (43, [43]),
        ("all", [43]),
        (21, [21, 21]),  # and one example left over, which batch norm could not use
        (42, [42]),
        (None, [43]),  # 64, or all where there are fewer
        (41, [41, 2]),
        (1, [1] * 43),
        (2, [2] * 21),
    ],
)
def test_remainders(points: Any, size: Any, sizes: list[int]) -> None:
    arm = prepare(recipe(points, batch_size=size, epochs=3))
    assert [len(batch) for batch in seen(arm)] == sizes
    assert (arm.steps_per_epoch, arm.total_steps) == (len(sizes), 3 * len(sizes))
    shown = flat(seen(arm))
    assert len(set(shown)) == len(shown)
    assert set(shown) <= set(points.train.index.tolist())


@given(size=st.integers(1, TRAINED), seed=st.integers(0, 2**32), epoch=st.integers(0, 10**6))
def test_an_epoch_shows_every_example_once_but_for_a_single_one(size: int, seed: int, epoch: int) -> None:
    arm = ARM(size, seed)
    shown = flat(seen(arm, epoch))
    assert len(set(shown)) == len(shown) == TRAINED - (size > 1 and TRAINED % size == 1)
    assert [len(batch) for batch in seen(arm, epoch)] == [len(batch) for batch in seen(arm, epoch + 1)]
    assert seen(arm, epoch) == seen(ARM(size, seed), epoch)


def ARM(size: int, seed: int) -> Arm:
    one = prepare(
        recipe(from_tensors(torch.zeros(60, 1), torch.arange(60) % 2, name="any"), "softmax_regression", batch_size=10)
    )
    return Arm(one.recipe.change(batch_size=size, seed=seed), one.dataset, one.network, one.loss, one.optimizer, None)


def test_order_depends_on_seed_and_epoch_alone(points: Any) -> None:
    arm = prepare(recipe(points, batch_size=10))
    assert seen(arm, 0) != seen(arm, 1)
    assert seen(arm, 0) != seen(prepare(recipe(points, batch_size=10, seed=1)), 0)
    assert seen(arm, 3) == seen(prepare(recipe(points, "mlp(widths=[3])", optimizer="sgd", batch_size=10)), 3)


def test_without_shuffling_the_order_is_the_data_sets(points: Any) -> None:
    arm = prepare(recipe(points, batch_size=10, shuffle=False))
    assert flat(seen(arm, 0)) == flat(seen(arm, 7)) == points.train.index.tolist()


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": "all", "epochs": 5},
        {"batch_size": 1, "epochs": 1},
        {"batch_size": 21, "epochs": 2},
        {"batch_size": 10, "steps": 13},
        {"batch_size": 10, "steps": 3},
        {"batch_size": 10, "shuffle": False, "epochs": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("tier", ["eager", "traced"])
def test_training_sees_just_these(points: Any, trained: Any, by_hand: Any, settings: dict[str, Any], tier: str) -> None:
    arm = prepare(recipe(points, 'mlp(widths=[8], activation="tanh")', optimizer="sgd(lr=0.05)", **settings))
    losses, _ = by_hand(arm, partial(optim.SGD, lr=0.05), F.cross_entropy)
    [outcome] = trained(arm, tier=tier, evaluations=None)
    assert outcome.history.loss == pytest.approx(losses, rel=1e-4)
    assert outcome.history.steps == arm.total_steps == settings.get("steps", arm.total_steps)
    epochs = [e.step for e in outcome.history.evaluations if e.split == "validation"]
    assert epochs == sorted({0, arm.total_steps, *range(0, arm.total_steps, arm.steps_per_epoch)})


def test_a_batch_larger_than_the_data_is_refused(points: Any) -> None:
    with pytest.raises(RecipeError, match="batch_size is 44, but there are only 43 training examples"):
        prepare(recipe(points, batch_size=44))
