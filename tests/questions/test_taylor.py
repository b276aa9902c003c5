"""The claims on Taylor polynomials, each a test that can fail; and the series they are measured with, against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import special

from whynet.questions import Answer, ask
from whynet.questions.mathematics.series import derivatives, errors, exponents, polynomial

Answered = Callable[[str], Answer]
NAME = "taylor"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_the_error_of_known_functions_falls_with_the_next_power(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "known")
    assert outcome == "held"
    assert mean == pytest.approx(0.15, abs=0.02)  # tanh at order 3, whose next term is small


def test_so_does_that_of_a_smooth_loss_and_not_that_of_relu(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "loss")
    assert (outcome, mean < 0.1) == ("held", True)
    outcome, mean = number(answered(NAME), "relu")
    assert outcome == "did not hold"
    assert mean == pytest.approx(1.1, abs=0.4)  # the median order is off by one: a power near 2 where 3 is due
    table = answered(NAME).evidence.tables["exponents"].query("kind == 'relu'").groupby("order")["exponent"].mean()
    assert table[4] == pytest.approx(table[2], abs=0.3)  # terms beyond the second bring nothing


def test_beyond_its_radius_a_series_gets_worse(answered: Answered) -> None:
    """|Σ_{k > n} (-1)^k x^k / k|, the tail, by plain arithmetic."""

    def off(x: float, n: int) -> float:
        return abs(math.log1p(x) - sum((-1) ** (k + 1) * x**k / k for k in range(1, n + 1)))

    for key, x, expected in (("inside", 0.5, "held"), ("more-terms", 1.5, "did not hold")):
        outcome, mean = number(answered(NAME), key)
        assert outcome == expected
        assert mean == pytest.approx(off(x, 10) / off(x, 1), rel=1e-9)


def test_the_line_foretells_a_usual_step(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "line")
    assert outcome == "held"
    assert mean == pytest.approx(1.012, abs=0.008)


def test_the_parabola_knows_a_good_step(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "parabola")
    assert outcome == "held"
    assert mean == pytest.approx(0.976, abs=0.03)


def test_a_loss_that_is_a_parabola_leaves_nothing_to_the_higher_orders() -> None:
    answer = ask(NAME, quick=True, data="ice_cream", model="linear_regression")
    table = answer.evidence.tables["exponents"].query("kind == 'model'")
    assert table.loc[table["order"] >= 2, "exponent"].isna().all()
    assert answer.claim("parabola").measured.interval.mean == pytest.approx(1.0, abs=1e-3)


# --- the series ------------------------------------------------------------------------------------------------------


def test_derivatives_are_those_of_the_closed_forms() -> None:
    at = 0.7
    sine = [math.sin(at), math.cos(at), -math.sin(at), -math.cos(at), math.sin(at)]
    np.testing.assert_allclose(derivatives(torch.sin, at, 4), sine, rtol=1e-12)
    powers = [(-1) ** (k + 1) * math.factorial(k - 1) / (1 + at) ** k for k in range(1, 6)]
    np.testing.assert_allclose(derivatives(torch.log1p, at, 5), [math.log1p(at), *powers], rtol=1e-12)
    assert derivatives(lambda x: 3 * x + 1, at, 3) == pytest.approx([3.1, 3, 0, 0])
    assert derivatives(lambda x: x**2, at, 4) == pytest.approx([0.49, 1.4, 2, 0, 0])


def test_the_error_of_exp_is_its_tail() -> None:
    """e^h − T_n(h) = e^h P(n + 1, h), with the regularised incomplete gamma function."""
    steps = (0.5, 0.25, 0.1)
    off = errors(torch.exp, 0.0, steps, 3)
    expected = [[math.exp(h) * special.gammainc(n + 1, h) for n in range(4)] for h in steps]
    np.testing.assert_allclose(off, expected, rtol=1e-9)


def test_a_polynomial_agrees_with_numpy() -> None:
    coefficients = [2.0, -1.0, 4.0, 6.0]
    steps = np.array([-1.0, 0.3, 2.0])
    expected = np.polynomial.Polynomial([2, -1, 4 / 2, 6 / 6])(steps)
    np.testing.assert_allclose(polynomial(coefficients, steps, 3), expected)


def test_the_exponent_of_a_power_is_the_power() -> None:
    steps = (0.4, 0.2, 0.1, 0.05)
    off = np.array([[2 * h**1.5, 7 * h**3, np.nan] for h in steps])
    np.testing.assert_allclose(exponents(steps, off)[:2], [1.5, 3])
    assert np.isnan(exponents(steps, off)[2])
