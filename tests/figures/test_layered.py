"""Layered drawings: every edge leads down, nothing overlaps, few edges cross."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import isotonic_regression

from whynet import figures
from whynet.errors import OptionError
from whynet.figures.layered import _rising, lay_out, longest_way
from whynet.models.graph import Edge, Graph, Node

numbers = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 9)), min_size=1, max_size=12)


@given(numbers)
def test_the_rising_sequence_is_isotonic_regression(pairs: list[tuple[float, float]]) -> None:
    values, weights = (list(column) for column in zip(*pairs, strict=True))
    assert _rising(values, weights) == pytest.approx(isotonic_regression(values, sample_weight=weights), abs=1e-9)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, str]]]:
    n = draw(st.integers(2, 12))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] < pair[1])
    return n, [(a, b, "v") for a, b in draw(st.lists(pairs, max_size=20, unique=True))]


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_edges_lead_down_and_nothing_overlaps(of: tuple[int, list[tuple[int, int, str]]], data: st.DataObject) -> None:
    n, edges = of
    left = data.draw(st.lists(st.floats(0.1, 2), min_size=n, max_size=n))
    right = data.draw(st.lists(st.floats(0.1, 2), min_size=n, max_size=n))
    layout = lay_out(left, right, edges)
    for source, target, value in edges:
        levels = [layout.layer[source], *(level for _, level in layout.routes[source, target, value]), layout.layer[target]]
        assert levels == list(range(layout.layer[source], layout.layer[target] + 1))
    for level in range(layout.layers):
        row = sorted((layout.x[node], left[node], right[node]) for node in range(n) if layout.layer[node] == level)
        for (x, _, reach), (other, back, _) in pairwise(row):
            assert x + reach <= other - back + 1e-6


def test_the_layer_is_the_longest_way() -> None:
    edges = [(0, 1, "a"), (1, 2, "b"), (0, 2, "a"), (3, 2, "c")]
    assert longest_way(4, edges) == [0, 1, 2, 1]  # 3 has no way to it and stands right above what it leads to


def test_two_ladders_are_drawn_without_a_crossing() -> None:
    edges = [(0, 1, 0), (0, 2, 0), (1, 4, 1), (2, 3, 2), (4, 5, 4), (3, 5, 3)]  # 1-4 and 2-3, numbered so as to cross
    x = lay_out([0.5] * 6, [0.5] * 6, edges).x
    assert np.sign(x[1] - x[2]) == np.sign(x[4] - x[3]) != 0


def test_one_value_that_many_read_runs_in_one_line() -> None:
    edges = [(0, 1, "v"), (1, 2, "w"), (2, 3, "u"), (0, 2, "v"), (0, 3, "v")]
    routes = lay_out([0.3] * 4, [0.3] * 4, edges).routes
    assert routes[0, 2, "v"] == routes[0, 3, "v"][:1]
    straight = [x for x, _ in routes[0, 3, "v"]]
    assert straight == pytest.approx([straight[0]] * 2)


def test_a_graph_that_nobody_could_read_is_refused() -> None:
    nodes = tuple(Node(str(i), "module") for i in range(801))
    with pytest.raises(OptionError, match=r"at most 800 nodes can be drawn\. Received: 801"):
        figures.graph(Graph(nodes, tuple(Edge(i, i + 1, (1,)) for i in range(800))))
