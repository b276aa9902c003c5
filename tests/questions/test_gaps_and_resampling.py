"""What the chapter on generalisation measures with, against scikit-learn, plain NumPy and theory."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from whynet.data import load
from whynet.experiment.compare import Comparison, compare
from whynet.experiment.resampling import bootstrap, made, trained_on, weighted
from whynet.questions.generalisation import gaps
from whynet.recipe import recipe
from whynet.text import Text

NAMES = {"lr=0.001": Text("slow", "느림"), "lr=0.1": Text("fast", "빠름")}


@cache
def small(data: str = "iris") -> Comparison:
    return compare(recipe(data, "mlp(widths=[8])", epochs=3), {"optimizer.lr": [0.001, 0.1]}, seeds=4)


@pytest.mark.parametrize(("data", "reference"), [("iris", accuracy_score), ("diabetes", r2_score)])
def test_the_gap_is_that_of_scikit_learns_scores(data: str, reference) -> None:  # type: ignore[no-untyped-def]
    comparison = small(data)
    for level in NAMES:
        expected = []
        for one in comparison.arms[level]:
            train, test = (
                max(reference(part.y.numpy(), one.predict(part.x).numpy()), -1)
                for part in (one.dataset.train, one.dataset.test)
            )
            expected.append(train - test)
        np.testing.assert_allclose(gaps.gaps(comparison, level), expected, atol=1e-5)
        assert gaps.gap_of(comparison, level).interval.mean == pytest.approx(np.mean(expected), abs=1e-5)
    change = gaps.gap_change(comparison, "lr=0.1", "lr=0.001").interval.mean
    assert change == pytest.approx(np.mean(gaps.gaps(comparison, "lr=0.1") - gaps.gaps(comparison, "lr=0.001")))


def test_a_diverged_run_counts_as_the_worst_loss() -> None:
    one = compare(recipe("diabetes", "mlp(widths=[8])", optimizer="sgd", epochs=3), {"optimizer.lr": [1e-3, 1e6]}, seeds=2)
    lost, sound = (gaps.final(one, level, "train", "loss") for level in ("lr=1000000.0", "lr=0.001"))
    assert (lost == sound.max()).all()


def test_told_names_the_best_and_those_it_cannot_be_told_from() -> None:
    said = gaps.told(small(), NAMES).show("en")
    assert "Best on the test set: fast (" in said
    assert said.startswith("slow: ")


def test_a_bootstrap_leaves_out_one_in_e() -> None:
    dataset = load("digits", 0)
    n = len(dataset.train)
    drawn = [bootstrap(dataset, seed) for seed in range(20)]
    for one in drawn:
        assert len(one.train) == n
        assert set(one.train.index.tolist()) <= set(dataset.train.index.tolist())
        assert one.test is dataset.test
    left = 1 - np.mean([len(one.train.index.unique()) for one in drawn]) / n
    assert left == pytest.approx((1 - 1 / n) ** n, abs=5 * math.sqrt(0.1 / n / 20))  # variance (1/e − 2/e²) / n ≈ 0.1 / n
    assert bootstrap(dataset, 3).train.index.equal(drawn[3].train.index)


def test_weights_decide_who_is_drawn() -> None:
    dataset = load("iris", 0)
    n = len(dataset.train)
    weights = np.zeros(n)
    weights[[2, 5]] = 0.25, 0.75
    index = np.concatenate([weighted(dataset, weights, seed).train.index.numpy() for seed in range(20)])
    share = (index == dataset.train.index[5].item()).mean()
    assert set(index) == set(dataset.train.index[[2, 5]].tolist())
    assert abs(share - 0.75) < 5 * math.sqrt(0.75 * 0.25 / len(index))


def test_made_data_is_asked_for_by_the_seed_and_trained_on() -> None:
    few = made("few", lambda seed: trained_on(load("iris", seed), load("iris", seed).train.index[:12]))
    one = compare(recipe(few, "mlp(widths=[4])", epochs=1), {"optimizer.lr": [0.001, 0.1]}, seeds=2)
    assert [len(arm.dataset.train) for arm in one.arms["lr=0.1"]] == [12, 12]
