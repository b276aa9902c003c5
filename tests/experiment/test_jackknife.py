"""The jackknife against Student's interval, against a loop, and how often it holds the true value of a ratio."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.experiment.statistics import interval
from whynet.experiment.statistics.jackknife import BLOCKS, jackknife


@given(st.lists(st.floats(-10, 10).map(lambda value: round(value, 3)), min_size=2, max_size=BLOCKS))
def test_of_a_mean_with_a_block_for_each_it_is_students_interval(values: list[float]) -> None:
    data = np.array(values)
    found, wanted = jackknife(lambda places: float(data[places].mean()), len(data)), interval(values)
    assert (found.mean, found.low, found.high) == pytest.approx((data.mean(), wanted.low, wanted.high), abs=1e-9)


def test_blocks_are_dealt_in_turn() -> None:
    left: list[set[int]] = []
    jackknife(lambda places: float(left.append(set(places.tolist())) or len(left)), 7, blocks=3)  # type: ignore[func-returns-value]
    assert left == [set(range(7)), {1, 2, 4, 5}, {0, 2, 3, 5, 6}, {0, 1, 3, 4, 6}]


def test_it_holds_the_true_value_of_a_ratio_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        a, b = rng.exponential(2.0, 200), rng.exponential(4.0, 200)
        held += 0.5 in jackknife(lambda places, a=a, b=b: float(a[places].sum() / b[places].sum()), 200)  # type: ignore[misc]
    assert abs(held / 400 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 400)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_examples_have_no_interval(n: int) -> None:
    assert not jackknife(lambda places: 0.5, n).known
    assert not jackknife(lambda places: math.nan, 10).known
