"""The claims on XOR, each a test that can fail; and the best straight line, against scikit-learn and four corners."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.networks.planes import best_line

Answered = Callable[[str], Answer]
NAME = "xor"


def number(answer: Answer, key: str) -> tuple[str, float, float, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_a_perceptron_learns_the_gates_with_a_line_and_not_xor(answered: Answered) -> None:
    assert number(answered(NAME), "gates") == ("held", 1.0, 1.0, 1.0)
    outcome, mean, _, high = number(answered(NAME), "xor-rows")
    assert (outcome, high <= 0.75) == ("held", True)
    assert mean == pytest.approx(0.5, abs=0.15)  # two seeds of ten one row apart


def test_no_line_gets_more_than_three_corners(answered: Answered) -> None:
    """Three clouds of σ = 0.35 a distance √2/2 from the line: 0.75 · Φ(2.02) = 0.734, and the best of many lines finds a bit more."""
    outcome, mean, _, _ = number(answered(NAME), "best-line")
    assert outcome == "held"
    assert 0.734 - 0.02 <= mean <= 0.75


def test_the_perceptron_is_no_better_than_guessing(answered: Answered) -> None:
    """Whether it is as good is left open by ten seeds: some end with a line that has three clouds on the wrong side."""
    outcome, mean, _, high = number(answered(NAME), "guessing")
    assert outcome == "undecided"
    assert mean == pytest.approx(-0.06, abs=0.1)
    assert high < 0.25  # below three corners, which a line could have


def test_two_units_are_enough_on_paper_only(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "two-units")
    assert outcome == "did not hold"
    assert answered(NAME).claim("two-units").claim.saying
    assert mean == pytest.approx(0.84, abs=0.1)
    assert high < 0.95


def test_eight_units_are_enough(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "many-units")
    assert (outcome, low >= 0.95) == ("held", True)
    assert mean == pytest.approx(0.995, abs=0.01)
    outcome, mean, low, _ = number(answered(NAME), "gain")
    assert (outcome, low > 0.25) == ("held", True)
    assert mean == pytest.approx(0.555, abs=0.1)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_best_line_has_three_of_four_corners() -> None:
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    assert best_line(corners, np.array([0, 1, 1, 0])) == 0.75
    assert best_line(corners, np.array([0, 1, 1, 1])) == 1.0
    assert best_line(corners, np.array([1, 0, 0, 0])) == 1.0  # either side may be the ones
    assert best_line(corners, np.array([1, 1, 1, 1])) == 1.0


def test_points_on_one_spot_are_not_told_apart() -> None:
    assert best_line(np.zeros((4, 2)), np.array([0, 0, 0, 1])) == 0.75


def test_the_best_line_is_no_worse_than_a_fitted_one() -> None:
    rng = np.random.default_rng(0)
    for shift in (0.2, 1.0, 3.0):
        labels = np.arange(80) % 2
        points = rng.standard_normal((80, 2)) + shift * labels[:, None]
        fitted = LogisticRegression(C=1e6).fit(points, labels).score(points, labels)
        assert fitted - 0.02 <= best_line(points, labels) <= 1.0


@pytest.mark.parametrize("wrong", [{"model": "perceptron"}, {"model": "mlp(widths=[])"}, {"model": "mlp(widths=[3])"}])
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_other_data_have_no_ceiling_by_theory() -> None:
    answer = ask(NAME, quick=True, data="iris", seeds=2, epochs=1)
    assert "best-line" not in {one.claim.key for one in answer.claims}
    assert len(answer.figures) == 2  # four features are no plane
