"""The claims on more data, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from whynet.questions import Answer, ask, find, pose
from whynet.questions.generalisation.more_data import errors

Answered = Callable[[str], Answer]
NAME = "more-data"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("helps", "held", 0.012, 0.012),
        ("gap", "held", -0.082, 0.02),
        ("diminishing", "held", -0.021, 0.018),
        ("beats-width", "held", 0.028, 0.012),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


def test_the_exponent_is_somewhat_below_a_half(answered: Answered) -> None:
    one = answered(NAME).claim("root")
    assert one.outcome != "did not hold"
    assert one.measured.interval.mean == pytest.approx(0.43, abs=0.1)


def test_small_trainings_foretell_the_large_one_roughly(answered: Answered) -> None:
    one = answered(NAME).claim("foretold")
    assert one.outcome != "did not hold"
    assert one.measured.interval.mean == pytest.approx(1.16, abs=0.3)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_law_is_the_regression_of_logarithms(answered: Answered) -> None:
    evidence = answered(NAME).evidence
    one, sizes = evidence.comparisons["sizes"], evidence.tables["sizes"].iloc[0]
    values = np.stack([errors(one, key) for key in sizes.index])  # (sizes, seeds)
    for seed, row in evidence.tables["law"].iterrows():
        fit = stats.linregress(np.log(sizes.to_numpy(dtype=float)), np.log(values[:, seed]))
        assert row["beta"] == pytest.approx(-fit.slope)
        below = stats.linregress(np.log(sizes.to_numpy(dtype=float)[:-1]), np.log(values[:-1, seed]))
        foretold = np.exp(below.intercept + below.slope * np.log(sizes["1"]))
        assert row["foretold"] == pytest.approx(foretold / values[-1, seed])


def test_smaller_sets_are_parts_of_larger_ones(answered: Answered) -> None:
    arms = answered(NAME).evidence.comparisons["sizes"].arms
    parts = [set(arms[key][2].dataset.train.index.tolist()) for key in ("16", "8", "4", "2", "1")]
    assert all(a < b for a, b in pairwise(parts))
    assert set(arms["wide"][2].dataset.train.index.tolist()) == parts[2]


def test_a_perfect_score_has_a_logarithm(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["sizes"]
    assert (errors(one, "1") > 0).all()
    np.testing.assert_allclose(errors(one, "16"), 1 - np.array(one.values["16"]))


def test_a_model_without_widths_is_not_widened() -> None:
    assert "beats-width" not in {claim.key for claim in pose(find(NAME), {"model": "softmax_regression"}).claims()}


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="diabetes", seeds=2, steps=5)
    assert all(one.outcome == "undecided" for one in answer.claims)
