"""Times as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.cli.duration import UNITS, seconds_of
from whynet.errors import OptionError


@given(st.integers(1, 10**6), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " "]))
def test_a_number_and_a_unit_are_so_many_seconds(number: int, unit: str, space: str) -> None:
    assert seconds_of(f"{space}{number}{space}{unit}{space}") == number * UNITS[unit]
    assert seconds_of(f"{number}{unit.upper()}") == number * UNITS[unit]


def test_fractions_are_read() -> None:
    assert (seconds_of("1.5m"), seconds_of(".5"), seconds_of("2.s")) == (90.0, 0.5, 2.0)


@given(st.text(max_size=12))
def test_whatever_is_written_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(OptionError):
        assert seconds_of(text) > 0


@pytest.mark.parametrize("text", ["", "0", "0s", "-3", "s", "3d", "three", "1e3", "nan", "inf", "1:30"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="30s"):
        seconds_of(text)
