"""By what a network is judged, who leaves a trial early, and that leaving early makes nothing look better."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whynet.data import from_tensors
from whynet.data.dataset import Dataset, Examples
from whynet.doctor.rungs import falling, hopeless
from whynet.doctor.tried import Entry, _ranked, judged, worth
from whynet.doctor.yardstick import Yardstick, yardstick
from whynet.experiment.statistics import summarise

ACCURACY = Yardstick("classify", "test", 0.1, 0.05)
R2 = Yardstick("regress", "test", 0.0, 0.05)


@given(st.floats(-1, 1))
def test_the_scale_of_r2_is_the_error_left_over_the_spread(r2: float) -> None:
    assert R2.scale(r2) == pytest.approx(1 - math.sqrt(1 - r2))
    assert R2.scale(1.0) == 1
    assert R2.scale(0.0) == 0


@given(st.floats(0, 1), st.floats(0.2, 1))
def test_a_mended_network_is_past_the_original_and_never_past_the_healthy_one(original: float, healthy: float) -> None:
    least = ACCURACY.least(min(original, healthy), healthy)
    assert min(original, healthy) <= least + 1e-12
    assert least <= healthy + 1e-12
    assert least >= 0.1 + 0.8 * (healthy - 0.1) - 1e-12


@pytest.mark.parametrize(
    ("own", "line", "short"),
    [
        (0.996, 1.0, True),
        (0.998, 1.0, False),
        (0.9, 0.96, False),
        (0.5, 0.9, True),
        (0.85, 0.86, False),
        (0.99, -math.inf, False),
    ],
)
def test_erring_twice_as_much_as_a_line_falls_short_however_good_r2_looks(own: float, line: float, short: bool) -> None:
    assert R2.short(own, line) is short


def held_out(n: int, test: int, kind: str = "classify") -> Dataset:
    x = torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    y = torch.arange(n) % 2 if kind == "classify" else x[:, :1]
    whole = from_tensors((x, y), seed=0)
    pool = whole.train
    index = torch.arange(n)
    cut = {"train": index[test:], "validation": index[:0], "test": index[:test]}
    return replace(whole, **{name: Examples(pool.pool_x, pool.pool_y, part) for name, part in cut.items()})


@pytest.mark.parametrize(("n", "test", "kind", "split"), [
    (200, 40, "classify", "test"), (24, 4, "classify", "train"), (300, 60, "regress", "test"), (17, 3, "regress", "train"),
])  # fmt: skip
def test_where_a_perfect_answer_could_be_luck_the_training_examples_judge(n: int, test: int, kind: str, split: str) -> None:
    found = yardstick(held_out(n, test, kind))
    assert found.split == split
    assert 0 < found.noise < 1 - found.chance


# --- leaving early ----------------------------------------------------------------------------------------------------

FLAT = [2.303 + 1e-3 * (-1) ** i for i in range(90)]
SINKING = [2.303 - 0.004 * i for i in range(90)]


def test_an_arm_that_rests_at_chance_leaves() -> None:
    assert hopeless([0.1, 0.1], [0.1, 0.11], [FLAT, FLAT], ACCURACY, 0.97)


def test_a_diverged_arm_leaves() -> None:
    assert hopeless([math.nan, math.nan], [0.1, 0.1], [[2.3, math.nan]] * 2, ACCURACY, 0.97)


@pytest.mark.parametrize(
    ("values", "original", "losses"),
    [
        ([0.1, 0.4], [0.1, 0.1], [FLAT, FLAT]),  # one seed has woken
        ([0.1, 0.1], [0.1, 0.1], [FLAT, SINKING]),  # one loss is on its way
        ([0.6, 0.6], [0.7, 0.7], [FLAT, FLAT]),  # it learns, if less than the original so far
        ([0.2, 0.2], [0.1, 0.1], [FLAT, FLAT]),  # better than the original
    ],
)
def test_whoever_may_still_do_something_stays(values: list[float], original: list[float], losses: list[list[float]]) -> None:
    assert not hopeless(values, original, losses, ACCURACY, 0.97)


def test_a_loss_that_only_varies_does_not_fall() -> None:
    rng = np.random.default_rng(0)
    fell = [falling(list(2.3 + 0.3 * rng.standard_normal(60))) for _ in range(400)]
    assert sum(fell) / len(fell) < 0.06  # one-sided, two standard errors: 2.3 %; of a t with few more degrees
    assert falling(SINKING)
    assert not falling([1.0, 0.5])


def test_arms_that_are_equal_are_seldom_called_better_though_the_rest_left() -> None:
    """Arms that leave are chosen by what they show early, which tells of how they end; Holm over all, left ones included, holds."""
    rng = np.random.default_rng(1)
    found, rounds, m, n = 0, 1500, 10, 5
    for _ in range(rounds):
        early = rng.standard_normal((m + 1, n))
        late = 0.8 * early + 0.6 * rng.standard_normal((m + 1, n))  # the end of a training resembles its beginning
        stay = [i for i in range(1, m + 1) if early[i].mean() > early[0].mean()]
        values = {"original": late[0]} | {str(i): late[i] for i in stay}
        rows = summarise({k: list(v) for k, v in values.items()}, "original", left=m - len(stay))
        found += any(row.outcome == "better" for row in rows)
    assert found / rounds < 0.05


def test_leaving_only_makes_the_others_harder_to_tell_from_luck() -> None:
    values = {"original": [0.1, 0.11, 0.12, 0.1, 0.13], "a": [0.5, 0.6, 0.52, 0.4, 0.58], "b": [0.1, 0.12, 0.1, 0.11, 0.12]}
    alone = {row.level: row.adjusted_p for row in summarise(values, "original")}
    crowded = {row.level: row.adjusted_p for row in summarise(values, "original", left=8)}
    assert alone["a"] is not None
    assert crowded["a"] is not None
    assert alone["a"] < crowded["a"] <= 10 / 2 * alone["a"] + 1e-12
    assert [row.outcome for row in summarise(values, "original", left=60)][1] == "unknown"  # 5 seeds cannot show it among 62


@pytest.mark.parametrize(
    ("before", "after", "gains"),
    [(0.1, 0.3, True), (0.9, 0.92, False), (0.9, 0.96, True), (0.5, 0.56, False), (0.6, 0.5, False), (0.99, 1.0, False)],
)
def test_a_gain_worth_mentioning_is_a_tenth_of_the_way_or_half_of_a_small_error(
    before: float, after: float, gains: bool
) -> None:
    assert worth(ACCURACY, before, after, 0.97) == gains


@pytest.mark.parametrize("tails", ["all or nothing", "heavy"])
def test_more_seeds_for_the_undecided_find_no_difference_between_equal_arms(tails: str) -> None:
    """Two looks, the second with two tests, at arms that are all alike and came back on most of the first five seeds."""
    rng = np.random.default_rng(2)
    found, rounds, m, n = 0, 600, 8, 5
    for _ in range(rounds):
        if tails == "heavy":
            values = 0.9 - np.minimum(2, np.abs(rng.standard_cauchy((m + 1, 2 * n))) * 0.05)
        else:
            values = np.where(rng.random((m + 1, 2 * n)) < 0.4, 0.9, 0.1) + 0.01 * rng.standard_normal((m + 1, 2 * n))
        first = summarise({"original": values[0, :n]} | {str(i): values[i, :n] for i in range(1, m + 1)}, "original")
        better = any(row.outcome == "better" for row in first)
        unsure = [i for i in range(1, m + 1) if (values[i, :n] > 0.7).mean() >= 0.5]
        for i in unsure[:3] if not better else []:
            both = {"original": list(values[0]), str(i): list(values[i])}
            row = summarise(both, "original", left=4 * m - 1)[1]
            better = better or _ranked(row, both, 0.0, 4 * m).outcome == "better"
        found += better
    assert found / rounds < 0.05


def test_signed_ranks_tell_what_means_cannot() -> None:
    """Ten seeds all better, two of them by far more than the others: the t test sees nothing, signed ranks say about 2 / 2^10."""
    values = {"original": [0.8, 0.79, -1.0, 0.8, 0.81, 0.78, -0.9, 0.8, 0.79, 0.8], "a": [0.86] * 10}
    row = summarise(values, "original")[1]
    assert row.outcome == "same"
    assert _ranked(row, values, 0.0, 4).outcome == "better"
    assert _ranked(row, values, 0.0, 4).p == pytest.approx(
        2 / 2**10, rel=0.5
    )  # ties are corrected for by the normal approximation
    assert _ranked(row, values, 0.0, 40).outcome == "same"


def test_a_remedy_that_stands_alone_and_was_given_more_seeds_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has as many seeds as all of its family, being all of it, has had a second look all the same."""
    values = {"arms": [0.86] * 10, "beside": [0.8, 0.79, -1.0, 0.8, 0.81, 0.78, -0.9, 0.8, 0.79, 0.8]}
    monkeypatch.setattr("whynet.doctor.tried._values", lambda arms, stick: values[arms[0]][: int(arms[1])])
    plan = SimpleNamespace(name="a", causes=(None,), remedy=None, recipe=None, parts=())

    def outcome(seeds: int) -> str:
        class Seeds(tuple):  # type: ignore[type-arg]
            def __len__(self) -> int:
                return seeds

        one = Entry(plan, Seeds(("arms", seeds)), Seeds(("beside", seeds)))  # type: ignore[arg-type]
        return judged([one], [one], R2, 0.0, 0.86, 5)[0].summary.outcome

    assert outcome(5) == "same"
    assert outcome(10) == "better"
