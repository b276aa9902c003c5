"""The rate, the time and the rule have signs of their own, measured against the curvature of the loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch

from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.causes.lr_too_high import LrTooHigh
from whynet.doctor.causes.lr_too_low import LrTooLow
from whynet.doctor.causes.too_few_epochs import TooFewEpochs
from whynet.doctor.causes.wrong_optimizer import WrongOptimizer
from whynet.doctor.controls.sharpness import reach, room, sharpness
from whynet.doctor.controls.stuck import stuck
from whynet.doctor.diagnose import diagnose
from whynet.doctor.examination import Examination, examine
from whynet.doctor.facts.overshoot import restless
from whynet.doctor.facts.sample import sample
from whynet.doctor.scaling import standardised
from whynet.engine.arm import prepare
from whynet.recipe import Recipe, recipe


def stretched() -> tuple[np.ndarray, np.ndarray]:
    """A line over two inputs, one ten times as long as the other: λ_max / λ_min is a hundred."""
    x = np.random.default_rng(0).normal(0, [10.0, 1.0], (300, 2)).astype("float32")
    return x, x @ np.array([[0.1], [3.0]], dtype="float32")


LINE = {"model": "linear_regression", "batch_size": "all", "steps": 60}
PATIENTS: dict[str, Callable[[], Recipe]] = {
    "too far": lambda: recipe(stretched(), optimizer="sgd(lr=0.05)", **LINE),
    "narrow": lambda: recipe(stretched(), optimizer="sgd(lr=0.005)", **LINE),
    "timid": lambda: recipe(stretched(), optimizer="sgd(lr=0.00003)", **LINE),
    "settled": lambda: recipe("iris", "mlp(widths=[16])", optimizer="sgd(lr=0.1, momentum=0.9)", epochs=40, batch_size=16),
    "short": lambda: recipe("digits", "mlp(widths=[32])", optimizer="adam(lr=0.001)", steps=10),
}  # fmt: skip


@cache
def seen(name: str) -> Examination:
    return examine(PATIENTS[name]())


def look(cause: type[Cause], name: str) -> Suspicion:
    return cause().look(seen(name))


@pytest.mark.parametrize(
    ("cause", "name"), [(LrTooHigh, "too far"), (WrongOptimizer, "narrow"), (LrTooLow, "timid"), (TooFewEpochs, "short")]
)
def test_the_fault_is_suspected(cause: type[Cause], name: str) -> None:
    assert look(cause, name).speaks == "for"
    assert look(cause, name).strength >= 0.5


@pytest.mark.parametrize(
    ("cause", "name"),
    [
        (LrTooHigh, "timid"), (LrTooHigh, "settled"), (LrTooHigh, "narrow"), (LrTooLow, "too far"), (LrTooLow, "settled"),
        (LrTooLow, "narrow"), (WrongOptimizer, "too far"), (WrongOptimizer, "timid"), (WrongOptimizer, "settled"),
        (TooFewEpochs, "too far"),
        (TooFewEpochs, "settled"),
    ],
)  # fmt: skip
def test_what_has_another_cause_or_none_is_not_suspected(cause: type[Cause], name: str) -> None:
    assert look(cause, name).speaks != "for"


def test_the_sharpness_of_a_quadratic_is_its_largest_eigenvalue() -> None:
    patient = seen("narrow")
    x = torch.cat([sample(patient)[0], torch.ones(256, 1)[: len(sample(patient)[0])]], 1).double()
    exact = float(torch.linalg.eigvalsh(2 * x.T @ x / len(x)).max())  # of the mean squared error
    for found in sharpness(patient):
        assert found == pytest.approx(exact, rel=1e-3)
    far = reach(patient)
    assert far is not None
    assert far[0] == pytest.approx(0.005 * exact / 2, rel=1e-3)


def test_rules_with_steps_of_their_own_have_no_reach() -> None:
    assert reach(seen("short")) is None


# --- proofs -----------------------------------------------------------------------------------------------------------


def cars() -> tuple[np.ndarray, np.ndarray]:
    """A table on a line with noise, on which a line is best and a network can come close."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 5)).astype("float32")
    return x, (20 + x @ rng.normal(0, 3, (5, 1)) + rng.normal(0, 2, (300, 1))).astype("float32")


def by_adam(lr: float) -> Examination:
    return examine(recipe(cars(), "mlp(widths=[64, 64])", optimizer=f"adam(lr={lr})", init="he", batch_size=32, epochs=60))


def test_a_rate_beyond_the_bound_is_proved_by_the_loss_that_climbs() -> None:
    assert LrTooHigh().look(seen("too far")).proved
    assert not LrTooHigh().look(seen("narrow")).proved


def test_a_loss_that_never_rests_under_steps_as_long_as_the_weights_proves_the_rate_too_high() -> None:
    found = by_adam(0.1)
    assert found.end_loss < 0.5 * found.start_loss  # it learns all the same
    assert LrTooHigh().look(found).proved


def test_a_loss_that_comes_to_rest_proves_nothing() -> None:
    found = by_adam(0.001)
    jumps = restless(found)
    assert jumps is not None
    assert jumps[0] <= 1
    assert LrTooHigh().look(found).speaks != "for"


def test_all_powers_of_ten_are_tried_down_to_what_the_first_update_asks_for() -> None:
    names = [str(one.name).split(" (")[0] for one in LrTooHigh().remedies(seen("too far"))]
    assert names == [f"learning rate ÷ {n}" for n in (10, 100, 1000, 10_000)][: len(names)]
    assert len(names) >= 2


# --- the flat side of a valley ----------------------------------------------------------------------------------------


def steep_and_flat() -> tuple[np.ndarray, np.ndarray]:
    """A line over inputs to a thousand, whose intercept is far away: the rate that suits the slope hardly moves the bias."""
    x = np.random.default_rng(0).uniform(-1000, 1000, (200, 1)).astype("float32")
    return x, 2 * x + 300


@cache
def flat_side() -> Examination:
    return examine(recipe(steep_and_flat(), "linear_regression", optimizer="sgd(lr=1e-7)", batch_size=20, epochs=30))


def test_a_bias_that_never_moved_is_found_with_what_it_holds_back() -> None:
    found = stuck(flat_side())
    assert found is not None
    assert found.name.endswith("bias")
    assert found.gain == pytest.approx(1, abs=0.05)  # g = 2 · 300, c = 2: g² / 2c = 300², which is all that is left of the loss
    assert found.way == pytest.approx(1e-7 * 2 * flat_side().steps, rel=1e-3)
    assert LrTooLow().look(flat_side()).speaks == "for"


@pytest.mark.parametrize("name", ["narrow", "settled"])
def test_what_gets_where_it_is_going_is_not_stuck(name: str) -> None:
    found = stuck(seen(name))
    assert found is None or found.gain < 0.5 or found.way > 0.1


def test_the_rate_that_the_curvature_allows_is_worked_out_for_the_network_it_is_to_train() -> None:
    one = flat_side().recipe
    x = prepare(one).dataset.train.x.double()
    assert room(one) * 1e-7 == pytest.approx(1 / (2 * float(x.square().mean())), rel=0.5)  # rounded down to one digit
    scaled = standardised(one)
    assert scaled is not None
    assert room(scaled) * 1e-7 == pytest.approx(0.45, abs=0.06)
    assert room(one.change(optimizer="adam")) == 0


def test_inputs_and_rate_are_both_named_where_only_both_together_mend() -> None:
    found = diagnose(flat_side().recipe)
    assert {cause.name for cause in found.confirmed} == {"inputs-not-normalized", "lr-too-low"}
    assert found.state == "mended"
