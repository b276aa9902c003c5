"""The claims on early stopping, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whynet.questions import Answer, ask
from whynet.questions.generalisation import gaps

Answered = Callable[[str], Answer]
NAME = "early-stopping"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("turns", "held", 1.32, 0.13),
        ("helps", "held", 0.065, 0.025),
        ("same-moment", "did not hold", -0.25, 0.13),
        ("costs-nothing", "held", 0.003, 0.01),
        ("smaller", "held", 0.66, 0.1),
        ("helps-always", "undecided", -0.004, 0.01),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


def test_patience_takes_about_half_of_the_steps(answered: Answered) -> None:
    assert answered(NAME).claim("saves").measured.interval.mean == pytest.approx(0.49, abs=0.1)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_weights_kept_are_those_of_the_lowest_loss(answered: Answered) -> None:
    """Evaluated anew they have the lowest validation loss of the whole curve."""
    import torch
    from torch.nn import functional as F

    for fitted in answered(NAME).evidence.comparisons["noisy"].arms["best"][:3]:
        with torch.no_grad():
            loss = F.cross_entropy(fitted.module(fitted.dataset.validation.x), fitted.dataset.validation.y).item()
        assert loss == pytest.approx(fitted.history.curve("validation", "loss")[1].min(), rel=1e-5)


def test_validation_and_test_labels_are_true(answered: Answered) -> None:
    noisy, true = (answered(NAME).evidence.comparisons[key].arms["last"][0].dataset for key in ("noisy", "true"))
    assert noisy.validation.y.equal(true.validation.y)
    assert noisy.test.y.equal(true.test.y)
    assert not noisy.train.y.equal(true.train.y)


def test_stopping_takes_the_same_steps_as_far_as_it_goes(answered: Answered) -> None:
    arms = answered(NAME).evidence.comparisons["noisy"].arms
    for stopped, last in zip(arms["stopped"], arms["last"], strict=True):
        np.testing.assert_allclose(stopped.history.loss, last.history.loss[: stopped.history.steps], rtol=1e-3)
        assert stopped.history.steps <= last.history.steps


def test_the_numbers_of_the_verdict_are_those_of_the_curves(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["noisy"]
    lowest = np.mean([arm.history.curve("validation", "loss")[1].min() for arm in one.arms["last"]])
    assert f"{lowest:.3g}" in answered(NAME).verdict.show("en")
    assert np.mean(gaps.final(one, "last", "validation", "loss")) > lowest


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="diabetes", seeds=2, steps=40)
    assert all(one.outcome == "undecided" for one in answer.claims)
