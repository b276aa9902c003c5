"""Networks as graphs: what was traced, against networks whose ways are known."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import whynet
from whynet.errors import UnknownNameError
from whynet.models.build import build
from whynet.models.graph import Graph, graph
from whynet.registry import infos


class Branches(nn.Module):
    """Three ways that meet in a concatenation; a shared layer; a parameter of its own; work in place; two answers of a split."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 4, 1)
        self.two = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3, padding=1))
        self.shift = nn.Parameter(torch.zeros(11, 1, 1))
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([self.one(x), self.two(x), self.drop(x)], dim=1)
        x = x + self.shift.clone()
        few, many = x.split([3, 8], dim=1)
        again = self.one(few)
        many[:, :4] += again
        many.relu_()
        return F.relu(many).flatten(1)


class Reader(nn.Module):
    """Cannot run on shapes alone: it reads a number."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) * (2.0 if float(x.sum()) > 0 else 1.0)


def ways(of: Graph) -> set[tuple[str, str]]:
    return {(of.nodes[edge.source].name, of.nodes[edge.target].name) for edge in of.edges}


def test_branches_skips_and_shared_modules_are_edges() -> None:
    drawn = graph(Branches(), (3, 8, 8), depth=9)
    assert [node.name for node in drawn.nodes if node.kind == "module"] == ["one", "two.0", "two.1", "two.2", "drop", "one"]
    expected = {("input", "one"), ("input", "two.0"), ("two.0", "two.1"), ("two.1", "two.2"), ("input", "drop"), ("one", "cat")}
    expected |= {("two.2", "cat"), ("drop", "cat"), ("cat", "+"), ("+", "split"), ("split", "one"), ("relu", "flatten")}
    assert expected <= ways(drawn)
    assert ("input", "cat") not in ways(drawn)  # dropout in use hands on what it was given, and is in the way all the same
    [join] = [node for node in drawn.nodes if node.label == "shift"]
    assert (join.name, join.parameters) == ("+", 11)
    assert sum(node.parameters for node in drawn.nodes) == sum(p.numel() for p in Branches().parameters())


def test_edges_carry_the_shapes_of_the_tensors() -> None:
    drawn = graph(Branches(), (3, 8, 8), depth=9, batch=5)
    shapes = {(drawn.nodes[e.source].name, drawn.nodes[e.target].name): e.shape for e in drawn.edges}
    assert shapes["two.2", "cat"] == (5, 4, 8, 8)
    assert shapes["cat", "+"] == (5, 11, 8, 8)
    assert shapes["split", "one"] == (5, 3, 8, 8)
    assert shapes["flatten", "output"] == (5, 8 * 8 * 8)


def test_what_works_in_place_comes_after_what_it_writes_over() -> None:
    drawn = graph(Branches(), (3, 8, 8), depth=9)
    names = [node.name for node in drawn.nodes]
    first, second = (place for place, name in enumerate(names) if name == "relu")  # many.relu_(), then F.relu
    assert [edge.source for edge in drawn.into(second)] == [first]


def test_folding_keeps_every_way_between_what_is_left() -> None:
    whole, folded = graph(Branches(), (3, 8, 8), depth=9), graph(Branches(), (3, 8, 8), depth=1)
    assert [node.name for node in folded.nodes if node.kind == "module"] == ["one", "two", "drop", "one"]
    assert {("input", "two"), ("two", "cat"), ("input", "one")} <= ways(folded)
    assert sum(node.parameters for node in folded.nodes) == sum(node.parameters for node in whole.nodes)
    assert folded.nodes[1].label == "Conv2d 1×1"  # a layer that folds nothing keeps its window


@pytest.mark.parametrize("info", infos("model"), ids=lambda info: info.name)
def test_every_registered_model_can_be_drawn(info: object) -> None:
    name, shapes = info.name, ((3, 224, 224), (1, 8, 8), (4, 3, 32, 32), (2, 1, 8, 8), (5,))  # type: ignore[attr-defined]
    spec = "sequential([flatten, linear(3)])" if name == "sequential" else name
    for inputs, outputs in product(shapes, (3, 1)):
        try:
            with torch.device("meta"):
                net = build(spec, inputs, outputs)
        except whynet.errors.WhynetError:
            continue
        drawn = graph(net, inputs)
        reached = {0}
        for place in range(1, len(drawn.nodes)):
            if any(edge.source in reached for edge in drawn.into(place)):
                reached.add(place)
        assert len(drawn.nodes) - 1 in reached  # a way leads from the input to the answer
        assert all(edge.source < edge.target for edge in drawn.edges)
        assert sum(node.parameters for node in drawn.nodes) <= sum(p.numel() for p in net.parameters())
        return
    pytest.fail(f"no shape was taken by {name}")


def test_a_network_that_reads_numbers_is_run_on_zeros_and_left_as_it_was() -> None:
    net = Reader().train()
    assert ("linear", "×") in ways(graph(net, (2,)))
    assert net.training
    assert not net.linear._forward_hooks
    assert not net.linear._forward_pre_hooks


def test_the_depth_is_as_deep_as_is_legible() -> None:
    drawn = graph(build("mlp(widths=[4, 4, 4])", (3,), 2), (3,), depth=9)
    assert drawn.legible(3).nodes == drawn.at(1).nodes
    assert drawn.legible(99).nodes == drawn.nodes
    assert [len(drawn.at(depth).nodes) for depth in (1, 2, 3)] == [5, 7, 10]


class Loops(nn.Module):
    """Many operations between two modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = y = self.first(x)
        for step in range(60):
            x = torch.maximum(x, y + step)
        return self.last(x)


def test_many_operations_are_gathered_where_they_would_hide_the_modules() -> None:
    drawn = graph(Loops(), (3,))
    assert [node.name for node in drawn.nodes] == ["input", "first", "+, maximum … (120)", "last", "output"]
    assert ways(drawn) == set(pairwise(node.name for node in drawn.nodes))
    assert str(drawn.says) == "2 modules, one after another"
    whole = graph(Loops(), (3,), depth=1)
    assert len(whole.nodes) == 124
    assert whole.gathered(least=121).nodes == whole.nodes
    small = graph(Branches(), (3, 8, 8), depth=9)
    assert small.legible().nodes == small.nodes  # what is legible is left as it is


def test_inside_a_module_is_a_graph_of_its_own() -> None:
    drawn = graph(Branches(), (3, 8, 8), inside="two")
    assert [node.name for node in drawn.nodes] == ["input", "two.0", "two.1", "two.2", "output"]
    assert [(edge.source, edge.target) for edge in drawn.edges] == list(pairwise(range(5)))
    with pytest.raises(UnknownNameError, match=r"No module named 'tow' ran.*two"):
        graph(Branches(), (3, 8, 8), inside="tow")


def test_the_graph_as_text() -> None:
    lines = graph(build("mlp(widths=[8], skip='add')", (8,), 2), (8,), depth=9).as_lines()
    assert [line.split()[0] for line in lines] == ["●", "●", "├─┐", "│", "│", "├─┘", "●", "●", "●"]
    assert lines[3].split() == ["│", "●", "hidden.0.linear", "Linear", "72", "(1,", "8)"]
    three = graph(Branches(), (3, 8, 8), depth=1).as_lines()
    assert "├─┴─┘" in three


def test_it_says_where_ways_meet() -> None:
    says = graph(build("mlp(widths=[8, 8], skip='add')", (8,), 2), (8,), depth=9).says
    assert says.show("en") == "6 modules; ways meet at 2 × +"
    assert says.show("ko") == "모듈 6개, 길이 만나는 곳: 2 × +"
    assert str(graph(build("lenet5", (1, 28, 28), 2), (1, 28, 28)).says) == "12 modules, one after another"
