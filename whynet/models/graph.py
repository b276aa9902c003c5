"""A network as a graph: what runs after what, along which way the data go, and with which shapes.

    >>> from whynet.models.build import build
    >>> drawn = graph(build("mlp(widths=[8, 8], skip='add')", (8,), 2), (8,), depth=9)
    >>> [node.name for node in drawn.nodes]
    ['input', 'flatten', 'hidden.0.linear', 'hidden.0.activation', '+', 'hidden.1.linear', 'hidden.1.activation', '+', 'head', 'output']
    >>> [(drawn.nodes[edge.source].name, edge.shape) for edge in drawn.into(4)]
    [('flatten', (1, 8)), ('hidden.0.activation', (1, 8))]

Nodes are modules, and the operations between them (+, cat, flatten, …); a skip is an edge that goes round. Everything is recorded
once, `Graph.at` folds what lies deeper than wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Literal

import torch
from torch import nn

from whynet.errors import UnknownNameError
from whynet.models.description import Shape
from whynet.models.features import Trained, near_names, network_of
from whynet.text import Text

LEGIBLE = 45  # nodes that a reader still follows in one picture


@dataclass(frozen=True)
class Call:
    """One run of a module: its name, its kind, and which run of the network's modules it was."""

    name: str
    kind: str
    number: int

    @property
    def depth(self) -> int:
        """How many names deep it lies: 1 for ``stage1``, 3 for ``stage1.0.conv1``."""
        return self.name.count(".") + 1


@dataclass(frozen=True)
class Node:
    """A module that ran, or an operation between modules."""

    name: str  # "stage1.0.conv1", or "+"
    kind: Literal["input", "module", "operation", "output"]
    label: str = ""  # of a module its kind and window: "Conv2d 3×3"; of an operation the parameters it reads by itself
    parameters: int = 0  # those that nothing before it has read
    within: tuple[Call, ...] = ()  # the modules it ran in, the outermost first


@dataclass(frozen=True)
class Edge:
    """Data on the way from one node to another, by their places in the graph."""

    source: int
    target: int
    shape: Shape  # with the batch axis


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they ran; every edge leads forward."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def into(self, place: int) -> list[Edge]:
        """The edges that enter a node."""
        return [edge for edge in self.edges if edge.target == place]

    def out_of(self, place: int) -> list[Edge]:
        """The edges that leave a node."""
        return [edge for edge in self.edges if edge.source == place]

    @cached_property
    def depth(self) -> int:
        """The depth at which nothing is folded any more."""
        return max((call.depth for node in self.nodes for call in node.within), default=0) + 1

    def at(self, depth: int) -> Graph:
        """The graph with every module that lies at least ``depth`` names deep folded into one node."""
        places: list[int] = []  # old place → new
        nodes: list[Node] = []
        runs: dict[int, int] = {}  # number of a call → its node
        for node in self.nodes:
            call = next((call for call in node.within if call.depth >= depth), None)
            if call is None or (node.kind == "module" and call is node.within[-1]):
                places.append(len(nodes))
                nodes.append(node)
                continue
            if call.number not in runs:
                runs[call.number] = len(nodes)
                around = node.within[: node.within.index(call)]
                nodes.append(Node(call.name, "module", call.kind, 0, around))
            here = runs[call.number]
            places.append(here)
            old = nodes[here]
            nodes[here] = Node(old.name, old.kind, old.label, old.parameters + node.parameters, old.within)
        moved = [Edge(places[edge.source], places[edge.target], edge.shape) for edge in self.edges]
        return Graph(tuple(nodes), tuple(dict.fromkeys(edge for edge in moved if edge.source != edge.target)))

    def legible(self, most: int = LEGIBLE) -> Graph:
        """As deep as it can be shown in at most ``most`` nodes; operations side by side are gathered where depth alone is too much."""
        crowded = len(self.at(1).nodes) > most
        shown = self.at(1).gathered() if crowded else self.at(1)
        for depth in range(2, self.depth + 1):
            deeper = self.at(depth).gathered() if crowded else self.at(depth)
            if len(deeper.nodes) > most:
                break
            shown = deeper
        return shown

    def gathered(self, least: int = 4) -> Graph:
        """The graph with each run of ``least`` or more operations, no module between, as one: ``where, gather, + … (3,209)``."""
        runs = [(kind, list(run)) for kind, run in groupby(range(len(self.nodes)), lambda place: self.nodes[place].kind)]
        places, nodes = [0] * len(self.nodes), list[Node]()
        for kind, run in runs:
            together = kind == "operation" and len(run) >= least
            for place in run:
                if place == run[0] or not together:
                    nodes.append(self.nodes[place])
                places[place] = len(nodes) - 1
            if together:
                common = [name for name, _ in Counter(self.nodes[place].name for place in run).most_common(3)]
                read = sum(self.nodes[place].parameters for place in run)
                nodes[-1] = Node(f"{', '.join(common)} … ({len(run):,})", "operation", "", read)
        moved = [Edge(places[edge.source], places[edge.target], edge.shape) for edge in self.edges]
        return Graph(tuple(nodes), tuple(dict.fromkeys(edge for edge in moved if edge.source != edge.target)))

    def inside(self, name: str) -> Graph:
        """What runs inside one module, with what enters it and where it leads. Raises `UnknownNameError`."""
        calls = {call.name: call for node in reversed(self.nodes) for call in node.within}  # the first run of each
        if name not in calls:
            raise UnknownNameError(_UNKNOWN, name=name, near=near_names(name, calls))
        call = calls[name]
        inner = [place for place, node in enumerate(self.nodes) if call in node.within]
        entering = dict.fromkeys(edge.source for edge in self.edges if edge.target in inner and edge.source not in inner)
        own = [self.nodes[place] for place in inner]
        own = [replace(node, within=node.within[node.within.index(call) + 1 :]) for node in own]
        nodes = [*(Node(self.nodes[place].name, "input") for place in entering), *own, Node("output", "output")]
        places = {place: at for at, place in enumerate([*entering, *inner])}
        edges = [
            Edge(places[edge.source], places[edge.target] if edge.target in inner else len(nodes) - 1, edge.shape)
            for edge in self.edges
            if edge.source in inner or edge.target in inner
        ]
        return Graph(tuple(nodes), tuple(dict.fromkeys(edges)))

    @property
    def says(self) -> Text:
        """How it is built, in one sentence."""
        met = Counter(edge.target for edge in self.edges)
        joints = Counter(node.name for place, node in enumerate(self.nodes) if met[place] > 1 and "…" not in node.name)
        parts = sum(node.kind == "module" for node in self.nodes)
        if not joints and max(met.values(), default=0) > 1:  # among gathered operations, which have no name of their own
            return Text("{n} modules; ways part and meet", "모듈 {n}개, 길이 갈라졌다 만난다").fill(n=parts)
        if not joints:
            return Text("{n} modules, one after another", "모듈 {n}개가 한 줄로 이어진다").fill(n=parts)
        where = ", ".join(f"{count} × {name}" for name, count in joints.most_common())
        return Text("{n} modules; ways meet at {where}", "모듈 {n}개, 길이 만나는 곳: {where}").fill(n=parts, where=where)

    def as_lines(self) -> list[str]:
        """The graph as text: a rail for each value that is still needed, a line for each node, its shape at the end."""
        from whynet.models.rails import rails

        return rails(self)


def graph(
    model: nn.Module | Trained,
    inputs: Sequence[int],
    depth: int | None = None,
    *,
    inside: str | None = None,
    batch: int = 1,
    dtype: torch.dtype = torch.float32,
) -> Graph:
    """Trace how ``batch`` examples of shape ``inputs`` flow through any network; shapes only, where its author allows it.

    ``depth``: modules that lie so many names deep are one node each, None for as deep as stays legible. ``inside``: only what
    runs in that module. The network is left as it was. ``dtype`` is for networks that read integers, such as tokens. Raises
    `UnknownNameError` for a module that there is not, and what the network raises where it cannot take such examples.
    """
    from whynet.models.tracing import trace

    whole = trace(network_of(model), tuple(inputs), batch, dtype)
    if inside is not None:
        whole = whole.inside(inside)
    return whole.legible() if depth is None else whole.at(depth)


_UNKNOWN = Text(
    "No module named {name!r} ran in the network. {near}", "네트워크에서 {name!r:이라는} 모듈은 돌지 않았다. {near}"
)
