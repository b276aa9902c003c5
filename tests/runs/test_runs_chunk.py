"""A history cut into chunks and read back is the same history, to the last bit."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.engine.history import Evaluation, History, Reading, Readings
from whynet.errors import StoreError
from whynet.runs.chunk import extent, pack, unpack

FLOATS = st.floats(width=64)  # NaN, infinities, negative zero and denormals included
STEPS = st.integers(0, 2**40)
NAMES = st.text(max_size=8)
EVALUATIONS = st.builds(Evaluation, STEPS, FLOATS, st.sampled_from(["train", "validation", "test"]), FLOATS, FLOATS)
READINGS = st.builds(Reading, STEPS, NAMES, NAMES, FLOATS)
PIECES = st.lists(
    st.tuples(st.lists(FLOATS, max_size=5), st.lists(EVALUATIONS, max_size=3), st.lists(READINGS, max_size=5)), max_size=4
)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def exactly(history: History) -> tuple[object, ...]:
    return (
        [bits(value) for value in history.loss],
        [(e.step, bits(e.epoch), e.split, bits(e.loss), bits(e.metric)) for e in history.evaluations],
        [(r.step, r.probe, r.layer, bits(r.value)) for r in history.readings],
    )


@given(PIECES)
def test_chunks_put_together_are_the_history(pieces: list[tuple[list[float], list[Evaluation], list[Reading]]]) -> None:
    history, rows = History(), []
    for losses, evaluations, readings in pieces:
        before = extent(history)
        history.loss += losses
        history.evaluations += evaluations
        history.readings += readings
        rows.append(pack(history, before))
    assert exactly(unpack(rows)) == exactly(history)


def test_what_comes_back_are_plain_numbers() -> None:
    history = History([0.5], [Evaluation(1, 0.5, "test", 0.25, 1.0)], Readings([Reading(1, "norm", "head", 2.0)]))
    read = unpack([pack(history, (0, 0, 0))])
    assert read == history
    assert (type(read.loss[0]), type(read.evaluations[0].step), type(read.readings[0].value)) == (float, int, float)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_missing_or_doubled_chunk_is_noticed(after: int) -> None:
    history = History([1.0, 2.0, 3.0, 4.0])
    rows = [pack(History(history.loss[:2]), (0, 0, 0)), pack(history, (after, 0, 0))]
    with pytest.raises(StoreError, match=f"after step 2 it goes on at step {after}"):
        unpack(rows)
