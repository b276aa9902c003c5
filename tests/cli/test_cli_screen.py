"""Numbers, tables and curves as text."""

from __future__ import annotations

import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from whynet.cli import screen
from whynet.text import Text, use_language

FINITE = st.floats(-1e6, 1e6)


@given(st.lists(FINITE, min_size=1, max_size=100))
def test_a_curve_is_as_long_as_its_values_and_ends_at_its_extremes(values):
    drawn = screen.spark(values)
    assert len(drawn) == min(len(values), 32)
    if len(values) <= 32 and max(values) - min(values) > 1e-6:
        assert drawn[values.index(min(values))] == "▁"
        assert drawn[values.index(max(values))] == "█"


def test_curves_of_known_values():
    assert screen.spark([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert screen.spark([5, 5, 5]) == "▁▁▁"
    assert screen.spark([1, math.nan, 2]) == "▁×█"
    assert screen.spark([]) == ""
    assert screen.spark([1e-6, 1e-3, 1], log=True) == "▁▅█" or screen.spark([1e-6, 1e-3, 1], log=True) == "▁▄█"
    assert screen.spark([0, 1e-3, 1], log=True) == "▁▁█"  # no logarithm of zero
    assert screen.metric_spark([0.5, 0.5], "accuracy") != screen.metric_spark([0.0, 0.0], "accuracy")


@pytest.mark.parametrize(
    ("given_", "words"),
    [(0.04, "0.0 s"), (3.44, "3.4 s"), (59.9, "59.9 s"), (60, "1 min 00 s"), (125, "2 min 05 s"), (3725, "1 h 02 min")],
)
def test_times(given_, words):
    assert screen.seconds(given_) == words


def test_metrics():
    assert screen.metric_text(0.9153, "accuracy") == "91.5 %"
    assert screen.metric_text(0.9153, "r2") == "0.915"
    assert screen.metric_text(math.nan, "r2") == "–"
    assert screen.count(1234567) == "1,234,567"
    assert screen.number(0.00012345) == "0.0001234" or screen.number(0.00012345) == "0.0001235"


def test_json_has_no_nan(capsys):
    screen.as_json({"a": [1.5, math.nan, math.inf], "b": None, "c": Text("word", "말"), "d": True})
    assert json.loads(capsys.readouterr().out) == {"a": [1.5, None, None], "b": None, "c": "word", "d": True}


COLUMNS = [Text("name", "이름"), Text("value", "값"), Text("words", "설명")]
ROWS = [[Text("loss", "손실(loss)"), "1.25", "short"], [Text("rate", "학습률"), "10.5", "a longer sentence " * 8]]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_table_in_a_pipe_is_aligned_and_unbroken(capsys, lang):
    with use_language(lang):
        screen.table(COLUMNS, ROWS, right=(1,), wrap=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "\033" not in "".join(lines)
    assert all(line == line.rstrip() for line in lines)
    starts = {cell_len(line[: line.index(words)]) for line, words in zip(lines[2:], ("short", "a longer"), strict=True)}
    assert len(starts) == 1


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_table_on_a_narrow_terminal_stays_inside_it(monkeypatch, lang):
    file = io.StringIO()
    monkeypatch.setattr(screen, "out", lambda: Console(file=file, width=60, force_terminal=True, color_system=None))
    with use_language(lang):
        screen.table(COLUMNS, ROWS, right=(1,), wrap=2)
        screen.pairs([(Text("key", "항목"), "값 " * 60)])
        screen.say(Text("word " * 40, "낱말 " * 40))
    lines = file.getvalue().splitlines()
    assert len(lines) > 8
    assert max(cell_len(line) for line in lines) <= 60


def test_a_sentence_without_room_goes_under_its_row(monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(screen, "out", lambda: Console(file=file, width=70, force_terminal=True, color_system=None))
    rows = [["a" * 30, "1", "first " * 20], ["b", "22", "second " * 20]]
    screen.table(["name", "number", "idea"], rows, right=(1,), wrap=2)
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    assert lines[0] == "name" + " " * 29 + "number"
    assert lines[2] == "a" * 30 + " " * 8 + "1"
    assert lines[3] == "    " + " ".join(["first"] * 11)
    assert lines[5] == "b" + " " * 36 + "22"
    assert lines[6].startswith("    second")
    assert len(lines) == 9


def test_square_brackets_are_not_markup(capsys):
    screen.say("mlp(widths=[64, 64]) [bold]")
    screen.verbatim("[red]x[/red] :smile:")
    screen.pairs([("a", "[64] * 10")])
    assert capsys.readouterr().out == "mlp(widths=[64, 64]) [bold]\n[red]x[/red] :smile:\na  [64] * 10\n"
