"""The claims on one hidden layer, each a test that can fail; and the network built by hand, against numpy's own interpolation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import r2_score
from torch import nn

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.networks.built import answers, built, errors_of, rate
from whynet.questions.networks.shapes import Wave
from whynet.questions.networks.universal_approximation import outside

Answered = Callable[[str], Answer]
NAME = "universal-approximation"


def number(answer: Answer, key: str) -> tuple[str, float, float, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_what_is_built_by_hand_keeps_what_theory_promises(answered: Answered) -> None:
    outcome, ratio, _, _ = number(answered(NAME), "bound")
    assert outcome == "held"
    assert 0.9 < ratio <= 1  # the bound is reached where a knot's neighbourhood is a crest
    outcome, power, _, _ = number(answered(NAME), "rate")
    assert outcome == "held"
    assert power == pytest.approx(-2, abs=0.05)


def test_wider_is_better(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "wider")
    assert (outcome, high < 0) == ("held", True)
    assert mean == pytest.approx(-0.23, abs=0.12)


def test_whether_width_is_enough_is_left_open_after_a_hundred_epochs(answered: Answered) -> None:
    """Three seeds of five come to 0.97 and more, the others stay near 0.85."""
    outcome, mean, _, _ = number(answered(NAME), "enough")
    assert outcome == "undecided"
    assert mean == pytest.approx(0.93, abs=0.07)


def test_what_exists_is_not_found(answered: Answered) -> None:
    """Training leaves ten thousand times the variance that the network built by hand leaves."""
    outcome, mean, low, _ = number(answered(NAME), "found")
    assert (outcome, low > 3) == ("did not hold", True)
    assert mean == pytest.approx(4.6, abs=0.8)
    assert answered(NAME).claim("found").claim.saying


def test_beyond_the_data_nothing_was_learned(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "beyond")
    assert (outcome, high < 0.5) == ("did not hold", True)
    assert mean == pytest.approx(-1.0, abs=0.3)


# --- what they are measured with -------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [1, 2, 7, 64])
def test_the_built_network_is_piecewise_linear_interpolation(units: int) -> None:
    wave = Wave(1.3)
    knots = np.linspace(-1, 1, units + 1)
    x = np.linspace(-1, 1, 500)
    found = answers(built(wave, units), torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, np.interp(x, knots, np.sin(1.3 * np.pi * knots)), atol=1e-10)


def test_the_bend_of_a_wave_is_its_greatest_second_derivative() -> None:
    x = torch.linspace(-1, 1, 1001, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(Wave(3.0)(x).sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), x)
    assert bend.abs().max().item() == pytest.approx(Wave(3.0).bend, rel=1e-3)


def test_the_rate_is_that_of_a_known_power() -> None:
    table = pd.DataFrame({"units": [2, 16, 64], "worst": [1.0, 16**-1.5, 64**-1.5]})
    assert rate(table) == pytest.approx(-1.5)


def test_what_is_left_of_the_variance_is_one_minus_r_squared() -> None:
    x, knots = np.linspace(-1, 1, 5001), np.linspace(-1, 1, 9)
    truth, found = np.sin(np.pi * x), np.interp(x, knots, np.sin(np.pi * knots))
    assert errors_of(Wave(1.0), (8,))["left"].item() == pytest.approx(1 - r2_score(truth, found), rel=1e-3)


def test_outside_is_worth_what_the_answer_is_worth() -> None:
    wave = Wave(2.0)

    class Same(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return wave(x)

    assert outside(Same(), wave) == pytest.approx(1.0)
    assert outside(built(wave, 4), wave) == pytest.approx(0.0)  # its knots are the zeros
    assert outside(built(wave, 8), wave) == -1.0  # it goes straight on


@pytest.mark.parametrize(
    "wrong", [{"model": "mlp(widths=[8, 8])"}, {"model": "perceptron"}, {"widths": [4, 4]}, {"widths": [0, 4]}]
)
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_on_other_data_nothing_is_claimed_of_their_function() -> None:
    answer = ask(NAME, quick=True, data="iris", seeds=2, epochs=1)
    assert {one.claim.key for one in answer.claims} == {"bound", "rate", "wider", "enough"}
    assert len(answer.figures) == 1
