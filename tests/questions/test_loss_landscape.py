"""The claims on the loss around trained weights, each a test that can fail; and what it is drawn with, against known surfaces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from whynet.engine.fit import Fitted
from whynet.errors import OptionError
from whynet.questions import Answer, find, pose
from whynet.questions.deep_trouble.landscape import EXAMPLES, direction, loss_at, rescaled, rise, rugged, surface

Answered = Callable[[str], Answer]
NAME = "loss-landscape"


def number(answer: Answer, key: str) -> tuple[str, float, float, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


@pytest.fixture
def plain(answered: Answered) -> Fitted:
    """The shallow network without skips, first seed."""
    return answered(NAME).evidence.comparisons["networks"].arms["plain 2"][0]


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_skips_make_it_smooth_as_li_found(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "smooth")
    assert (outcome, high < 0) == ("held", True)
    assert mean == pytest.approx(-0.18, abs=0.1)


def test_skips_do_not_make_it_flat(answered: Answered) -> None:
    """Twice as steep: the sum lets a signal grow, and with it the loss."""
    outcome, mean, low, _ = number(answered(NAME), "flat")
    assert (outcome, low > 0) == ("did not hold", True)
    assert answered(NAME).claim("flat").claim.saying
    assert mean == pytest.approx(14.5, abs=6)


def test_depth_makes_it_rugged(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "depth-rugged")
    assert (outcome, low > 0) == ("held", True)
    assert mean == pytest.approx(0.19, abs=0.09)


def test_of_the_four_the_flatter_score_better(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "flat-better")
    assert (outcome, high < 0) == ("held", True)
    assert mean == pytest.approx(-0.53, abs=0.26)


def test_only_the_normalised_surface_belongs_to_the_function(answered: Answered) -> None:
    outcome, mean, _, _ = number(answered(NAME), "same-surface")
    assert outcome == "held"
    assert mean < 1e-4
    outcome, mean, low, _ = number(answered(NAME), "raw-changes")
    assert (outcome, low > 0.5) == ("held", True)
    assert mean == pytest.approx(9.4, abs=3)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_every_filter_of_a_direction_is_as_long_as_the_weights_it_moves(plain: Fitted) -> None:
    network, weights = plain.arm.network, plain.outcome.weights
    parts, values = network.unpack(direction(plain, weights, 7)), network.unpack(weights)
    for name, value in values.items():
        if value.ndim == 2:
            torch.testing.assert_close(parts[name].norm(dim=1), value.norm(dim=1), rtol=1e-5, atol=1e-6)
        else:
            assert not parts[name].any(), name
    assert not torch.equal(direction(plain, weights, 7), direction(plain, weights, 8))


def test_the_middle_of_the_surface_is_the_loss_of_the_trained_network(plain: Fitted) -> None:
    across = np.array([-1.0, 0.0, 1.0])
    z = surface(plain, across, 0)
    x, y = plain.dataset.train.x[:EXAMPLES], plain.dataset.train.y[:EXAMPLES]
    with torch.no_grad():
        expected = torch.nn.functional.cross_entropy(plain.module(x), y).item()
    assert z[1, 1] == pytest.approx(expected, rel=1e-4)
    assert rise(plain, plain.outcome.weights, 0) == pytest.approx((z[1, 0] + z[1, 2]) / 2 - z[1, 1], rel=1e-5)


def test_other_weights_are_the_same_function(plain: Fitted) -> None:
    other = rescaled(plain, 10.0)
    assert not torch.allclose(other, plain.outcome.weights)
    assert loss_at(plain)(other) == pytest.approx(loss_at(plain)(plain.outcome.weights), rel=1e-4)


def test_a_bowl_is_not_rugged_and_a_saddle_is() -> None:
    a, b = np.meshgrid(np.linspace(-1, 1, 11), np.linspace(-1, 1, 11))
    assert rugged(a**2 + 3 * b**2 + a * b) == 0.0
    assert rugged(a**2 - b**2) == 1.0
    assert rugged(a * b) == 1.0  # a saddle that lies across the axes
    assert rugged(a + 2 * b) == 0.0
    assert 0.3 < rugged(np.cos(3 * a)) < 0.8  # it bends down around the middle: |3a| < π/2


@pytest.mark.parametrize(
    "wrong",
    [{"model": "lenet5"}, {"model": "mlp(skip=add)"}, {"shallow": 5, "deep": 5}, {"deep": 1}, {"grid": 3}, {"reach": 0}],
)
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_a_bounded_activation_is_not_rescaled() -> None:
    question = pose(find(NAME), {"model": "mlp(widths=[16], activation=tanh)"})
    assert {claim.key for claim in question.claims()}.isdisjoint({"same-surface", "raw-changes"})
