"""The paired test, the chance of superiority and Holm's correction: against SciPy, slow twins, and simulated arms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from whynet.errors import ComparisonError
from whynet.experiment.statistics import holm, least_p, paired, seeds_needed, superiority
from whynet.text import use_language

metrics = st.floats(0, 1).map(lambda value: round(value, 4))
pairs = st.integers(2, 10).flatmap(
    lambda n: st.tuples(st.lists(metrics, min_size=n, max_size=n), st.lists(metrics, min_size=n, max_size=n))
)
nan = math.nan


# --- one level against the baseline ----------------------------------------------------------------------------------


@given(pairs)
def test_is_the_paired_t_test_of_scipy_with_a_floor(arms: tuple[list[float], list[float]]) -> None:
    ours, theirs = arms
    gaps = np.round(np.subtract(ours, theirs), 4)
    found = paired(ours, theirs)
    if len(set(gaps)) == 1:
        assert found.p == pytest.approx(1.0 if gaps[0] == 0 else 2 * 0.25 ** len(ours))
        return
    expected = stats.ttest_rel(ours, theirs)
    assert found.p == pytest.approx(max(expected.pvalue, 2 * 0.25 ** len(ours)), rel=1e-6)
    interval = expected.confidence_interval(0.95)
    assert (found.difference.low, found.difference.high) == pytest.approx((interval.low, interval.high), abs=1e-9)


@given(pairs)
def test_turned_round_it_says_the_opposite(arms: tuple[list[float], list[float]]) -> None:
    there, back = paired(*arms), paired(*arms[::-1])
    assert there.p == pytest.approx(back.p)
    assert there.difference.mean == pytest.approx(-back.difference.mean, abs=1e-12)
    assert there.superiority.mean == pytest.approx(1 - back.superiority.mean)
    assert there.superiority.low == pytest.approx(1 - back.superiority.high)


@given(pairs)
def test_superiority_counts_wins_and_half_of_the_ties(arms: tuple[list[float], list[float]]) -> None:
    score = sum(Fraction(1) if a > b else Fraction(1, 2) if a == b else Fraction(0) for a, b in zip(*arms, strict=True))
    found = paired(*arms)
    assert found.superiority.mean == pytest.approx(float(score / len(arms[0])))
    losses = paired(*arms, higher_is_better=False)
    assert found.wins + found.ties + losses.wins == found.n == len(arms[0])


def test_equal_arms_differ_in_nothing() -> None:
    found = paired([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    assert found.p == 1
    assert (found.difference.low, found.difference.mean, found.difference.high) == (0, 0, 0)
    assert found.superiority.mean == 0.5
    assert (found.wins, found.ties) == (0, 3)


def test_a_difference_of_rounding_is_none() -> None:
    found = paired([0.1 + 0.2] * 5, [0.3] * 5)
    assert 0.1 + 0.2 != 0.3
    assert found.p == 1
    assert found.ties == 5


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_same_difference_on_every_seed_is_worth_what_luck_could_do(n: int) -> None:
    found = paired([1.0] * n, [0.5] * n)
    assert found.p == 2 * 0.25**n
    assert found.difference.mean == found.difference.low == found.difference.high == 0.5


def test_the_floor_is_the_most_that_luck_can_do() -> None:
    """Every outcome of two equal arms that learn with probability q: all n pairs apart in one direction."""
    for n in (2, 3, 4):
        chances = []
        for tenths in range(1, 10):
            q, chance = Fraction(tenths, 10), Fraction(0)
            for outcome in itertools.product([0, 1], repeat=2 * n):
                if {a - b for a, b in zip(outcome[:n], outcome[n:], strict=True)} in ({1}, {-1}):
                    chance += q ** sum(outcome) * (1 - q) ** (2 * n - sum(outcome))
            chances.append(chance)
        assert float(max(chances)) == least_p(n)
        assert max(chances) == chances[4]  # q = 1/2


@pytest.mark.parametrize(("levels", "seeds"), [(0, 3), (1, 3), (2, 4), (6, 4), (7, 5), (25, 5), (26, 6)])
def test_how_many_seeds_a_family_needs(levels: int, seeds: int) -> None:
    assert seeds_needed(levels) == seeds
    if levels:
        assert max(holm([least_p(seeds)] * levels)) <= 0.05 < max(holm([least_p(seeds - 1)] * levels))


def test_one_pair_tells_nothing() -> None:
    found = paired([0.9], [0.1])
    assert found.p == 1
    assert not found.difference.known
    assert found.difference.mean == pytest.approx(0.8)
    assert found.superiority.mean == 1
    assert found.superiority.low < 0.5


def test_a_diverged_run_loses_and_is_not_left_out() -> None:
    found = paired([0.9, nan, 0.9, 0.9], [0.8, 0.85, 0.8, 0.8])
    assert found.n == 4
    assert found.wins == 3
    assert found.difference.mean == pytest.approx((0.1 - 0.05 + 0.1 + 0.1) / 4)
    assert paired([nan, nan], [nan, nan]).p == 1
    assert math.isnan(paired([nan, nan], [nan, nan]).difference.mean)
    assert paired([nan, 0.3], [0.2, 0.3], higher_is_better=False).wins == 0


def test_the_difference_is_clipped_to_what_is_possible() -> None:
    found = paired([1.0, 1.0, 0.1], [0.0, 0.1, 0.0], bounds=(0.0, 1.0))
    assert found.difference.high == 1
    assert paired([1.0, 1.0, 0.1], [0.0, 0.1, 0.0]).difference.high > 1


@pytest.mark.parametrize(("ours", "theirs"), [([0.1], [0.1, 0.2]), ([], [])])
def test_arms_without_pairs_are_refused(ours: list[float], theirs: list[float]) -> None:
    with pytest.raises(ComparisonError, match=f"Received: {len(ours)} and {len(theirs)}") as caught:
        paired(ours, theirs)
    with use_language("ko"):
        assert f"{len(ours)}개와 {len(theirs)}개" in str(caught.value)


# --- the chance of superiority ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wins", "n"), [(0, 3), (3, 3), (2, 5), (7, 10), (50, 100)])
def test_superiority_has_the_interval_of_wilson(wins: int, n: int) -> None:
    expected = stats.binomtest(wins, n).proportion_ci(0.95, method="wilson")
    found = superiority(wins, 0, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.mean == wins / n


@given(st.integers(1, 10), st.data())
def test_superiority_stays_a_probability(n: int, data: st.DataObject) -> None:
    wins = data.draw(st.integers(0, n))
    found = superiority(wins, data.draw(st.integers(0, n - wins)), n)
    assert 0 <= found.low <= found.mean <= found.high <= 1


# --- many levels -----------------------------------------------------------------------------------------------------


def holm_by_definition(p_values: Sequence[float]) -> list[float]:
    """The smallest α at which Holm's step-down procedure rejects each hypothesis, found by trying every candidate."""
    m = len(p_values)

    def rejected(alpha: float) -> set[int]:
        out: set[int] = set()
        for step, i in enumerate(sorted(range(m), key=lambda i: p_values[i])):
            if p_values[i] * (m - step) > alpha:
                break
            out.add(i)
        return out

    candidates = sorted({1.0, *(min(1.0, p * k) for p in p_values for k in range(1, m + 1))})
    return [next((alpha for alpha in candidates if i in rejected(alpha)), 1.0) for i in range(m)]


@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.05, 1.0]), max_size=8))
def test_holm_is_its_definition(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(holm_by_definition(p_values))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # from the example in R's p.adjust


# --- how often it is wrong, and how often it sees --------------------------------------------------------------------

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.normal(0.8, 0.02, shape)


def skewed(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return 1 - random.lognormal(-3, 1, shape)


def all_or_nothing(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A network that learns in 60 % of seeds."""
    return np.where(random.random(shape) < 0.6, 0.95, 0.1) + 0.01 * random.normal(size=shape)


def solved_or_not(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The same on a task that is solved completely or not at all."""
    return np.where(random.random(shape) < 0.6, 1.0, 0.5)


DRAWS = [normal, skewed, all_or_nothing, solved_or_not]


@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("n", [3, 5, 10])
def test_equal_arms_are_seldom_called_different(draw: Draw, n: int) -> None:
    """At most 5 %, plus 4 standard errors of a share of 5 % among 3000, which is 1.6 %."""
    arms = draw(np.random.default_rng(100 + n), (3000, 2, n))
    false = np.mean([paired(ours, theirs).p <= 0.05 for ours, theirs in arms])
    assert false <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 3000)


@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("n", [3, 5, 10])
def test_and_so_are_ten_levels_together(draw: Draw, n: int) -> None:
    """Any of ten levels, all equal to the baseline they share: 4 standard errors of 5 % among 1000 are 2.8 %."""
    families = draw(np.random.default_rng(200 + n), (1000, 11, n))
    false = np.mean([min(holm([paired(level, arms[0]).p for level in arms[1:]])) <= 0.05 for arms in families])
    assert false <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 1000)


@pytest.mark.parametrize("n", [5, 10])
def test_a_difference_that_is_there_is_seen(n: int) -> None:
    """Power of the t test for a difference of two standard deviations: the non-central t distribution."""
    effect = 2.0
    critical = stats.t.ppf(0.975, n - 1)
    power = stats.nct.sf(critical, n - 1, effect * math.sqrt(n)) + stats.nct.cdf(-critical, n - 1, effect * math.sqrt(n))
    random = np.random.default_rng(300 + n)
    base = random.normal(0.8, 0.1, (2000, n))  # a seed that is hard for one arm is hard for the other
    levels = base + random.normal(0.02, 0.01, (2000, n))
    seen = np.mean([paired(ours, theirs).p <= 0.05 for ours, theirs in zip(levels, base, strict=True)])
    assert seen == pytest.approx(power, abs=4 * math.sqrt(power * (1 - power) / 2000) + 1e-9)


@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: draw.__name__)
def test_the_interval_of_the_difference_holds_the_true_one(draw: Draw) -> None:
    arms = draw(np.random.default_rng(400), (2000, 2, 5))
    held = np.mean([0.0 in paired(ours, theirs).difference for ours, theirs in arms])
    assert held >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 2000)
