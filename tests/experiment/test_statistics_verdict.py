"""What is said of the numbers, in both languages, and the table of levels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.errors import ComparisonError
from whynet.experiment.statistics import (
    Outcome,
    has_recovered,
    holm,
    interval,
    outcome,
    paired,
    recovery,
    summarise,
    verdict,
)
from whynet.text import use_language

nan = math.nan
GOOD = [0.90, 0.92, 0.91, 0.93, 0.90]
LOW = [0.10, 0.11, 0.10, 0.12, 0.09]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (GOOD, LOW, "better"),
        (LOW, GOOD, "worse"),
        (GOOD, GOOD, "same"),
        ([0.90, 0.93, 0.90, 0.94, 0.90], GOOD, "same"),
        (GOOD[:1], LOW[:1], "unknown"),
        (GOOD[:2], LOW[:2], "unknown"),
        (GOOD[:2], GOOD[:2], "same"),
        ([nan] * 5, [nan] * 5, "unknown"),
    ],
)
def test_outcome(ours: Sequence[float], theirs: Sequence[float], expected: Outcome) -> None:
    assert outcome(paired(ours, theirs)) == expected
    mirrored: dict[str, str] = {"better": "worse", "worse": "better"}
    assert outcome(paired(ours, theirs, higher_is_better=False), higher_is_better=False) == mirrored.get(expected, expected)


def test_the_adjusted_p_decides() -> None:
    pair = paired(GOOD, LOW)
    assert outcome(pair, 0.06) == "same"
    assert outcome(pair, 0.05) == "better"


def test_a_difference_in_words() -> None:
    words = verdict(paired(GOOD, LOW))
    # gaps 0.80 and four times 0.81: s = 0.00447, and t(4, 0.975) = 2.776 times s / √5 is 0.0056
    assert words.show("en") == "better: +0.808 (95 % interval +0.802 to +0.814, p = 0.002); better on 5 of 5 seeds"
    assert words.show("ko").startswith("더 좋다: +0.808 (95 % 구간 +0.802 ~ +0.814, p = 0.002), 시드 5개 가운데 5개에서")


def test_no_difference_names_the_smallest_that_would_have_shown() -> None:
    pair = paired([0.90, 0.93, 0.90, 0.94, 0.90], GOOD)
    words = verdict(pair)
    assert "no difference detected" in words.show("en")
    assert f"{pair.difference.half_width:.2g}" in words.show("en")
    assert "차이가 드러나지 않았다" in words.show("ko")
    assert f"{pair.difference.half_width:.2g}" in words.show("ko")
    assert verdict(paired(GOOD, GOOD)).show("en") == "no difference detected: equal on all 5 seeds"


def test_too_few_seeds_are_told_how_many_are_needed() -> None:
    assert "at least 3 seeds" in verdict(paired(GOOD[:1], LOW[:1])).show("en")
    assert "at least 4 seeds" in verdict(paired(GOOD[:3], LOW[:3]), levels=4).show("en")
    assert "적어도 4개" in verdict(paired(GOOD[:3], LOW[:3]), levels=4).show("ko")
    assert outcome(paired(GOOD[:3], LOW[:3]), levels=1) == "better"


def test_ties_are_named() -> None:
    words = verdict(paired([0.5, 0.9, 0.91, 0.92, 0.9, 0.93], [0.5, 0.1, 0.1, 0.1, 0.1, 0.1]))
    assert "better on 5 of 6 seeds (equal on 1)" in words.show("en")
    assert "(1개에서는 같았다)" in words.show("ko")


# --- the table -------------------------------------------------------------------------------------------------------


def test_every_level_gets_its_row() -> None:
    values = {"relu": GOOD, "sigmoid": LOW, "tanh": [0.91, 0.91, 0.91, 0.92, 0.90]}
    rows = summarise(values, "relu", bounds=(0, 1))
    assert [row.level for row in rows] == ["relu", "sigmoid", "tanh"]
    assert [row.outcome for row in rows] == ["baseline", "worse", "same"]
    assert rows[0].difference is rows[0].p is rows[0].adjusted_p is rows[0].superiority is None
    for row in rows:
        assert row.mean == interval(values[row.level], bounds=(0, 1))
    pairs = [paired(values[name], GOOD, bounds=(0, 1)) for name in ("sigmoid", "tanh")]
    assert [row.p for row in rows[1:]] == [pair.p for pair in pairs]
    assert [row.adjusted_p for row in rows[1:]] == holm([pair.p for pair in pairs])
    assert [row.difference for row in rows[1:]] == [pair.difference for pair in pairs]
    assert [row.superiority for row in rows[1:]] == [pair.superiority for pair in pairs]


def test_a_lower_loss_is_better() -> None:
    rows = summarise({"a": GOOD, "b": LOW}, "a", higher_is_better=False)
    assert rows[1].outcome == "better"
    assert rows[1].superiority is not None
    assert rows[1].superiority.mean == 1


def test_diverged_runs_are_counted_and_named() -> None:
    rows = summarise({"a": GOOD, "b": [nan, 0.9, nan, 0.9, 0.9]}, "a", bounds=(0, 1), chance=0.1)
    assert [row.diverged for row in rows] == [0, 2]
    assert rows[1].mean.mean == pytest.approx((2 * 0.1 + 3 * 0.9) / 5)
    assert "diverged runs: 2 of 5" in rows[1].verdict.show("en")
    assert "5번 가운데 2번" in rows[1].verdict.show("ko")
    assert "diverged" not in rows[0].verdict.show("en")


def test_nothing_but_diverged_runs() -> None:
    rows = summarise({"a": [nan] * 5, "b": [nan] * 5}, "a")
    assert rows[1].outcome == "unknown"
    assert rows[1].verdict.show("en") == "cannot be told: every run diverged"
    assert rows[1].diverged == 5
    assert rows[1].adjusted_p == 1


def test_one_level_that_diverged_is_worse() -> None:
    rows = summarise({"a": GOOD, "b": [nan] * 5}, "a", chance=0.1)
    assert rows[1].outcome == "worse"


def test_an_unknown_baseline_is_refused_with_the_nearest() -> None:
    with pytest.raises(ComparisonError, match=r"'rellu' is not among the levels. Did you mean relu\?") as caught:
        summarise({"relu": GOOD, "tanh": GOOD}, "rellu")
    with use_language("ko"):
        assert "relu를 뜻했나?" in str(caught.value)


def test_levels_on_other_seeds_are_refused() -> None:
    with pytest.raises(ComparisonError, match="Received: 4 and 5"):
        summarise({"a": GOOD, "b": GOOD[:4]}, "a")


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.dictionaries(
            st.sampled_from("abcdef"),
            st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.95, 1.0, nan, math.inf]), min_size=n, max_size=n),
            min_size=1,
        )
    ),
    st.booleans(),
)
def test_any_values_have_rows_that_hold_together(values: dict[str, list[float]], higher: bool) -> None:
    for row in summarise(values, min(values), (0, 1), higher):
        assert row.verdict.show("en")
        assert row.verdict.show("ko")
        assert "{" not in row.verdict.show("en") + row.verdict.show("ko")
        if row.mean.known:
            assert 0 <= row.mean.low <= row.mean.mean <= row.mean.high <= 1
        if row.outcome in ("better", "worse"):
            assert row.adjusted_p is not None
            assert row.adjusted_p <= 0.05
            assert row.difference is not None
            assert (row.difference.mean > 0) == ((row.outcome == "better") == higher)


# --- remedies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "effect"),
    [
        ([0.95, 0.80, 0.78], "restores"),
        ([0.95, 0.77, 0.95, 0.95], "often"),
        ([0.95, 0.1], "often"),
        ([0.95, 0.1, 0.1], "no"),
        ([0.1, nan], "no"),
        ([], "no"),
    ],
)
def test_recovery(values: list[float], effect: str) -> None:
    found = recovery(values, chance=0.1, healthy=0.95)  # recovered from 0.1 + 0.8 * 0.85 = 0.78 on
    assert found.effect == effect
    assert found.n == len(values)
    assert str(found.recovered) in found.words.show("en")
    assert f"시드 {found.n}개" in found.words.show("ko")


def test_recovery_where_lower_is_better() -> None:
    assert has_recovered(0.4, chance=2.3, healthy=0.3)
    assert not has_recovered(0.8, chance=2.3, healthy=0.3)


@pytest.mark.parametrize(("chance", "healthy"), [(0.1, 0.1), (nan, 0.9), (0.1, nan)])
def test_there_must_be_something_to_recover(chance: float, healthy: float) -> None:
    with pytest.raises(ComparisonError, match="Recovery is measured from chance"):
        has_recovered(0.5, chance, healthy)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10), st.floats(-5, 5), st.floats(0.1, 10))
def test_recovery_does_not_depend_on_the_unit(values: list[float], shift: float, scale: float) -> None:
    settled = [value for value in values if abs(value - 0.78) > 1e-6]
    plain = recovery(settled, 0.1, 0.95)
    moved = recovery(list(np.array(settled) * scale + shift), 0.1 * scale + shift, 0.95 * scale + shift)
    assert plain.effect == moved.effect
