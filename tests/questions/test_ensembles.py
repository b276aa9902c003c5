"""The claims on ensembles, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.ensemble import AdaBoostClassifier

from whynet.errors import OptionError
from whynet.experiment.boosting import reweighted
from whynet.experiment.voting import probabilities
from whynet.questions import Answer, ask

Answered = Callable[[str], Answer]
NAME = "ensembles"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("together", "held", 0.024, 0.015),
        ("distinct", "held", 0.632, 0.005),
        ("bagged-alone", "held", -0.036, 0.035),
        ("boosting", "held", 0.13, 0.09),
        ("boosting-better", "did not hold", -0.154, 0.08),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


def test_bagging_gains_little_over_different_initial_weights_with_six(answered: Answered) -> None:
    """+2.0 ± 2.9 points on five seeds; the default, ten networks and ten seeds: +4.4 ± 1.6."""
    one = answered(NAME).claim("bagging-better")
    assert one.outcome != "did not hold"
    assert one.measured.interval.mean == pytest.approx(0.02, abs=0.035)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_mean_is_better_by_exactly_the_disagreement(answered: Answered) -> None:
    """Krogh and Vedelsby (1995): ‖p̄ − y‖² = mean ‖p_m − y‖² − mean ‖p_m − p̄‖²."""
    members = answered(NAME).evidence.comparisons["networks"].arms["bagged"][:6]
    test = members[0].dataset.test
    p = torch.stack([probabilities(one, test.x) for one in members])  # (M, N, K)
    y, mean = torch.nn.functional.one_hot(test.y, p.shape[2]).double(), p.mean(0)

    def error(a: torch.Tensor, b: torch.Tensor) -> float:
        return float((a - b).square().sum(-1).mean())

    assert error(mean, y) == pytest.approx(error(p, y) - error(p, mean))
    assert error(p, mean) > 0


def test_votes_and_weights_are_those_of_scikit_learns_samme() -> None:
    x, y = load_iris(return_X_y=True)
    theirs = AdaBoostClassifier(n_estimators=6, random_state=0).fit(x, y)
    weights = np.full(len(y), 1 / len(y))
    for one, vote, error in zip(theirs.estimators_, theirs.estimator_weights_, theirs.estimator_errors_, strict=True):
        wrong = one.predict(x) != y
        assert weights[wrong].sum() == pytest.approx(error)
        ours, weights = reweighted(weights, wrong, 3)
        assert ours == pytest.approx(vote)
        assert weights.sum() == pytest.approx(1)


def test_one_no_better_than_chance_has_no_vote() -> None:
    vote, after = reweighted(np.array([0.7, 0.1, 0.1, 0.1]), np.array([True, False, False, False]), 3)
    assert vote == 0
    np.testing.assert_allclose(after, 0.25)


def test_members_share_examples_and_test_set_but_no_weights(answered: Answered) -> None:
    arms = answered(NAME).evidence.comparisons["networks"].arms["same"]
    first, second, other = arms[0], arms[1], arms[6]  # six networks each
    assert first.dataset.train.index.equal(second.dataset.train.index)
    assert not first.arm.network.initial.equal(second.arm.network.initial)
    assert not first.dataset.test.index.equal(other.dataset.test.index)


def test_one_network_together_is_that_network(answered: Answered) -> None:
    table = answered(NAME).evidence.tables["ensembles"]
    alone = table[table["networks"] == 1]
    np.testing.assert_allclose(alone["together"], alone["alone"])
    scores = answered(NAME).evidence.comparisons["networks"].values["same"]
    own = table[table["way"] == "same"].sort_values(["seed", "networks"])["alone"]
    np.testing.assert_allclose(own, scores, atol=1e-9)


def test_values_are_no_classes_to_vote_on() -> None:
    with pytest.raises(OptionError, match="class labels"):
        ask(NAME, quick=True, data="diabetes")


def test_it_takes_other_data() -> None:
    answer = ask(NAME, quick=True, data="iris", seeds=2, steps=5, members=2)
    assert answer.claim("together").outcome == "undecided"  # two seeds settle nothing
