"""Ensembles of networks: against scikit-learn's on the same weak learner, against their own definition, and what they refuse."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier

import whynet
from whynet.data import load
from whynet.errors import OptionError, RecipeError, TrainingError
from whynet.experiment.ensemble import Ensemble, Method, ensemble
from whynet.experiment.statistics import interval, paired
from whynet.experiment.voting import as_outputs, probabilities, voted
from whynet.losses.cross_entropy import CrossEntropy
from whynet.recipe import Recipe, recipe
from whynet.vision.mean_iou import mean_iou

STEPS, RATE = 40, 0.02


def weak(seed: int = 0, data: str = "digits(train=300)") -> Recipe:
    return recipe(data, "mlp(widths=[4])", optimizer=f"adam(lr={RATE})", batch_size="all", steps=STEPS, seed=seed)


@cache
def made(method: Method, seed: int = 0, members: int = 6) -> Ensemble:
    return ensemble(weak(seed), method, members, workers=0)


class Weak(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The same weak learner by hand: torch's layers, torch's Adam, weights of examples in the loss where scikit-learn gives them."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, x: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Weak:
        torch.manual_seed(self.random_state)
        self.classes_ = np.unique(y)
        labels, inputs = torch.from_numpy(np.searchsorted(self.classes_, y)), torch.from_numpy(x)
        self.net_ = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 4), torch.nn.ReLU(), torch.nn.Linear(4, len(self.classes_)))
        rule = torch.optim.Adam(self.net_.parameters(), lr=RATE)
        weights = torch.ones(len(y)) if sample_weight is None else torch.from_numpy(sample_weight).float()
        for _ in range(STEPS):
            rule.zero_grad()
            each = torch.nn.functional.cross_entropy(self.net_(inputs), labels, reduction="none")
            ((weights / weights.sum()) * each).sum().backward()
            rule.step()
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.net_(torch.from_numpy(x)).softmax(1).numpy()  # type: ignore[no-any-return]

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.classes_[self.predict_proba(x).argmax(1)]  # type: ignore[no-any-return]


@pytest.mark.parametrize(("method", "reference"), [("bagging", BaggingClassifier), ("boosting", AdaBoostClassifier)])
def test_it_reaches_what_scikit_learns_ensemble_of_the_same_weak_learner_reaches(method: Method, reference: Any) -> None:
    """On six splits neither is better than the other beyond luck, and both are far better than one weak network."""
    ours, theirs, alone = [], [], []
    for seed in range(6):
        data = load("digits(train=300)", seed)
        x, y = data.train.x.flatten(1).numpy(), data.train.y.numpy()
        other = reference(Weak(), n_estimators=6, random_state=seed).fit(x, y)
        theirs.append(other.score(data.test.x.flatten(1).numpy(), data.test.y.numpy()))
        ours.append(made(method, seed).score())
        alone.append(made(method, seed).average.mean)
    assert 0 in paired(ours, theirs).difference
    assert paired(ours, alone).difference.low > 0
    assert paired(theirs, alone).difference.low > 0


# --- what it is made of --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["bagging", "seeds"])
def test_the_answer_is_the_class_of_the_mean_probability(method: Method) -> None:
    one = made(method)
    test = one.dataset.test
    with torch.no_grad():
        mean = sum(member.module(test.x).softmax(1) for member in one.members) / len(one.members)
    assert one.predict(test.x).equal(mean.argmax(1))  # type: ignore[union-attr]
    assert one.score() == pytest.approx(float((mean.argmax(1) == test.y).float().mean()))  # type: ignore[union-attr]
    assert one.scores == pytest.approx([member.score() for member in one.members])
    assert one.votes == pytest.approx([1 / 6] * 6)


def test_a_boosted_answer_is_the_weighted_vote() -> None:
    one = made("boosting")
    test = one.dataset.test
    answers = [member.predict(test.x) for member in one.members]
    for i in range(20):
        count = [0.0] * 10
        for answer, vote in zip(answers, one.votes, strict=True):
            count[int(answer[i])] += vote
        assert one.predict(test.x)[i] == count.index(max(count))
    assert sum(one.votes) == pytest.approx(1)


def test_members_differ_as_the_method_says() -> None:
    same, drawn = made("seeds"), made("bagging")
    whole = load("digits(train=300)", 0)
    for one in same.members:
        assert one.dataset.train.index.equal(whole.train.index)
    shares = [len(one.dataset.train.index.unique()) / len(whole.train) for one in drawn.members]
    assert np.mean(shares) == pytest.approx(1 - 1 / np.e, abs=0.03)
    for ours in (same, drawn):
        weights = [one.arm.network.initial for one in ours.members]
        assert not any(weights[0].equal(other) for other in weights[1:])
        assert all(one.dataset.test.index.equal(whole.test.index) for one in ours.members)


def test_a_smaller_ensemble_is_the_beginning_of_a_larger_one() -> None:
    small = ensemble(weak(), "bagging", 2, workers=0)
    assert small.scores == pytest.approx(made("bagging").scores[:2])
    assert small.score() == pytest.approx(made("bagging").growth[1])
    assert made("bagging").growth[0] == pytest.approx(made("bagging").scores[0])


def test_gain_and_intervals_are_those_of_the_scores() -> None:
    one = made("bagging")
    assert one.gain.mean == pytest.approx(one.score() - np.mean(one.scores))
    assert one.gain.low > 0
    assert "6 networks together" in one.verdict.show("en")
    assert one.interval.mean == pytest.approx(one.score())
    assert one.interval.low < one.score() < one.interval.high
    wanted = interval(one.scores, bounds=(0.0, 1.0))
    assert (one.average.low, one.average.high) == (wanted.low, wanted.high)
    found = one.to_dict()
    assert found["gain"]["mean"] == pytest.approx(found["score"] - np.mean(found["members"]))


def test_values_are_averaged_and_better_by_exactly_the_disagreement() -> None:
    """Krogh and Vedelsby (1995)."""
    one = ensemble(recipe("diabetes", "mlp(widths=[8])", epochs=3), "bagging", 4, workers=0)
    test = one.dataset.test
    p = torch.stack([member.predict(test.x) for member in one.members]).double()
    torch.testing.assert_close(one.predict(test.x).double(), p.mean(0))

    def error(a: torch.Tensor, b: torch.Tensor) -> float:
        return float((a - b).square().mean())

    assert error(one.predict(test.x).double(), test.y) == pytest.approx(error(p, test.y) - error(p, p.mean(0)), rel=1e-5)
    assert one.score() > np.mean(one.scores)


def test_masks_are_averaged_pixel_by_pixel() -> None:
    fcn = "fcn(stride=2, convolutions=[1], width=2, dense=4, window=1, dropout=0)"
    one = ensemble(recipe("shape_masks(n=20, size=16)", fcn, epochs=1), "bagging", 3, workers=0)
    test = one.dataset.test
    with torch.no_grad():
        p = torch.stack([member.module(test.x).softmax(1) for member in one.members]).mean(0)  # (N, K, H, W)
    assert one.predict(test.x).equal(p.argmax(1))
    assert one.score() == pytest.approx(mean_iou(p.argmax(1), test.y, 5))
    assert one.gain.mean == pytest.approx(one.score() - np.mean(one.scores))


def test_a_single_unit_is_averaged_as_a_probability() -> None:
    one = ensemble(recipe("moons", "logistic_regression", epochs=2), "seeds", 3, workers=0)
    x = one.dataset.test.x
    mean = torch.stack([probabilities(member, x) for member in one.members]).mean(0)
    assert one.predict(x).equal((mean[:, 0] > 0.5).long())
    loss = one.members[0].loss
    torch.testing.assert_close(as_outputs(mean, loss).sigmoid(), mean)


def test_the_mean_comes_back_as_the_outputs_of_one_network() -> None:
    p = torch.tensor([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(as_outputs(p, CrossEntropy()).softmax(1), p)


def test_of_equal_votes_the_first_class_wins() -> None:
    answers = [torch.tensor([2, 1]), torch.tensor([0, 1]), torch.tensor([2, 0])]
    assert voted(answers, [0.5, 0.5, 0.0], 3).tolist() == [0, 1]


# --- what goes wrong -----------------------------------------------------------------------------------------------------


def test_a_diverged_member_has_no_vote_and_is_told_of() -> None:
    lost = recipe("iris", "mlp(widths=[4])", optimizer="sgd(lr=1e12)", loss="mse", epochs=3)
    with pytest.raises(TrainingError, match="All 2 networks diverged"):
        ensemble(lost, "seeds", 2, workers=0)
    with pytest.raises(TrainingError, match="boosted"):
        ensemble(lost, "boosting", 2, workers=0)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"method": "stacking"}, OptionError, "bagging, boosting, seeds"),
        ({"members": 1}, OptionError, "2 <= x"),
        ({"method": "boosting", "data": "diabetes"}, RecipeError, "votes on classes"),
    ],
)
def test_what_it_cannot_do_it_says(change: dict[str, Any], error: type[Exception], words: str) -> None:
    data = change.pop("data", "iris")
    with pytest.raises(error, match=words) as refusal:
        ensemble(recipe(data, "mlp(widths=[4])", epochs=1), **{"members": 2, **change})
    assert any("가" <= letter <= "힣" for letter in refusal.value.message.show("ko"))  # type: ignore[attr-defined]


def test_it_stands_beside_the_other_verbs() -> None:
    assert whynet.ensemble is ensemble
