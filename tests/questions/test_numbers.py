"""The numbers that claims are made of, against their formulas on a small comparison."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from whynet.experiment.compare import Comparison, compare
from whynet.questions.claim import written
from whynet.questions.numbers import above_chance, chance_of, difference, leaders, recovered, score, scores
from whynet.recipe import recipe

SLOW, FAST = "lr=0.001", "lr=0.1"


@cache
def small() -> Comparison:
    return compare(recipe("iris", "mlp(widths=[8])", epochs=3), {"optimizer.lr": [0.001, 0.1]}, seeds=4)


def test_against_chance_seed_by_seed() -> None:
    chance = [one.dataset.task.chance for one in small().arms[FAST]]
    expected = np.array(small().values[FAST]) - chance
    assert above_chance(small(), FAST).interval.mean == pytest.approx(expected.mean())
    assert chance_of(small()).interval.mean == pytest.approx(np.mean(chance))
    assert chance_of(small()).exact


def test_the_difference_is_paired() -> None:
    expected = np.array(small().values[FAST]) - np.array(small().values[SLOW])
    found = difference(small(), FAST, SLOW).interval
    assert found.mean == pytest.approx(expected.mean())
    assert found.half_width == pytest.approx(3.182446305 * expected.std(ddof=1) / 2)  # t(3, 0.975) · s / √4


def test_recovery_is_the_share_of_the_way() -> None:
    healthy = scores(small(), FAST)
    assert recovered(small(), FAST, healthy).interval.mean == pytest.approx(1.0)
    chance = np.array([one.dataset.task.chance for one in small().arms[FAST]])
    halfway = chance + 2 * (healthy - chance)
    assert recovered(small(), FAST, halfway).interval.mean == pytest.approx(0.5)
    assert np.isnan(recovered(small(), FAST, chance).interval.mean)  # a network that learns nothing is no measure


def test_a_score_is_written_in_per_cent() -> None:
    assert str(score(small(), FAST).alone) == f"{100 * np.mean(small().values[FAST]):.1f} %"


def test_a_rounded_zero_has_no_minus() -> None:
    assert written(-0.0001, "points") == "+0.0"
    assert written(-0.0001, "percent") == "0.0"


def test_leaders_are_those_that_cannot_be_told_from_the_best() -> None:
    rng = np.random.default_rng(0)
    low, high = rng.normal(0, 1, 8), rng.normal(10, 1, 8)
    arms = {"low": low, "high": high, "close": high + np.array([0.3, -0.2] * 4), "lost": np.full(8, np.inf)}
    assert set(leaders({"low": low, "high": high})) == {"high"}
    assert set(leaders(arms, higher_is_better=False)) == {"low"}
    assert set(leaders({k: arms[k] for k in ("high", "close")})) == {"high", "close"}


def test_one_seed_names_no_leader() -> None:
    assert set(leaders({"a": np.array([1.0]), "b": np.array([2.0])})) == {"a", "b"}
