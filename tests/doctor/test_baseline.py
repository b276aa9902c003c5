"""The simple models a network is held against."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, r2_score

from whynet.data import load
from whynet.doctor.baseline import by_heart, errors, simple_baseline
from whynet.doctor.examination import examine
from whynet.recipe import Given, recipe


def test_errors_are_what_sklearn_takes_from_one() -> None:
    rng = np.random.default_rng(0)
    y, answers = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
    assert 1 - errors(answers, y, "classify").mean() == pytest.approx(accuracy_score(y, answers))
    values, guesses = rng.standard_normal((50, 2)), rng.standard_normal((50, 2))
    assert 1 - errors(guesses, values, "regress").mean() == pytest.approx(r2_score(values, guesses))


@pytest.mark.parametrize("data", ["iris", "diabetes", "xor"])
def test_the_best_of_all_is_named_and_the_rest_are_kept(data: str) -> None:
    found = simple_baseline(load(data, 0))
    assert len(found.others) == 3
    assert all(one.metric <= found.metric for one in found.others)
    assert {str(one.name) for one in (found, *found.others)} >= {"a constant answer", "nearest neighbours", "boosted trees"}


def test_what_knows_the_examples_by_heart_is_not_asked_about_them() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3))
    assert by_heart(x, x[:10])
    assert not by_heart(x, rng.standard_normal((10, 3)))
    noise = torch.randint(0, 2, (200,), generator=torch.Generator().manual_seed(0))
    inputs = torch.randn(200, 3, generator=torch.Generator().manual_seed(1))
    whole = load("xor", 0)
    assert len(simple_baseline(whole, "train").others) == 1  # a constant and a line
    seen = examine(recipe(Given((inputs, noise), "noise"), "mlp(widths=[4])", epochs=1))
    assert seen.baseline.metric - seen.chance < seen.noise


def test_a_shortfall_is_counted_in_standard_errors_of_the_same_examples() -> None:
    poor = examine(recipe("digits", "mlp(widths=[16])", optimizer="sgd(lr=1e-6)", epochs=1))
    good = examine(recipe("digits", "mlp(widths=[64])", optimizer="adam(lr=0.01)", epochs=5))
    assert poor.shortfall > 20  # 360 test examples, 0.1 against 0.97: √(360 · 0.87 / 0.13) ≈ 49 at most
    assert abs(good.shortfall) < 3
