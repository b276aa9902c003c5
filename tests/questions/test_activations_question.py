"""The claims on activations, each a test that can fail; and the count of silent units, against units that are silent by making."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.networks.activations import RACERS, key, only, silent

Answered = Callable[[str], Answer]
NAME = "activations"


def number(answer: Answer, which: str) -> tuple[str, float, float, float]:
    one = answer.claim(which)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_ten_sigmoid_layers_learn_nothing(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "sigmoid-deep")
    assert (outcome, high < 0.05) == ("held", True)
    assert mean == pytest.approx(0.0, abs=0.02)


def test_with_one_layer_the_choice_matters_still(answered: Answered) -> None:
    """The sigmoid is a tenth behind after 15 epochs; the other six are alike."""
    outcome, mean, low, _ = number(answered(NAME), "shallow-equal")
    assert (outcome, low > 0.05) == ("did not hold", True)
    assert mean == pytest.approx(0.104, abs=0.03)


def test_relu_is_not_the_best_choice_for_ten_layers(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "relu-best")
    assert (outcome, high < 0) == ("did not hold", True)
    assert mean == pytest.approx(-0.3, abs=0.28)


@pytest.mark.parametrize(("which", "gain", "spread"), [("leaky-better", 0.185, 0.24), ("prelu-better", 0.23, 0.47)])
def test_whether_its_kin_are_better_is_left_open_by_five_seeds(
    answered: Answered, which: str, gain: float, spread: float
) -> None:
    outcome, mean, _, _ = number(answered(NAME), which)
    assert outcome == "undecided"
    assert answered(NAME).claim(which).claim.saying
    assert mean == pytest.approx(gain, abs=spread)


def test_no_relu_dies_at_this_rate(answered: Answered) -> None:
    outcome, mean, _, _ = number(answered(NAME), "dying")
    assert outcome == "did not hold"
    assert mean == pytest.approx(0.0, abs=0.02)


def test_a_sine_follows_waves_that_relu_does_not_see(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "wave")
    assert (outcome, low > 0.5) == ("held", True)
    assert mean == pytest.approx(1.02, abs=0.1)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_silent_units_are_those_that_nothing_switches_on() -> None:
    first = nn.Linear(2, 4)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
        first.bias.copy_(torch.tensor([0.0, 0.0, -5.0, 0.0]))
    x = torch.tensor([[1.0, 2.0], [-1.0, 3.0]])
    assert silent(nn.Sequential(first, nn.ReLU()), x) == 0.5  # the third never reaches 5, the last is exactly 0
    assert silent(nn.Sequential(first, nn.ReLU()), x[:1]) == 0.75
    assert silent(nn.Sequential(first, nn.Tanh()), x) == 0.0


def test_the_networks_differ_in_activation_and_initial_weights_alone() -> None:
    question = pose(find(NAME), {"init": "he"})
    relu, leaky = (question.at(racer, 3).recipe for racer in ("relu", "leaky"))  # type: ignore[attr-defined]
    assert str(relu.init) == str(leaky.init) == "he"
    assert relu.change(**{"model.activation": "leaky_relu"}).written() == leaky.written()


def test_a_part_of_a_comparison_has_the_numbers_of_the_whole(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["depth"]
    part = only(one, [key(racer, 10) for racer in RACERS])
    assert list(part.values) == [key(racer, 10) for racer in RACERS]
    assert part.values[key("tanh", 10)] == one.values[key("tanh", 10)]


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"depths": [3]}, {"depths": [0, 3]}])
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="diabetes", seeds=2, depths=[1, 2], epochs=1)
    assert "r²" in answer.verdict.show("en")
