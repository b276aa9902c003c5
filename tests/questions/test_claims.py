"""Claims: when a number proves a sentence, disproves it, or settles nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.experiment.statistics import Interval, interval
from whynet.questions import Claim, Evidence, Measured, exactly
from whynet.questions.claim import ENOUGH, OUTCOMES, outcome
from whynet.registry import Range
from whynet.text import LANGUAGES, plain, use_language

BOUNDS = st.none() | st.integers(-5, 5).map(float)
RANGES = st.builds(Range, BOUNDS, BOUNDS, BOUNDS, BOUNDS).filter(
    lambda r: max(x for x in (r.least, r.above, -99) if x is not None) < min(x for x in (r.most, r.below, 99) if x is not None)
)


def measured(low: float, high: float, n: int = 5) -> Measured:
    return Measured(Interval((low + high) / 2, low, high, n), plain("x"))


def judged(number: Measured, holds: Range):  # type: ignore[no-untyped-def]
    return Claim("key", plain("x"), lambda _: number, holds).judge(Evidence())


@given(RANGES, st.integers(-12, 12), st.integers(0, 12))
def test_the_outcome_is_that_of_every_point_of_the_interval(holds: Range, low: int, width: int) -> None:
    """The twin looks at a thousand points of the interval one by one."""
    ends = low / 2, low / 2 + width / 2
    points = [holds.holds(x) for x in np.linspace(*ends, 1201)]  # finer than the bounds are apart
    expected = "held" if all(points) else "undecided" if any(points) else "did not hold"
    assert outcome(measured(*ends), holds) == expected


@pytest.mark.parametrize("n", range(2, ENOUGH))
def test_few_seeds_settle_nothing_however_well_they_agree(n: int) -> None:
    one = judged(Measured(interval([1.0] * n), plain("x")), Range(above=0))
    assert one.outcome == "undecided"
    assert str(ENOUGH) in one.words.show("en")
    assert judged(Measured(interval([1.0] * ENOUGH), plain("x")), Range(above=0)).outcome == "held"


def test_mathematics_needs_no_seeds() -> None:
    assert judged(exactly(0.25, plain("x")), Range(most=0.25)).outcome == "held"
    assert judged(exactly(0.2501, plain("x")), Range(most=0.25)).outcome == "did not hold"


def test_a_number_that_is_none_settles_nothing() -> None:
    one = judged(Measured(interval([1.0, math.nan, 2.0]), plain("x")), Range(above=0))
    assert one.outcome == "undecided"
    assert one.to_dict()["value"] is None
    assert str(Measured(one.measured.interval, plain("x"), "percent")) == "–"


def test_the_number_stands_with_its_interval_and_unit() -> None:
    share = Interval(0.8071, 0.761, 0.853, 5)
    assert str(Measured(share, plain("x"), "percent")) == "80.7 % [76.1, 85.3]"
    assert str(Measured(share, plain("x"), "points")) == "+80.7 points [+76.1, +85.3]"
    assert str(Measured(share, plain("x"))) == "0.807 [0.761, 0.853]"
    assert Measured(Interval(-0.031, -0.05, -0.01, 5), plain("x"), "points").text.show("ko") == "−3.1 %포인트 [−5.0, −1.0]"
    assert str(exactly(0.25, plain("x"))) == "0.25"


@pytest.mark.parametrize(
    ("holds", "style", "words"),
    [
        (Range(below=0.25), "number", "x < 0.25"),
        (Range(least=0.8), "percent", "80.0 % ≤ x"),
        (Range(above=0), "points", "0 < x"),
        (Range(least=0.13, most=0.159), "number", "0.13 ≤ x ≤ 0.159"),
    ],
)
def test_the_condition_is_written_like_the_number(holds: Range, style: str, words: str) -> None:
    number = Measured(Interval(0.5, 0.4, 0.6, 5), plain("x"), style)  # type: ignore[arg-type]
    assert judged(number, holds).condition.show("en") == words


def test_outcomes_have_words_in_both_languages() -> None:
    for words in OUTCOMES.values():
        shown = set()
        for language in LANGUAGES:
            with use_language(language):
                shown.add(str(words))
        assert len(shown) == 2
