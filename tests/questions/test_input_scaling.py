"""The claims on scaled inputs, each a test that can fail; and what they are measured with, against scikit-learn and NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from whynet.data import load
from whynet.errors import OptionError
from whynet.questions import Answer, find, pose
from whynet.questions.training.input_scaling import condition
from whynet.spec import parse

Answered = Callable[[str], Answer]
NAME = "input-scaling"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_standardising_flattens_the_ravine_of_the_wines(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "ravine")
    assert outcome == "held"
    assert mean == pytest.approx(7, abs=0.3)


def test_sgd_needs_scaled_inputs_even_at_its_best_rate(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "sgd")
    assert outcome == "held"
    assert mean == pytest.approx(0.31, abs=0.1)


def test_adam_needs_them_too(answered: Answered) -> None:
    """The saying is false here: a sixth of all answers is lost on raw inputs."""
    outcome, mean = number(answered(NAME), "adam-does-not-mind")
    assert answered(NAME).claim("adam-does-not-mind").claim.saying
    assert outcome == "did not hold"
    assert mean == pytest.approx(-0.17, abs=0.12)


def test_the_two_ways_of_scaling_cannot_be_told_apart(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "either-way")
    assert outcome == "undecided"
    assert mean == pytest.approx(-0.01, abs=0.05)


def test_raw_inputs_are_another_world_to_a_network_that_learned_scaled_ones(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "same-numbers")
    assert outcome == "held"
    assert mean == pytest.approx(0.65, abs=0.1)


def test_raw_targets_cost_nothing_at_their_own_rate_and_everything_at_another(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "targets-too")
    assert outcome == "undecided"
    assert mean == pytest.approx(0, abs=0.01)
    outcome, mean = number(answered(NAME), "targets-at-one-rate")
    assert outcome == "held"
    assert mean == pytest.approx(0.53, abs=0.1)


# --- what they are measured with -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["none", "standard"])
def test_the_condition_is_that_of_the_matrix_with_ones(scale: str) -> None:
    raw = load(parse("wine(scale=none)"), seed=2)
    x = raw.train.pool_x[raw.train.index].double().numpy()
    x = StandardScaler().fit_transform(x) if scale == "standard" else x
    hessian = np.column_stack([x, np.ones(len(x))])
    expected = np.linalg.cond(hessian) ** 2
    assert condition(load(parse(f"wine(scale={scale})"), seed=2)) == pytest.approx(expected, rel=1e-3)


def test_the_score_on_raw_inputs_is_that_of_the_same_test_examples(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["sgd"]
    scaled, raw = one.arms["standard"][0], one.arms["none"][0]
    test = raw.dataset.test
    assert torch.equal(test.pool_y[test.index], scaled.dataset.test.pool_y[scaled.dataset.test.index])
    right = (scaled.predict(test.pool_x[test.index]) == test.pool_y[test.index]).double().mean().item()
    assert answered(NAME).evidence.tables["raw"]["score"][0] == pytest.approx(right)


def test_data_that_is_scaled_already_is_refused() -> None:
    with pytest.raises(OptionError, match="wine"):
        pose(find(NAME), {"data": "wine(scale=standard)"})
