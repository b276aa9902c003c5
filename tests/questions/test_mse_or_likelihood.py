"""The claims on squared error and cross-entropy, each a test that can fail; and the pulls they speak of, against closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whynet.errors import OptionError
from whynet.questions import Answer, find, pose
from whynet.questions.training.mse_or_likelihood import best_constant, pulls

Answered = Callable[[str], Answer]
NAME = "mse-or-likelihood"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_a_sure_mistake_is_hardly_heard_through_a_sigmoid(answered: Answered) -> None:
    """2 p (1 - p) at p = σ(-6)."""
    p = 1 / (1 + np.exp(6))
    outcome, mean = number(answered(NAME), "pull-dies")
    assert outcome == "held"
    assert mean == pytest.approx(2 * p * (1 - p), rel=1e-4)


def test_the_squared_error_is_not_convex_behind_a_sigmoid(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "not-convex")
    assert outcome == "held"
    z = np.linspace(-8, 8, 161)
    p = 1 / (1 + np.exp(-z))
    assert mean == pytest.approx((2 * p * (1 - p) ** 2 * (3 * p - 1)).min(), rel=1e-4)


def test_the_best_answer_of_the_squared_error_is_the_probability_too(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "only-probability")
    assert answered(NAME).claim("only-probability").claim.saying
    assert outcome == "did not hold"
    assert mean == pytest.approx(0, abs=1e-3)


def test_from_a_usual_start_cross_entropy_is_ahead_of_sigmoid_and_squared_error(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "usual-start")
    assert outcome == "held"
    assert mean == pytest.approx(0.084, abs=0.035)


def test_from_a_sure_start_only_cross_entropy_learns(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "sure-start")
    assert outcome == "held"
    assert mean == pytest.approx(0.77, abs=0.08)


def test_without_the_sigmoid_the_squared_error_is_as_good(answered: Answered) -> None:
    """The saying is not borne out: the two differ by 0.3 points, with an interval from -1.5 to +0.9."""
    outcome, mean = number(answered(NAME), "never-squared")
    assert answered(NAME).claim("never-squared").claim.saying
    assert outcome == "undecided"
    assert mean == pytest.approx(0, abs=0.015)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_pulls_are_those_of_the_closed_forms() -> None:
    z = np.linspace(-5, 5, 11)
    p = 1 / (1 + np.exp(-z))
    found = pulls(z)
    np.testing.assert_allclose(found["likelihood"], p - 1, atol=1e-6)
    np.testing.assert_allclose(found["likelihood_bend"], p * (1 - p), atol=1e-6)
    np.testing.assert_allclose(found["sigmoid"], 2 * (p - 1) * p * (1 - p), atol=1e-6)
    np.testing.assert_allclose(found["linear"], 2 * (z - 1), atol=1e-6)
    np.testing.assert_allclose(found["linear_bend"], 2, atol=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("loss", ["likelihood", "sigmoid"])
def test_both_losses_are_proper(loss: str, share: float) -> None:
    assert best_constant(loss, share) == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("model", ["lenet5", "mlp(output_activation=sigmoid)"])
def test_a_network_that_has_its_own_last_word_is_refused(model: str) -> None:
    with pytest.raises(OptionError, match="mlp"):
        pose(find(NAME), {"model": model})
