"""The claims on the gradient, each a test that can fail; and the landscape they are measured on, against plain torch."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from whynet.questions import Answer, ask
from whynet.questions.mathematics.landscape import directions, landscape
from whynet.recipe import recipe

Answered = Callable[[str], Answer]
NAME = "gradient-steepest"
SMALL = recipe("iris", 'mlp(widths=[5], activation="tanh")')


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_no_random_direction_is_nearly_as_steep(answered: Answered) -> None:
    """The best of 2,000 in 2,410 dimensions: 3.4 / √2410 = 0.070; five seeds vary by a tenth of it."""
    outcome, mean = number(answered(NAME), "none-better")
    assert outcome == "held"
    assert mean == pytest.approx(0.070, abs=0.012)
    assert number(answered(NAME), "best-of-many")[0] == "held"


def test_the_slope_is_the_cosine(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "cosine")
    assert outcome == "held"
    assert mean < 1e-5


def test_a_long_step_against_the_gradient_goes_up(answered: Answered) -> None:
    """Often said without "short enough". At a rate of 1000 the loss is thousands of times what it was."""
    outcome, mean = number(answered(NAME), "always-down")
    assert outcome == "did not hold"
    assert 1_000 < mean < 12_000


def test_the_gradient_does_not_point_at_the_end(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "towards-end")
    assert outcome == "did not hold"
    assert mean == pytest.approx(0.59, abs=0.1)


def test_by_the_largest_coordinate_its_sign_is_steeper(answered: Answered) -> None:
    """By Hölder the share is ‖g‖² / (‖g‖_∞ ‖g‖_1), never above 1."""
    outcome, mean = number(answered(NAME), "any-ruler")
    assert outcome == "did not hold"
    here = [landscape(answered(NAME).question.base, seed, 64) for seed in range(5)]  # type: ignore[attr-defined]
    g = [one.gradient(one.start) for one in here]
    expected = np.mean([(one.square().sum() / one.abs().max() / one.abs().sum()).item() for one in g])
    assert mean == pytest.approx(expected, rel=1e-3)


def test_values_to_predict_and_few_seeds() -> None:
    answer = ask(NAME, quick=True, data="ice_cream", model="linear_regression", directions=100, seeds=2)
    assert all(one.outcome == "undecided" for one in answer.claims)
    assert answer.claim("cosine").measured.interval.mean < 1e-3


# --- the landscape ---------------------------------------------------------------------------------------------------


def test_the_landscape_is_the_loss_of_plain_torch() -> None:
    here = landscape(SMALL, seed=1, examples=20)
    module = here.arm.network.load(here.arm.network.initial, here.arm.network.buffers).double()
    index = here.arm.dataset.train.index[:20]
    x, y = here.arm.dataset.train.pool_x[index].double(), here.arm.dataset.train.pool_y[index]
    loss = nn.functional.cross_entropy(module(x), y)
    gradient = torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(module.parameters()))])
    assert here(here.start).item() == pytest.approx(loss.item(), rel=1e-12)
    torch.testing.assert_close(here.gradient(here.start), gradient, rtol=1e-10, atol=1e-14)


def test_many_points_are_the_points_one_by_one() -> None:
    here = landscape(SMALL, seed=0, examples=10)
    points = here.start + 0.1 * torch.randn(7, len(here.start), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(here.many(points), torch.stack([here(point) for point in points]), rtol=1e-12, atol=0)


def test_directions_have_length_one_and_no_preference() -> None:
    drawn = torch.cat(list(directions(20_000, 9, seed=3)))
    assert drawn.shape == (20_000, 9)
    torch.testing.assert_close(drawn.norm(dim=1), torch.ones(20_000, dtype=torch.float64))
    assert drawn.mean(dim=0).abs().max() < 5 / math.sqrt(9 * 20_000)
    torch.testing.assert_close(drawn.T @ drawn / 20_000, torch.eye(9, dtype=torch.float64) / 9, atol=0.01, rtol=0)
    assert not torch.equal(drawn[:5], next(iter(directions(5, 9, seed=4))))
