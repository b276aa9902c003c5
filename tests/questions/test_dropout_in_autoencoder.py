"""The claims on dropout in an autoencoder, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score

from whynet.data import load
from whynet.errors import OptionError
from whynet.questions import Answer, ask
from whynet.questions.generalisation.dropout_in_autoencoder import DAMAGE, code_of, encoded, lost, to_itself
from whynet.spec import parse

Answered = Callable[[str], Answer]
NAME = "dropout-in-autoencoder"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("whole", "did not hold", -0.114, 0.03),
        ("restores", "held", 0.144, 0.03),
        ("code-costs", "held", -0.178, 0.04),
        ("code-robust", "held", 0.341, 0.08),
        ("beats-raw", "did not hold", -0.066, 0.035),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


@pytest.mark.parametrize(("key", "value", "within"), [("gap", -0.011, 0.02), ("features", -0.019, 0.045)])
def test_what_five_seeds_leave_open(answered: Answered, key: str, value: float, within: float) -> None:
    assert answered(NAME).claim(key).measured.interval.mean == pytest.approx(value, abs=within)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_target_is_the_input_and_the_split_the_same() -> None:
    plain, itself = load("digits(train=200)", 2), to_itself(parse("digits(train=200)"), 2)
    for split in ("train", "validation", "test"):
        ours, theirs = getattr(itself, split), getattr(plain, split)
        assert ours.index.equal(theirs.index)
        assert ours.y.equal(theirs.x.flatten(1))
        assert ours.x.equal(theirs.x)
    assert (itself.task.kind, itself.task.outputs, itself.task.metric) == ("regress", 64, "r2")


def test_damage_is_zeros_and_more_of_it_loses_the_same_and_more() -> None:
    x = torch.ones(200, 1, 8, 8)
    little, much = lost(x, 0.15, 3), lost(x, 0.45, 3)
    assert set(little.unique().tolist()) == {0.0, 1.0}
    assert ((much == 1) <= (little == 1)).all()
    for found, share in ((little, 0.15), (much, 0.45)):
        assert abs(float((found == 0).float().mean()) - share) < 5 * (share * (1 - share) / x.numel()) ** 0.5
    assert lost(x, 0.0, 3).equal(x)


def test_the_scores_are_those_of_scikit_learn(answered: Answered) -> None:
    """r² of all pixels together; undamaged, both halves in a row are the network itself."""
    evidence = answered(NAME).evidence
    table = evidence.tables["damaged"]
    for level, arms in evidence.comparisons["autoencoders"].arms.items():
        fitted = arms[1]
        x, y = fitted.dataset.test.x, fitted.dataset.test.y
        for share in (0.0, DAMAGE[2]):
            with torch.no_grad():
                answer = fitted.module(lost(x, share, 1))
            centred = r2_score((y - y.mean(0)).flatten().numpy(), (answer - y.mean(0)).flatten().numpy())
            rows = table[(table["level"] == level) & (table["seed"] == 1) & np.isclose(table["damage"], share)]
            assert rows[rows["what"] == "input"]["score"].item() == pytest.approx(centred, abs=1e-5)
        whole = table[(table["level"] == level) & (table["seed"] == 1) & (table["damage"] == 0)]["score"]
        np.testing.assert_allclose(whole, fitted.score("test"), atol=1e-6)


def test_codes_are_those_of_the_same_seeds_autoencoder(answered: Answered) -> None:
    arms = answered(NAME).evidence.comparisons["autoencoders"].arms["input"]
    dataset = encoded(parse("digits(train=200)"), {0: arms[0], 3: arms[3]}, 3)
    plain = load("digits(train=200)", 3)
    assert dataset.train.index.equal(plain.train.index)
    assert dataset.test.y.equal(plain.test.y)
    assert dataset.train.x.equal(code_of(arms[3], plain.train.x))
    assert dataset.task.inputs == (32,)
    assert bool((dataset.train.x >= 0).all())  # behind a relu


def test_values_are_no_classes() -> None:
    with pytest.raises(OptionError, match="class labels"):
        ask(NAME, quick=True, data="diabetes")


def test_it_takes_tables_too() -> None:
    answer = ask(NAME, quick=True, data="wine", seeds=2, steps=5, code=4)
    assert all(one.outcome == "undecided" for one in answer.claims)
    assert len(answer.figures) == 4  # no pictures
