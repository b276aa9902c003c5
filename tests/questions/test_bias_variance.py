"""The claims on bias and variance, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from whynet.data import load
from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.generalisation.bias_variance import SETS, decompose, drawn
from whynet.spec import parse

Answered = Callable[[str], Answer]
NAME = "bias-variance"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("bias-falls", "held", -0.438, 0.03),
        ("more-examples", "held", 0.284, 0.1),
        ("decay-bias", "held", 0.113, 0.06),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


@pytest.mark.parametrize(("key", "value", "within"), [("variance-rises", -0.02, 0.03), ("decay-variance", 0.005, 0.03)])
def test_variance_neither_rises_with_width_nor_falls_with_decay(
    answered: Answered, key: str, value: float, within: float
) -> None:
    """Both are in every textbook. The default, ten measurements: −0.035 [−0.049, −0.020] and 0.001 [−0.010, 0.012]."""
    one = answered(NAME).claim(key)
    assert one.outcome != "held"
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


def test_the_error_has_no_lowest_point_in_between(answered: Answered) -> None:
    one = answered(NAME).claim("u-shape")
    assert one.outcome != "held"
    assert one.measured.interval.mean == pytest.approx(-0.008, abs=0.03)


def test_bias_and_noise_are_little_more_than_the_noise(answered: Answered) -> None:
    """The targets have noise of standard deviation 0.3, variance 0.09, and the test set 400 of them: 0.09 ± 0.0064."""
    table = answered(NAME).evidence.tables["parts"]
    wide = table.loc[table["level"] == "128", "bias"]
    assert 0.09 - 3 * 0.0064 < wide.mean() < 0.09 + 5 * 0.0064


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_parts_add_up_to_the_error_on_any_answers() -> None:
    """E (f − y)² = (f̄ − y)² + Var f, with f̄ and Var f of these very networks."""
    generator = torch.Generator().manual_seed(0)
    f, y = (torch.randn(*shape, 50, 3, generator=generator, dtype=torch.float64) for shape in ((7,), ()))
    bias, variance, error = decompose(f, y)
    assert error == pytest.approx(bias + variance)
    slow = np.mean([[((f[m, n] - y[n]) ** 2).sum().item() for n in range(50)] for m in range(7)])
    assert error == pytest.approx(slow)
    assert variance == pytest.approx(f.numpy().var(axis=0, ddof=1).sum(axis=1).mean())


def test_bias_and_variance_are_unbiased() -> None:
    """Answers y + 0.5 + N(0, 2²): bias² 0.25 and variance 4, on average over many measurements on eight networks."""
    generator = torch.Generator().manual_seed(1)
    y = torch.zeros(20_000, 1, dtype=torch.float64)
    f = 0.5 + 2 * torch.randn(SETS, 20_000, 1, generator=generator, dtype=torch.float64)
    bias, variance, _ = decompose(f, y)
    spread = (4 * 0.25 * 0.5 + 2 * 0.5**2 + 2 * 4**2 / 7 / 8**2) ** 0.5  # of (f̄ − y)² and of variance / 8, for one example
    assert bias == pytest.approx(0.25, abs=5 * spread / 20_000**0.5)
    assert variance == pytest.approx(4, abs=5 * 4 * (2 / 7 / 20_000) ** 0.5)


def test_training_sets_differ_and_the_test_set_does_not(answered: Answered) -> None:
    arms = answered(NAME).evidence.comparisons["sets"].arms
    first, second, more = arms["128"][0].dataset, arms["128"][1].dataset, arms["more"][0].dataset
    assert len(first.train) == 30
    assert len(more.train) == 120
    assert not first.train.index.equal(second.train.index)
    assert first.test is second.test
    assert set(first.train.index.tolist()) <= set(more.train.index.tolist())
    whole = set(load(parse("iris"), 0).train.index.tolist())
    assert set(drawn(parse("iris"), 500, 3).train.index.tolist()) == whole  # no more than there are


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"optimizer": "sgd(lr=0.1)"}, {"widths": [2, 4]}, {"examples": 1}])
def test_what_cannot_be_asked_is_refused_before_any_training(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


@pytest.mark.parametrize("data", ["moons(n=200)", "diabetes"])
def test_it_takes_classes_and_many_columns(data: str) -> None:
    answer = ask(NAME, quick=True, data=data, seeds=2, steps=5, widths=[1, 2, 3])
    assert all(one.outcome == "undecided" for one in answer.claims)
    assert len(answer.figures) == 2  # no picture of answers along one axis
