"""The claims on the learning rate, each a test that can fail; and the curvature they speak of, against the whole Hessian."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from whynet.engine.arm import prepare
from whynet.questions import Answer, find, pose
from whynet.questions.curvature import sharpness
from whynet.questions.surfaces import NARROW, SURFACES
from whynet.questions.training.rates import largest_that_learns
from whynet.recipe import recipe, with_seed

Answered = Callable[[str], Answer]
NAME = "learning-rate"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_the_valley_falls_below_its_edge_and_climbs_above_it(answered: Answered) -> None:
    """By the closed form: x is multiplied by 1 - η and y by 1 - κη at each of 60 steps."""
    starts = SURFACES["valley"].starts(range(10)).numpy()
    for key, share, said in (("below-edge", 0.95, "held"), ("above-edge", 1.05, "held")):
        eta = share * 2 / NARROW
        ends = starts * np.array([(1 - eta) ** 60, (1 - NARROW * eta) ** 60])
        f = [(points**2 @ [1, NARROW]) / 2 for points in (starts, ends)]
        outcome, mean = number(answered(NAME), key)
        assert outcome == said
        assert mean == pytest.approx(np.log10(f[1] / f[0]).mean(), abs=1e-6)


def test_too_small_gets_nowhere_and_too_large_learns_nothing(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "too-small")
    assert outcome == "held"
    assert mean == pytest.approx(-0.83, abs=0.08)
    outcome, mean = number(answered(NAME), "too-large")
    assert outcome == "held"
    assert mean == pytest.approx(0, abs=0.02)


def test_a_tenth_of_the_best_rate_for_ten_times_as_long_is_no_worse(answered: Answered) -> None:
    """After 8 and 80 epochs it is 1.6 points ahead, with an interval that reaches beyond the 2 points of the saying."""
    outcome, mean = number(answered(NAME), "slow-is-as-good")
    assert outcome == "undecided"
    assert mean == pytest.approx(0.016, abs=0.015)


def test_the_best_rate_is_near_the_largest_that_learns(answered: Answered) -> None:
    """The rates stand √10 apart: for most seeds both are the same rate, for some the next."""
    outcome, mean = number(answered(NAME), "best-is-largest")
    assert outcome == "held"
    assert 1 <= mean <= math.sqrt(10)


def test_no_rate_above_two_over_the_curvature_learned(answered: Answered) -> None:
    """Largest that learns: 1 or 3.16 by seed; 2/λ: 2.3 to 3.1."""
    outcome, mean = number(answered(NAME), "edge-at-start")
    assert outcome == "held"
    assert mean == pytest.approx(0.5, abs=0.35)


# --- what they are measured with -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["softmax_regression", "mlp(widths=[5], activation=tanh)"])
def test_the_curvature_is_the_greatest_eigenvalue_of_the_hessian(model: str) -> None:
    arm = prepare(with_seed(recipe("iris(scale=standard)", model), 3))
    index = arm.dataset.train.index
    x, y = arm.dataset.train.pool_x[index], arm.dataset.train.pool_y[index]

    def loss(weights: torch.Tensor) -> torch.Tensor:
        return arm.loss(arm.network(weights, {}, x), y)

    hessian = torch.autograd.functional.hessian(loss, arm.network.initial)
    values = torch.linalg.eigvalsh(hessian)
    greatest = values[values.abs().argmax()].item()
    assert sharpness(arm) == pytest.approx(greatest, rel=0.02)


def test_the_largest_rate_that_learns_is_read_seed_by_seed(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["rates"]
    rates = [float(level.name) for level in one.levels]
    found = largest_that_learns(one, list(one.values), rates)
    for seed, largest in enumerate(found):
        learned = [
            rate for rate, name in zip(rates, one.values, strict=True)
            if one.values[name][seed] > one.arms[name][seed].dataset.task.chance + 0.05
        ]  # fmt: skip
        assert largest == max(learned)


def test_of_adam_nothing_is_said_of_the_edge() -> None:
    assert "edge-at-start" not in {claim.key for claim in pose(find(NAME), {"optimizer": "adam"}).claims()}
