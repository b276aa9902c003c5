"""A network as a graph: boxes for its modules, pills for the operations between them, shapes on the edges."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Line

from whynet.errors import OptionError
from whynet.figures.canvas import Words, finish, sheet, width_of
from whynet.figures.layered import Layout, lay_out, longest_way
from whynet.figures.style import SMALL, theme
from whynet.models.graph import Edge, Graph, Node
from whynet.text import Text

MOST = 800  # nodes that can still be laid out
TALL = 16  # layers in one column, where it can be cut
BOX, PITCH, STUB = 0.25, 0.6, 0.15  # inches: the height of a box, from one layer to the next, how far an edge goes straight
SIDE = 0.3  # between columns
BETWEEN = 0.1  # a name and its kind
WORDS, SHAPES = SMALL - 0.5, SMALL - 1.5


def graph(network: Graph, *, title: Words = "") -> Figure:
    """The graph from top to bottom, in columns where it is long; ``title``: else what the graph says of itself.

    Boxes are modules: coloured where they hold parameters. Pills are operations. A shape stands at the beginning of what carries
    it, with the batch axis. Raises `OptionError` for more than 800 nodes.
    """
    if len(network.nodes) > MOST:
        raise OptionError(_TOO_MANY, most=MOST, n=len(network.nodes))
    parts = _columns(network)
    wide = [max(x + right for x, right in zip(part.at.x, part.right, strict=True)) for part in parts]
    narrow = [min(x - left for x, left in zip(part.at.x, part.left, strict=True)) for part in parts]
    for part in parts:  # bends reach out too
        index = parts.index(part)
        for route in part.at.routes.values():
            wide[index] = max([wide[index], *(x + 0.1 for x, _ in route)])
            narrow[index] = min([narrow[index], *(x - 0.1 for x, _ in route)])
    width = sum(wide) - sum(narrow) + SIDE * (len(parts) - 1)
    height = max(part.at.layers for part in parts) * PITCH
    figure = sheet(title or network.says, width=max(width + 0.3, 4.2), height=height + 0.75, note=_NOTE)
    ax = figure.add_subplot()
    ax.set_axis_off()
    ax.set_aspect("equal")
    start, before = 0.0, None
    for part, low, high in zip(parts, narrow, wide, strict=True):
        shift = start - low
        part.draw(ax, shift)
        if before is not None:
            _continue(ax, before, (part.at.x[0] + shift, 0.0), start - SIDE / 2)
        last = len(part.nodes) - 1
        before = (part.at.x[last] + shift, -part.at.layer[last] * PITCH)
        start += high - low + SIDE
    ax.set_xlim(-0.05, max(width, 3.9) + 0.05)
    ax.set_ylim(-height + PITCH - BOX, BOX)
    return finish(figure)


@dataclass(frozen=True)
class _Part:
    """One column: its nodes (None where the graph goes on in another column), their room, their places."""

    nodes: list[Node | None]
    edges: list[tuple[int, int, Hashable]]
    left: list[float]
    right: list[float]
    at: Layout

    def draw(self, ax: Axes, shift: float) -> None:
        now = theme()
        for source, target, shape in dict.fromkeys(self.edges):
            ends = [(self.at.x[end] + shift, self.at.layer[end]) for end in (source, target)]
            route = [(x + shift, level) for x, level in self.at.routes[source, target, shape]]
            heights = [BOX / 2 if self.nodes[end] else 0.0 for end in (source, target)]
            ax.add_patch(PathPatch(_curve([ends[0], *route, ends[1]], heights), fill=False, edgecolor=now.muted, linewidth=1.1))
            if self.nodes[target]:
                x, y = ends[1][0], -ends[1][1] * PITCH + BOX / 2
                ax.plot([x - 0.035, x, x + 0.035], [y + 0.06, y, y + 0.06], color=now.muted, linewidth=1.1)
        for place, node in enumerate(self.nodes):
            x, y = self.at.x[place] + shift, -self.at.layer[place] * PITCH
            if node is not None:
                _box(ax, node, x, y)
            shapes = dict.fromkeys(shape for source, _, shape in self.edges if source == place)
            if node is not None and shapes:
                words = " · ".join(map(written, shapes))
                ax.text(x + 0.06, y - BOX / 2 - 0.03, words, fontsize=SHAPES, color=now.muted, va="top", linespacing=1.0)


def written(shape: Hashable) -> str:
    """``1×6×28×28``."""
    return "×".join(map(str, shape)) if isinstance(shape, tuple) else str(shape)


def _columns(network: Graph) -> list[_Part]:
    """The graph cut where a single value goes on, so that no column is much taller than `TALL` layers."""
    edges: list[tuple[int, int, Hashable]] = [(edge.source, edge.target, edge.shape) for edge in network.edges]
    layer = longest_way(len(network.nodes), edges)
    cuts = _cuts(network.edges, layer)
    parts = []
    for top, bottom in pairwise([0, *cuts, max(layer, default=0) + 1]):
        inner = [place for place in range(len(network.nodes)) if top <= layer[place] < bottom]
        nodes: list[Node | None] = [network.nodes[place] for place in inner]
        levels = [layer[place] - top for place in inner]
        number = {place: at for at, place in enumerate(inner)}
        came = [edge for edge in edges if edge[0] not in number and edge[1] in number]
        gone = [edge for edge in edges if edge[0] in number and edge[1] not in number]
        own = [
            (number[source], number[target], shape) for source, target, shape in edges if source in number and target in number
        ]
        if came:  # the value that comes from the column before enters above the first layer
            nodes, levels = [None, *nodes], [0, *(level + 1 for level in levels)]
            own = [(source + 1, target + 1, shape) for source, target, shape in own]
            own += [(0, number[target] + 1, shape) for _, target, shape in came]
        if gone:
            nodes, levels = [*nodes, None], [*levels, max(levels) + 1]
            own += [(number[gone[0][0]] + bool(came), len(nodes) - 1, gone[0][2])]
        left = [_width(node) / 2 + 0.08 for node in nodes]
        right = list(left)
        for source, node in enumerate(nodes):  # room for the shapes beside the edge
            words = " · ".join(dict.fromkeys(written(shape) for place, _, shape in own if place == source))
            right[source] = max(right[source], width_of(words, SHAPES) + 0.12) if node is not None and words else right[source]
        parts.append(_Part(nodes, own, left, right, lay_out(left, right, own, levels)))
    return parts


def _cuts(edges: Sequence[Edge], layer: list[int]) -> list[int]:
    """The layers before which a new column begins: where one value alone goes on, near the middle of what is left."""
    layers = max(layer, default=0) + 1
    columns = min(-(-layers // TALL), max(round(math.sqrt(0.35 * layers)), 1))  # a long one about half as wide again as tall
    crossing: dict[int, set[tuple[int, Hashable]]] = {}
    for edge in edges:
        for level in range(layer[edge.source] + 1, layer[edge.target] + 1):
            crossing.setdefault(level, set()).add((edge.source, edge.shape))
    free = [level for level in range(2, layers - 1) if len(crossing.get(level, ())) == 1]
    cuts: list[int] = []
    for column in range(1, columns):
        wanted = layers * column / columns
        near = [level for level in free if level > (cuts[-1] + 1 if cuts else 1)]
        if near and abs((best := min(near, key=lambda level: abs(level - wanted))) - wanted) < layers / columns:
            cuts.append(best)
    return cuts


def _width(node: Node | None) -> float:
    """Inches of a box."""
    if node is None:
        return 0.1
    name, label = _words(node)
    return max(0.36, width_of(name, WORDS) + width_of(label, SHAPES) + 0.18 + BETWEEN * bool(label))


def _words(node: Node) -> tuple[str, str]:
    name = {"input": str(_INPUT), "output": str(_OUTPUT)}.get(node.name, node.name)
    name = name if len(name) <= 30 else "…" + name[-29:]
    return name, node.label if len(node.label) <= 24 else node.label[:23] + "…"


def _box(ax: Axes, node: Node, x: float, y: float) -> None:
    now, wide = theme(), _width(node)
    name, label = _words(node)
    rounding = BOX / 2 if node.kind != "module" else 0.03
    fill = {"module": now.colour(0), "operation": now.colour(4)}.get(node.kind, now.muted)
    pale = 0.22 if node.parameters or node.kind == "operation" else 0.0 if node.kind == "module" else 0.18
    shape = f"round,pad=0,rounding_size={rounding}"
    corner = (x - wide / 2, y - BOX / 2)
    ax.add_patch(FancyBboxPatch(corner, wide, BOX, shape, facecolor=now.paper, edgecolor="none", zorder=2))
    ax.add_patch(FancyBboxPatch(corner, wide, BOX, shape, facecolor=fill, edgecolor="none", alpha=pale, zorder=2.5))
    ax.add_patch(FancyBboxPatch(corner, wide, BOX, shape, fill=False, edgecolor=fill, linewidth=1.0, zorder=3))
    total = width_of(name, WORDS) + (width_of(label, SHAPES) + BETWEEN if label else 0)
    ax.text(x - total / 2, y, name, fontsize=WORDS, color=now.ink, va="center_baseline", zorder=4)
    if label:
        ax.text(x + total / 2, y, label, fontsize=SHAPES, color=now.muted, va="center_baseline", ha="right", zorder=4)


def _curve(stops: list[tuple[float, int]], heights: list[float]) -> Line:
    """Straight down through every layer it passes, a bow between layers."""
    points = [(x, -level * PITCH) for x, level in stops]
    vertices, codes = [], []
    for i, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        y -= heights[0] if i == 0 else BOX / 2
        to_y += heights[1] if i == len(points) - 2 else BOX / 2
        beside = min(y, -(stops[i][1]) * PITCH - BOX / 2 - STUB)  # shapes stand beside the straight beginning
        middle = (beside + to_y) / 2
        vertices += [(x, y), (x, beside), (x, middle), (to_x, middle), (to_x, to_y)]
        codes += [Line.MOVETO if i == 0 else Line.LINETO, Line.LINETO, Line.CURVE4, Line.CURVE4, Line.CURVE4]
    return Line(vertices, codes)


def _continue(ax: Axes, end: tuple[float, float], start: tuple[float, float], channel: float) -> None:
    """The way from the foot of one column to the head of the next."""
    now = theme()
    path = [end, (channel, end[1]), (channel, start[1]), start]
    ax.plot(*zip(*path, strict=True), color=now.muted, linewidth=1.1, linestyle=(0, (4, 2)), solid_joinstyle="round", zorder=1)


_TOO_MANY = Text(
    "A graph of at most {most} nodes can be drawn. Received: {n}. Choose a smaller depth, or one module to look inside.",
    "노드가 {most}개까지인 그래프를 그릴 수 있다. 받은 것: {n}개. 깊이(depth)를 줄이거나, 안을 들여다볼 모듈 하나를 고른다.",
)
_INPUT = Text("input", "입력")
_OUTPUT = Text("output", "출력")
_NOTE = Text(
    "Boxes: modules, blue where they hold parameters. Pills: operations between them. On the edges: shapes, the batch first.",
    "네모: 모듈(파란색은 매개변수가 있는 것). 둥근 것: 모듈 사이의 연산. 선 옆: 모양, 맨 앞이 배치(batch).",
)
