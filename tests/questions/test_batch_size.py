"""The claims on the batch size, each a test that can fail; and the noise they speak of, against the covariance of single gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from torch.func import functional_call, grad, vmap

from whynet.engine.arm import prepare
from whynet.questions import Answer
from whynet.questions.training.batches import detour, gradient, slope, straying
from whynet.recipe import recipe

Answered = Callable[[str], Answer]
NAME = "batch-size"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_noise_falls_with_the_root_of_the_batch(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "noise")
    assert outcome == "held"
    assert mean == pytest.approx(-0.5, abs=0.03)


def test_an_example_is_cheap_in_large_company(answered: Answered) -> None:
    """0.02 on a quiet core; a tenth would still be far below the half of the claim."""
    outcome, mean = number(answered(NAME), "cost")
    assert outcome == "held"
    assert mean < 0.2


def test_single_examples_take_the_longer_way(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "path")
    assert outcome == "held"
    assert mean == pytest.approx(2.2, abs=1.2)


def test_small_batches_are_far_ahead_after_as_many_epochs(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "same-epochs")
    assert outcome == "held"
    assert mean == pytest.approx(0.38, abs=0.11)


@pytest.mark.parametrize(("key", "gain"), [("mini-batch-is-best", -0.20), ("noise-helps", -0.18)])
def test_what_is_said_of_mini_batches_does_not_hold_here(answered: Answered, key: str, gain: float) -> None:
    """After two epochs batches of 64 are behind batches of one, and behind all examples at once with as many steps."""
    outcome, mean = number(answered(NAME), key)
    assert answered(NAME).claim(key).claim.saying
    assert outcome == "did not hold"
    assert mean == pytest.approx(gain, abs=0.12)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_noise_is_that_of_the_covariance_of_single_gradients() -> None:
    """E‖g_B − g‖² = tr Σ / B, with Σ from the gradient of every example by itself."""
    arm = prepare(recipe("iris(scale=standard)", "mlp(widths=[8])"))
    train, module = arm.dataset.train, arm.network.load(arm.network.initial, arm.network.buffers)
    x, y = train.pool_x[train.index], train.pool_y[train.index]

    def loss(parameters: dict[str, torch.Tensor], one: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(functional_call(module, parameters, (one[None],)), label[None])

    parameters = {name: p.detach() for name, p in module.named_parameters()}
    singles = vmap(grad(loss), (None, 0, 0))(parameters, x, y)
    each = torch.cat([part.flatten(1) for part in singles.values()], dim=1)  # (N, P)
    whole = each.mean(dim=0)
    torch.testing.assert_close(gradient(arm, train.index), whole, rtol=1e-4, atol=1e-6)
    spread = float((each - whole).square().sum(dim=1).mean())
    found = straying(arm, (2, 8, 32), draws=400)
    for size, noise in zip(found["size"], found["noise"], strict=True):
        assert noise == pytest.approx(math.sqrt(spread / size) / float(whole.norm()), rel=0.1)


def test_the_slope_is_the_power() -> None:
    table = pd.DataFrame({"size": [2, 8, 32], "noise": [3 * size**-0.7 for size in (2, 8, 32)]})
    assert slope(table) == pytest.approx(-0.7)


def test_a_straight_path_has_no_detour() -> None:
    assert detour(np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]])) == pytest.approx(1)
    assert detour(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])) == pytest.approx(7 / 5)
