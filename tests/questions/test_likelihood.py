"""The claims on likelihood, each a test that can fail; and the regressions worked out from probabilities, against scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge
from torch.nn import functional as F

from whynet.errors import OptionError
from whynet.losses.cross_entropy import CrossEntropy
from whynet.questions import Answer, find, pose
from whynet.questions.mathematics.regressions import FEATURES, TRAIN, Drawn, expected, most_likely

Answered = Callable[[str], Answer]
NAME = "likelihood"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["squares", "prior"])
def test_training_ends_where_probability_says(answered: Answered, key: str) -> None:
    outcome, mean = number(answered(NAME), key)
    assert (outcome, mean < 1e-5) == ("held", True)


def test_the_decay_of_adamw_is_no_prior(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "adamw")
    assert outcome == "did not hold"
    assert mean == pytest.approx(0.74, abs=0.1)


def test_mean_probabilities_are_the_shares(answered: Answered) -> None:
    """The gradient of the output's bias is their difference; Adam leaves it within half a point."""
    outcome, mean = number(answered(NAME), "shares")
    assert (outcome, mean < 0.006) == ("held", True)


def test_a_network_is_not_as_sure_as_it_is_right(answered: Answered) -> None:
    """After 20 epochs it is less sure, by nine points."""
    outcome, mean = number(answered(NAME), "sure")
    assert outcome == "did not hold"
    assert mean == pytest.approx(-0.09, abs=0.02)


@pytest.mark.parametrize(
    ("key", "expected", "theory"), [("normal-noise", "held", np.pi / 2), ("any-noise", "did not hold", 1 / 2)]
)
def test_each_noise_has_its_loss(answered: Answered, key: str, expected: str, theory: float) -> None:
    """On 450 examples the ratio of errors is near that for infinitely many; 15 seeds give its logarithm within 0.35."""
    outcome, mean = number(answered(NAME), key)
    assert outcome == expected
    assert mean == pytest.approx(np.log(theory), abs=0.4)


def test_data_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(OptionError, match="one value to predict"):
        pose(find(NAME), {"data": "iris"})
    with pytest.raises(OptionError, match="data with classes"):
        pose(find(NAME), {"classes": "ice_cream"})


# --- what they are measured with -------------------------------------------------------------------------------------


def test_cross_entropy_is_the_log_likelihood_of_a_category() -> None:
    rng = np.random.default_rng(0)
    outputs, labels = torch.from_numpy(rng.standard_normal((9, 4))), torch.from_numpy(rng.integers(0, 4, 9))
    expected = -torch.distributions.Categorical(logits=outputs).log_prob(labels).mean()
    torch.testing.assert_close(CrossEntropy()(outputs, labels), expected)
    torch.testing.assert_close(F.cross_entropy(outputs, labels), expected)


def test_the_most_likely_weights_are_those_of_least_squares() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((60, 4))
    y = x @ [1.0, -2.0, 0.5, 0.0] + 3 + 0.7 * rng.standard_normal(60)
    weights, noise = most_likely(x, y)
    reference = LinearRegression().fit(x, y)
    np.testing.assert_allclose(weights, [*reference.coef_, reference.intercept_], atol=1e-5)
    assert noise == pytest.approx(np.sqrt(np.mean((y - reference.predict(x)) ** 2)), rel=1e-5)


def test_the_expected_weights_are_those_of_ridge_regression() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((30, 5)), rng.standard_normal(30)
    with_one = np.concatenate([x, np.ones((30, 1))], axis=1)
    reference = Ridge(alpha=(0.8 / 0.3) ** 2, fit_intercept=False).fit(with_one, y)
    np.testing.assert_allclose(expected(x, y, noise=0.8, spread=0.3), reference.coef_, rtol=1e-9)


@pytest.mark.parametrize(("noise", "kurtosis"), [("normal", 3.0), ("laplace", 6.0)])
def test_the_noise_is_what_it_is_called(noise: str, kurtosis: float) -> None:
    residuals = []
    for seed in range(40):
        data = Drawn(noise)(seed)  # type: ignore[arg-type]
        assert data.train.x.shape[1] == FEATURES
        true = np.linalg.lstsq(data.test.x.double().numpy(), data.test.y[:, 0].double().numpy(), rcond=None)[0]
        assert (
            np.abs(data.test.x.double().numpy() @ true - data.test.y[:, 0].double().numpy()).max() < 1e-5
        )  # no noise in the test set
        both = [(part.x.double().numpy(), part.y[:, 0].double().numpy()) for part in (data.train, data.validation)]
        residuals += [y - x @ true for x, y in both]
    drawn = np.concatenate(residuals)
    assert len(drawn) == 40 * TRAIN
    assert drawn.var() == pytest.approx(1, abs=0.06)
    assert np.mean(drawn**4) / drawn.var() ** 2 == pytest.approx(kurtosis, rel=0.12)
