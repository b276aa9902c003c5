"""The claims on networks without bends, each a test that can fail; and the distance from one layer, against the product of weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.networks.nonlinearity import ALL, LINEAR, ONE, departure
from whynet.questions.networks.shapes import weights_of

Answered = Callable[[str], Answer]
NAME = "nonlinearity"


def number(answer: Answer, key: str) -> tuple[str, float, float, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_without_bends_trained_layers_are_one_layer(answered: Answered) -> None:
    outcome, mean, _, _ = number(answered(NAME), "collapse")
    assert outcome == "held"
    assert mean < 1e-12
    table = answered(NAME).evidence.tables["departure"].set_index("level")["departure"]
    assert table.loc[[ONE, ALL]].min() > 0.1  # where there is a bend they are not


def test_depth_without_bends_gains_nothing(answered: Answered) -> None:
    outcome, mean, _, _ = number(answered(NAME), "equal")
    assert outcome == "held"
    assert mean == pytest.approx(0.005, abs=0.03)
    assert number(answered(NAME), "more-weights")[0] == "undecided"  # no gain is seen; five seeds cannot exclude a small one


def test_the_same_function_is_not_learned_at_the_same_pace(answered: Answered) -> None:
    """The deep linear network is faster at first: its loss is about half that of one layer."""
    outcome, mean, _, high = number(answered(NAME), "same-pace")
    assert (outcome, high < -0.1) == ("did not hold", True)
    assert np.exp(mean) == pytest.approx(0.55, abs=0.15)


@pytest.mark.parametrize("key", ["bends", "one-bend"])
def test_one_bend_is_what_it_takes(answered: Answered, key: str) -> None:
    outcome, mean, low, _ = number(answered(NAME), key)
    assert (outcome, low > 0) == ("held", True)
    assert mean == pytest.approx(0.24, abs=0.04)


def test_more_bends_add_nothing_on_the_spirals(answered: Answered) -> None:
    outcome, mean, _, _ = number(answered(NAME), "every-bend")
    assert outcome == "did not hold"
    assert mean == pytest.approx(0.0, abs=0.01)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_linear_network_is_the_product_of_its_matrices(answered: Answered) -> None:
    fitted = answered(NAME).evidence.comparisons["bends"].arms[LINEAR][0]
    linears = [part.double() for part in fitted.module.modules() if isinstance(part, nn.Linear)]
    a, b = torch.eye(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for linear in linears:
        a, b = linear.weight @ a, linear.weight @ b + linear.bias
    x = fitted.dataset.test.x
    torch.testing.assert_close(fitted.module(x), (x.double() @ a.T + b).float(), rtol=1e-4, atol=1e-5)


def test_the_departure_of_known_functions() -> None:
    x = torch.tensor([[-2.0], [1.0]])
    assert departure(nn.Linear(1, 3), x) < 1e-12
    # relu: b = 0, A = relu(1) = 1, so at −2 it is 0 where the line says −2; it moves by 1 at most
    assert departure(nn.ReLU(), x) == pytest.approx(2.0)
    pictures = torch.randn(4, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    assert departure(nn.Sequential(nn.Conv2d(1, 2, 2), nn.Flatten(), nn.Linear(8, 2)), pictures) < 1e-12


def test_weights_are_counted_as_torch_counts_them() -> None:
    module = nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 3), nn.Linear(3, 2))
    assert weights_of(5, [7, 3], 2) == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("wrong", ["lenet5", "mlp(widths=[32])", "mlp(widths=[8, 8], activation=identity)"])
def test_what_cannot_be_asked_is_refused(wrong: str) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), {"model": wrong})


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="sine", model="mlp(widths=[8, 8])", seeds=2, epochs=2)
    assert "r²" in answer.verdict.show("en")
    assert len(answer.figures) == 2
