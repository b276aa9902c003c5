"""Readings in columns read like a list of readings."""

from __future__ import annotations

import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from whynet.engine.history import History
from whynet.engine.readings import Reading, Readings

one = st.builds(Reading, st.integers(1, 9), st.sampled_from("pq"), st.sampled_from(["", "a", "b"]), st.floats(allow_nan=False))
many = st.lists(one, max_size=8)


@given(st.lists(many, max_size=4), st.integers(0, 30))
def test_as_a_list(parts: list[list[Reading]], count: int) -> None:
    ours, twin = Readings(), []
    for part in parts:
        ours += part
        twin += part
    assert list(ours) == twin
    assert ours == twin
    assert (len(ours), ours[1:3], bool(ours)) == (len(twin), twin[1:3], bool(twin))
    assert list(ours.after(count)) == twin[count:]
    assert list(ours.columns()) == twin
    assert ours.series() == list(dict.fromkeys((r.probe, r.layer) for r in twin))
    assert pickle.loads(pickle.dumps(ours)) == twin


def test_a_table_of_numbers_is_taken_in_row_by_row() -> None:
    readings = Readings()
    readings.add([3, 5], [("p", "a"), ("q", "")], np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert readings == [
        Reading(3, "p", "a", 1.0),
        Reading(3, "q", "", 2.0),
        Reading(5, "p", "a", 3.0),
        Reading(5, "q", "", 4.0),
    ]
    copied = readings.copy()
    readings.append(Reading(7, "p", "a", 5.0))
    assert (len(copied), len(readings)) == (4, 5)
    table = History(readings=readings).probe("p")
    assert table["a"].to_dict() == {3: 1.0, 5: 3.0, 7: 5.0}
    assert History().probe("p").empty
