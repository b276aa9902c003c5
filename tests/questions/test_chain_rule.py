"""The claims on the chain rule, each a test that can fail; and the four ways, against plain torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.mathematics.backpropagation import (
    Activation,
    by_autograd,
    by_differences,
    by_hand,
    by_matrices,
    taken_apart,
)
from whynet.questions.mathematics.landscape import landscape
from whynet.recipe import recipe

Answered = Callable[[str], Answer]
NAME = "chain-rule"
MODULES = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "most"), [("hand", 1e-14), ("matrices", 1e-14), ("differences", 2e-9)])
def test_all_ways_give_one_gradient(answered: Answered, key: str, most: float) -> None:
    outcome, mean = number(answered(NAME), key)
    assert (outcome, mean < most) == ("held", True)


def test_a_gradient_costs_little_more_than_two_passes(answered: Answered) -> None:
    """Connections: 64·16 + 16·16 + 16·10 = 1440. Back: each once for its own slope, all but the first 1024 once more."""
    for key, expected, passes in (("cheap", "held", 2 + 416 / 1440), ("twice", "did not hold", 1 + 416 / 1440)):
        outcome, mean = number(answered(NAME), key)
        assert outcome == expected
        assert mean == pytest.approx(passes)
    assert answered(NAME).claim("twice").claim.saying


def test_deep_networks_come_near_twice() -> None:
    answer = ask(NAME, quick=True, model="mlp(widths=[64, 64, 64, 64, 64, 64], activation=tanh)", seeds=1, data="ice_cream")
    assert answer.claim("twice").measured.interval.mean == pytest.approx(2, abs=0.02)
    assert answer.claim("twice").outcome == "held"


def test_a_smaller_step_is_worse(answered: Answered) -> None:
    """Rounding of 10⁻¹⁶ over a step of 10⁻¹² leaves four digits of a slope near 0.1."""
    outcome, mean = number(answered(NAME), "smaller")
    assert outcome == "did not hold"
    assert 1e6 < mean < 1e8


def test_float32_needs_another_step(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "float32")
    assert outcome == "did not hold"
    assert mean == pytest.approx(0.16, abs=0.08)


# --- the four ways ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", MODULES)
@pytest.mark.parametrize(("data", "widths"), [("iris", [5, 3]), ("ice_cream", [4]), ("wine", [])])
def test_every_way_is_plain_torch(data: str, widths: list[int], activation: Activation) -> None:
    here = landscape(recipe(data, f"mlp(widths={widths}, activation={activation})"), seed=2, examples=6)
    net = taken_apart(here, activation)
    parts: list[nn.Module] = []
    for weights, bias in zip(net.weights, net.biases, strict=True):
        linear = nn.Linear(weights.shape[1], weights.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights))
            linear.bias.copy_(torch.tensor(bias))
        parts += [linear, MODULES[activation]()]
    module = nn.Sequential(*parts[:-1])
    outputs = module(torch.tensor(net.x))
    loss = nn.MSELoss() if data == "ice_cream" else nn.CrossEntropyLoss()
    gradients = torch.autograd.grad(loss(outputs, torch.tensor(net.y)), list(module.parameters()))
    expected = torch.cat([one.flatten() for one in gradients]).numpy()
    for found in (by_hand(net), by_matrices(net), by_autograd(here)):
        np.testing.assert_allclose(found.gradient, expected, rtol=1e-10, atol=1e-14)
    some = [0, len(expected) - 1]
    np.testing.assert_allclose(by_differences(here, net, 1e-5).gradient, expected, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(by_differences(here, net, 1e-5, some).gradient, expected[some], rtol=1e-5, atol=1e-8)


def test_all_count_the_same_multiplications() -> None:
    here = landscape(recipe("iris", "mlp(widths=[5, 3], activation=tanh)"), seed=0, examples=6)
    net = taken_apart(here, "tanh")
    assert net.forward_products == 6 * (4 * 5 + 5 * 3 + 3 * 3)
    there_and_back = net.forward_products * 2 + 6 * (5 * 3 + 3 * 3)
    assert by_hand(net).products == by_matrices(net).products == by_autograd(here).products == there_and_back
    assert by_differences(here, net, 1e-5).products == 2 * len(here.start) * net.forward_products


@pytest.mark.parametrize("wrong", ["lenet5", "mlp(activation=gelu)", "mlp(widths=[4], norm=batch)"])
def test_what_cannot_be_written_by_hand_is_refused(wrong: str) -> None:
    with pytest.raises(OptionError, match="by hand"):
        pose(find(NAME), {"model": wrong})
