"""Student's interval against SciPy, its edges, and how often it holds the true mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from whynet.experiment.statistics import Interval, count_diverged, interval, settle

metrics = st.floats(-10, 10).map(lambda value: round(value, 6))
nan, inf = math.nan, math.inf


@given(st.lists(metrics, min_size=2, max_size=10), st.sampled_from([0.8, 0.95, 0.99]))
def test_is_the_interval_of_scipy(values: list[float], level: float) -> None:
    found = interval(values, level)
    if len(set(values)) == 1:
        assert (found.mean, found.low, found.high) == (values[0],) * 3
        return
    low, high = stats.t.interval(level, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((np.mean(values), low, high), rel=1e-9, abs=1e-9)
    assert found.n == len(values)


def test_by_hand() -> None:
    found = interval([1.0, 2.0, 3.0])  # s = 1, t(2, 0.975) = 4.303
    assert found.mean == 2
    assert found.half_width == pytest.approx(4.303 / math.sqrt(3), abs=1e-3)
    assert 2.5 in found
    assert 5.0 not in found
    assert str(found) == "2 [-0.484, 4.48]"


def test_is_clipped_to_what_the_metric_can_be() -> None:
    found = interval([0.9, 1.0, 1.0], bounds=(0.0, 1.0))
    free = interval([0.9, 1.0, 1.0])
    assert free.high > 1
    assert found.high == 1
    assert found.low == free.low
    assert found.half_width == pytest.approx(free.half_width)  # a bound on one side says nothing of the other
    assert interval([0.1, 0.0], bounds=(0.0, None)).low == 0
    assert interval([0.1, 0.0], bounds=(0.0, None)).high > 0.5


@pytest.mark.parametrize("value", [0.1, 0.3, 1 / 3, 1e-300, 1e300, 0.0])
def test_equal_values_have_no_width(value: float) -> None:
    for n in (2, 3, 7, 10):
        assert interval([value] * n) == Interval(value, value, value, n)


def test_one_value_has_a_mean_and_no_interval() -> None:
    found = interval([0.7])
    assert found.mean == 0.7
    assert found.n == 1
    assert not found.known
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert math.isnan(found.half_width)
    assert 0.7 not in found
    assert str(found) == "0.7"


@pytest.mark.parametrize("values", [[], [nan], [0.5, nan, 0.6], [0.5, inf]])
def test_what_is_not_finite_makes_the_mean_unknown(values: list[float]) -> None:
    found = interval(values)
    assert math.isnan(found.mean)
    assert not found.known
    assert found.n == len(values)


def test_tiny_values_keep_their_spread() -> None:
    values = [1e-200, 2e-200, 3e-200]
    assert interval(values).half_width == pytest.approx(interval([1.0, 2.0, 3.0]).half_width * 1e-200)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_holds_the_true_mean_as_often_as_it_says(n: int) -> None:
    """4 standard errors of a share of 95 % among 4000 are 1.4 %."""
    samples = np.random.default_rng(20240501 + n).normal(0.8, 0.02, (4000, n))
    held = np.mean([0.8 in interval(sample) for sample in samples])
    assert held == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 4000))


@pytest.mark.parametrize(("n", "says"), [(3, 0.72), (5, 0.91), (10, 0.94)])
def test_holds_it_less_often_where_some_seeds_do_not_learn(n: int, says: float) -> None:
    """The shares that the docstring owns up to; 4 standard errors and half of the last digit."""
    random = np.random.default_rng(7 + n)
    samples = np.where(random.random((4000, n)) < 0.6, 0.95, 0.1) + 0.01 * random.normal(size=(4000, n))
    held = np.mean([0.1 + 0.6 * 0.85 in interval(sample) for sample in samples])
    assert held == pytest.approx(says, abs=4 * math.sqrt(says * (1 - says) / 4000) + 0.005)


# --- diverged runs ---------------------------------------------------------------------------------------------------


def test_a_diverged_run_counts_as_the_worst_of_any_arm() -> None:
    arms = settle({"a": [0.9, nan], "b": [0.2, 0.7], "c": [inf, -inf]})
    assert {name: list(values) for name, values in arms.items()} == {"a": [0.9, 0.2], "b": [0.2, 0.7], "c": [0.2, 0.2]}


def test_and_never_better_than_chance() -> None:
    assert list(settle({"a": [0.9, nan]}, chance=0.1)["a"]) == [0.9, 0.1]
    assert list(settle({"a": [0.05, nan]}, chance=0.1)["a"]) == [0.05, 0.05]
    assert list(settle({"a": [nan, nan]}, chance=0.1)["a"]) == [0.1, 0.1]


def test_where_lower_is_better_the_worst_is_the_highest() -> None:
    assert list(settle({"a": [0.9, nan], "b": [2.5, 0.1]}, higher_is_better=False)["a"]) == [0.9, 2.5]
    assert list(settle({"a": [0.9, nan]}, chance=2.3, higher_is_better=False)["a"]) == [0.9, 2.3]


def test_where_nothing_is_known_nothing_is_made_up() -> None:
    assert np.isnan(settle({"a": [nan, inf, -inf]})["a"]).all()
    assert count_diverged([nan, inf, 0.1]) == 2


@given(st.lists(st.sampled_from([0.1, 0.5, 0.9, nan]), min_size=1, max_size=8), st.booleans())
def test_a_diverged_run_never_beats_one_that_finished(values: list[float], higher: bool) -> None:
    settled = settle({"a": values}, chance=0.3, higher_is_better=higher)["a"]
    for value, was in zip(settled, values, strict=True):
        for other, other_was in zip(settled, values, strict=True):
            if math.isnan(was) and not math.isnan(other_was):
                assert (value <= other) if higher else (value >= other)
