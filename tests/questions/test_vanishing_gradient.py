"""The claims on vanishing gradients, each a test that can fail; and what they are measured with, against plain torch."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from whynet.engine.arm import prepare
from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.deep_trouble.remedies import ALL, PATHS, remedies
from whynet.questions.gradients import left, shrinking
from whynet.recipe import diff, recipe, with_seed

Answered = Callable[[str], Answer]
NAME = "vanishing-gradient"
DEEP = recipe("digits", 'mlp(widths=[64] * 10, activation="sigmoid")', optimizer="sgd(lr=0.1)", epochs=20)


def number(answer: Answer, key: str) -> tuple[str, float, float, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_a_sigmoid_layer_passes_back_less_than_a_quarter(answered: Answered) -> None:
    """0.144 = 1/4 · 1/√3 by theory; five seeds give it within a hundredth."""
    outcome, mean, _, high = number(answered(NAME), "shrinks")
    assert outcome == "held"
    assert high < 0.25
    assert mean == pytest.approx(0.25 / math.sqrt(3), abs=0.01)
    assert number(answered(NAME), "predicted")[0] == "held"


def test_one_layer_learns_and_ten_stay_at_chance(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "shallow-learns")
    assert (outcome, low > 0.5) == ("held", True)
    assert mean == pytest.approx(0.70, abs=0.08)
    outcome, mean, _, high = number(answered(NAME), "deep-does-not")
    assert (outcome, high < 0.05) == ("held", True)
    assert mean == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("key", ["larger-rate", "relu", "xavier"])
def test_half_a_remedy_mends_nothing(answered: Answered, key: str) -> None:
    """All three are often recommended. Measured: not a single seed leaves chance."""
    outcome, mean, _, high = number(answered(NAME), key)
    assert outcome == "did not hold"
    assert answered(NAME).claim(key).claim.saying
    assert mean == pytest.approx(0.0, abs=0.05)
    assert high < 0.1


@pytest.mark.parametrize("key", ["relu-he", "batch-norm", "skip"])
def test_what_keeps_the_factors_near_one_mends_it(answered: Answered, key: str) -> None:
    outcome, mean, low, _ = number(answered(NAME), key)
    assert outcome == "held"
    assert low >= 0.8
    assert mean == pytest.approx(1.1, abs=0.15)


def test_the_verdict_says_what_mended_it_and_what_did_not(answered: Answered) -> None:
    said = answered(NAME).verdict.show("en")
    mended, _, not_mended = said.partition("Not mended by:")
    assert all(name in mended for name in ("ReLU with He", "batch norm", "skip connections"))
    assert all(name in not_mended for name in ("ReLU alone", "Xavier alone", "ten times the learning rate"))


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_measured_gradient_is_that_of_plain_torch(answered: Answered) -> None:
    """The first batch of seed 0 through ten ordinary layers with the same weights, differentiated by torch itself."""
    arm = prepare(with_seed(DEEP, 0))
    module = arm.network.load(arm.network.initial, arm.network.buffers)
    linears = [part for part in module.modules() if isinstance(part, nn.Linear)]
    positions = arm.order(0)[0]
    h = arm.dataset.train.pool_x[positions].flatten(1)
    for linear in linears[:-1]:
        h = torch.sigmoid(h @ linear.weight.T + linear.bias)
    loss = nn.functional.cross_entropy(linears[-1](h), arm.dataset.train.pool_y[positions])
    gradients = torch.autograd.grad(loss, [p for linear in linears for p in (linear.weight, linear.bias)])
    expected = [torch.cat([w.flatten(), b]).norm().item() for w, b in zip(gradients[::2], gradients[1::2], strict=True)]
    measured = answered(NAME).evidence.traces["gradient"].query("level == 'unchanged' and seed == 0")["norm"]
    np.testing.assert_allclose(measured, expected, rtol=1e-3)


def test_the_factor_is_that_of_a_signal_that_shrinks_evenly() -> None:
    rows = [("a", seed, layer, (1 + seed) * 0.3**-layer) for seed in range(2) for layer in range(1, 7)]
    rows[5] = ("a", 0, 6, 1e9)  # the head takes no part in it
    table = shrinking(pd.DataFrame(rows, columns=["level", "seed", "layer", "norm"]))
    np.testing.assert_allclose(table["factor"], 0.3)
    assert left(table) == pytest.approx(0.3**4)


def test_a_gradient_of_exactly_zero_is_no_error() -> None:
    rows = [("a", 0, layer, 0.0 if layer < 3 else 1.0) for layer in range(1, 6)]
    table = shrinking(pd.DataFrame(rows, columns=["level", "seed", "layer", "norm"]))
    assert left(table) == 0.0
    assert table["factor"].item() == 0.0


def test_every_remedy_changes_what_it_says_and_nothing_else() -> None:
    assert [one.key for one in remedies(DEEP)] == [one.key for one in ALL]
    for one in ALL:
        paths = {difference.path for difference in diff(DEEP, one.change(DEEP))}
        assert paths <= set(PATHS)
        assert len(paths) == (2 if one.key == "relu-he" else 1), one.key


def test_a_remedy_that_is_already_there_is_not_tried() -> None:
    question = pose(find(NAME), {"model": "mlp(widths=[32], activation=relu)"})
    assert "relu" not in {claim.key for claim in question.claims()}
    assert "predicted" not in {claim.key for claim in question.claims()}  # the prediction is for sigmoids


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"depths": [3, 3]}, {"depths": [1, 2]}, {"depths": [0, 5]}])
def test_what_cannot_be_asked_is_refused_before_any_training(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="diabetes", seeds=2, depths=[1, 3], epochs=1)
    assert all(one.outcome == "undecided" for one in answer.claims)  # two seeds settle nothing
    assert "r²" in answer.verdict.show("en")
