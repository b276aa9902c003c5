"""The claims on data augmentation, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from whynet.data import load
from whynet.engine.arm import prepare
from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.generalisation.data_augmentation import MOVES, moved_by
from whynet.recipe import recipe

Answered = Callable[[str], Answer]
NAME = "data-augmentation"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("shift", "did not hold", -0.035, 0.03),
        ("moved", "held", 0.46, 0.04),
        ("more-is-better", "did not hold", -0.058, 0.025),
        ("worth-twice", "did not hold", -0.05, 0.035),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


@pytest.mark.parametrize(("key", "value", "within"), [("flip", -0.025, 0.03), ("gap", -0.015, 0.03)])
def test_what_five_seeds_leave_open(answered: Answered, key: str, value: float, within: float) -> None:
    assert answered(NAME).claim(key).outcome != "did not hold"
    assert answered(NAME).claim(key).measured.interval.mean == pytest.approx(value, abs=within)


# --- what they are measured with -------------------------------------------------------------------------------------


@pytest.mark.parametrize("move", [*MOVES, (0, 0), (2, -1)])
def test_pictures_are_moved_as_numpy_rolls_them_with_zeros_coming_in(move: tuple[int, int]) -> None:
    x = torch.arange(1.0, 41).reshape(2, 1, 4, 5)
    expected = np.roll(x.numpy(), move, axis=(2, 3))
    for axis, by in zip((2, 3), move, strict=True):
        gone = [slice(None)] * 4
        gone[axis] = slice(0, by) if by > 0 else slice(4 + axis - 2 + by, None) if by < 0 else slice(0, 0)
        expected[tuple(gone)] = 0
    np.testing.assert_array_equal(moved_by(x, move).numpy(), expected)


def test_the_networks_differ_in_what_is_put_in_front_and_in_nothing_else(answered: Answered) -> None:
    arms = answered(NAME).evidence.comparisons["pictures"].arms
    start = arms["none"][0].arm.network.initial
    assert all(arms[key][0].arm.network.initial.equal(start) for key in ("shift", "flip", "both", "twice"))
    assert len(arms["twice"][0].dataset.train) == 2 * len(arms["none"][0].dataset.train)
    few, many = (set(arms[key][0].dataset.train.index.tolist()) for key in ("none", "twice"))
    assert few < many


def test_moved_scores_are_those_of_each_direction(answered: Answered) -> None:
    evidence = answered(NAME).evidence
    fitted = evidence.comparisons["pictures"].arms["flip"][2]
    x, y = fitted.dataset.test.x, fitted.dataset.test.y
    own = [(fitted.predict(moved_by(x, move)) == y).float().mean().item() for move in MOVES]
    table = evidence.tables["moved"]
    assert table[(table["level"] == "flip") & (table["seed"] == 2)]["score"].item() == pytest.approx(np.mean(own))


def test_layers_are_put_in_front_of_a_sequential_too() -> None:
    question = pose(find(NAME), {"model": "sequential([conv2d(4, 3), relu, flatten])"})
    made = question.with_layers([])  # type: ignore[attr-defined]
    ours, theirs = (prepare(recipe("digits", model)) for model in (made, question.model))  # type: ignore[attr-defined]
    assert ours.network.initial.equal(theirs.network.initial)


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"model": "softmax_regression"}])
def test_a_model_without_layers_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_columns_of_a_table_cannot_be_moved() -> None:
    with pytest.raises(OptionError, match="pictures"):
        ask(NAME, quick=True, data="iris")


def test_with_all_examples_there_are_not_twice_as_many() -> None:
    answer = ask(NAME, quick=True, data="digits", seeds=2, steps=3)
    one = answer.claim("worth-twice")
    assert one.outcome == "undecided"
    assert "nothing to measure" in one.words.show("en")
    assert len(load("digits").train) == len(answer.evidence.comparisons["pictures"].arms["none"][0].dataset.train)
