"""The claims on dropout, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from whynet.errors import OptionError
from whynet.questions import Answer, find, pose
from whynet.questions.generalisation import gaps

Answered = Callable[[str], Answer]
NAME = "dropout"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("gap", "held", -0.16, 0.06),
        ("helps", "held", 0.072, 0.04),
        ("slower", "held", 0.34, 0.08),
        ("narrow", "held", -0.078, 0.07),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


def test_even_four_in_five_silenced_are_not_too_many(answered: Answered) -> None:
    """Textbooks stop at a half; +0.9 ± 2.0 points on five seeds."""
    one = answered(NAME).claim("too-much")
    assert one.outcome != "held"
    assert one.measured.interval.mean == pytest.approx(0.01, abs=0.025)


def test_the_verdict_says_which_is_best(answered: Answered) -> None:
    assert "Best on the test set: p = 0." in answered(NAME).verdict.show("en")


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_trained_network_answers_as_plain_torch_without_dropout(answered: Answered) -> None:
    """In evaluation nothing is silenced: two linear layers with the trained weights reach the same score."""
    fitted = answered(NAME).evidence.comparisons["wide"].arms["dropout=0.5"][0]
    first, second = (part for part in fitted.module.modules() if isinstance(part, nn.Linear))
    x, y = fitted.dataset.test.x.flatten(1), fitted.dataset.test.y
    hidden = torch.relu(nn.functional.linear(x, first.weight, first.bias))
    answers = nn.functional.linear(hidden, second.weight, second.bias).argmax(1)
    assert fitted.score("test") == pytest.approx((answers == y).float().mean().item())


def test_early_is_the_log_ratio_after_a_tenth(answered: Answered) -> None:
    wide = answered(NAME).evidence.comparisons["wide"]
    logs = []
    for ours, theirs in zip(wide.arms["dropout=0.5"], wide.arms["dropout=0.0"], strict=True):
        losses = [
            next(e.loss for e in one.history.evaluations if e.split == "validation" and e.step >= 30) for one in (ours, theirs)
        ]
        logs.append(np.log(losses[0] / losses[1]))
    assert gaps.early(wide, "dropout=0.5", "dropout=0.0").interval.mean == pytest.approx(np.mean(logs))


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"rates": [0.2]}, {"rates": [0.5]}, {"rates": [0.5, 1.0]}])
def test_what_cannot_be_asked_is_refused_before_any_training(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)
