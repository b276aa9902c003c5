"""The claims on weight decay, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.weight_decay import RIDGE

Answered = Callable[[str], Answer]
NAME = "weight-decay"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("smaller", "held", 0.473, 0.05),
        ("gap", "held", -0.21, 0.06),
        ("helps", "held", 0.085, 0.04),
        ("too-much", "held", -0.37, 0.15),
        ("same-as-penalty", "did not hold", -0.78, 0.05),
        ("ridge", "held", 0.0, 1e-4),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


def test_in_adam_a_penalty_of_one_leaves_nothing_learned(answered: Answered) -> None:
    """It is divided by the gradient's size and so pulls at every weight as hard as the data do."""
    one = answered(NAME).evidence.comparisons["decay"]
    assert np.mean(one.values["penalty"]) == pytest.approx(one.chance, abs=0.05)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_ridge_solution_is_that_of_scikit_learn(answered: Answered) -> None:
    """L = 1/n ‖Xw − y‖² + λ/2 ‖w‖² has the minimum of ‖Xw − y‖² + λn/2 ‖w‖²; the bias decays as well."""
    for fitted in answered(NAME).evidence.comparisons["ridge"].arms["ridge"]:
        x, y = fitted.dataset.train.x.double().numpy(), fitted.dataset.train.y.double().numpy().ravel()
        known = Ridge(alpha=RIDGE * len(x) / 2, fit_intercept=False).fit(np.column_stack([x, np.ones(len(x))]), y).coef_
        learned = np.concatenate([part.detach().numpy().ravel() for part in fitted.module.parameters()])
        np.testing.assert_allclose(learned, known, atol=1e-5)


def test_the_norm_is_that_of_all_weights(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["decay"]
    own = [np.sqrt(sum(float(p.detach().double().square().sum()) for p in arm.module.parameters())) for arm in one.arms["1"]]
    np.testing.assert_allclose(gaps.norms(one, "1"), own, rtol=1e-6)


@pytest.mark.parametrize("wrong", [{"strengths": [1.0]}, {"strengths": [0.0, 1.0]}, {"seeds": 0}])
def test_what_cannot_be_asked_is_refused_before_any_training(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_another_optimizer_is_refused() -> None:
    with pytest.raises(OptionError, match="adamw"):
        pose(find(NAME), {"optimizer": "adam(lr=0.01)"})


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="diabetes", seeds=2, steps=5)
    assert all(one.outcome == "undecided" for one in answer.claims)
