"""The claims on depth and width, each a test that can fail; and the counting of pieces, against networks whose pieces are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.networks.depth_or_width import widest
from whynet.questions.networks.pieces import folded, pieces_along
from whynet.questions.networks.shapes import weights_of

Answered = Callable[[str], Answer]
NAME = "depth-or-width"
LINE = torch.linspace(0, 1, 4001, dtype=torch.float64)[1:-1, None] + 1e-5


def number(answer: Answer, key: str) -> tuple[str, float, float, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_by_hand_depth_multiplies(answered: Answered) -> None:
    assert number(answered(NAME), "folds") == ("held", 64, 64, 64)


def test_three_layers_beat_one_with_as_many_weights(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "some-depth")
    assert (outcome, low > 0.1) == ("held", True)
    assert mean == pytest.approx(0.31, abs=0.08)
    assert number(answered(NAME), "wide-enough")[0] == "did not hold"


def test_deeper_is_not_better(answered: Answered) -> None:
    """Twenty layers of five units stay near chance; whether below the one wide layer, five seeds leave open."""
    outcome, mean, _, high = number(answered(NAME), "deeper")
    assert (outcome, high < 0) == ("did not hold", True)
    assert mean == pytest.approx(-0.44, abs=0.15)
    outcome, mean, _, _ = number(answered(NAME), "too-deep")
    assert outcome == "undecided"
    assert mean == pytest.approx(-0.13, abs=0.17)


def test_trained_depth_does_not_multiply(answered: Answered) -> None:
    """As Hanin and Rolnick found: pieces go by units, and the wide layer has more of them."""
    outcome, mean, _, high = number(answered(NAME), "more-pieces")
    assert (outcome, high < 0) == ("did not hold", True)
    assert mean == pytest.approx(-27, abs=6)
    table = answered(NAME).evidence.tables["pieces"]
    assert (table["pieces"] < table["depth"] * table["width"] + 1).all()


def test_all_have_as_many_weights(answered: Answered) -> None:
    weights = answered(NAME).evidence.tables["pieces"]["weights"]
    assert weights.max() <= 600
    assert weights.min() > 0.9 * 600


# --- what they are measured with -------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 5, 7])
def test_the_folded_network_is_the_tent_again_and_again(depth: int) -> None:
    expected = LINE[:, 0].numpy()
    for _ in range(depth):
        expected = np.minimum(2 * expected, 2 - 2 * expected)
    with torch.no_grad():
        np.testing.assert_allclose(folded(depth)(LINE)[:, 0].numpy(), expected, atol=1e-9)
    assert pieces_along(folded(depth), LINE) == 2**depth


def test_one_layer_has_a_piece_more_than_bends_on_the_line() -> None:
    bends = torch.tensor([0.1, 0.35, 0.62, 0.9, 1.7])  # the last lies beyond
    first = nn.Linear(1, 5)
    with torch.no_grad():
        first.weight.fill_(1.0)
        first.bias.copy_(-bends)
    assert pieces_along(nn.Sequential(first, nn.ReLU(), nn.Linear(5, 1)), LINE) == 5


def test_a_network_without_relu_is_one_piece() -> None:
    assert pieces_along(nn.Sequential(nn.Linear(1, 5), nn.Tanh()), LINE) == 1


@pytest.mark.parametrize(("depth", "budget"), [(1, 600), (3, 600), (20, 600), (5, 5000)])
def test_the_width_is_the_greatest_that_fits(depth: int, budget: int) -> None:
    width = widest(2, depth, 1, budget)
    assert weights_of(2, [width] * depth, 1) <= budget < weights_of(2, [width + 1] * depth, 1)


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"depths": [1, 2]}, {"depths": [0, 1, 2]}, {"weights": 3}])
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_pieces_are_counted_for_relu_only() -> None:
    answer = ask(NAME, quick=True, data="iris", model="mlp(activation=tanh)", seeds=2, epochs=1)
    assert "more-pieces" not in {one.claim.key for one in answer.claims}
    assert "Pieces" not in answer.verdict.show("en")
    assert len(answer.figures) == 1
