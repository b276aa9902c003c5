"""A graph as lines of text: a rail for each value that something still needs.

●      input                (1, 8)
●      flatten  Flatten     (1, 8)
├─┐
│ ●    linear   Linear      (1, 8)
├─┘
●      +                    (1, 8)
"""

from __future__ import annotations

from collections import Counter

from whynet.models.description import Shape
from whynet.models.graph import Graph

_CORNERS = {  # up, down, left, right
    (1, 1, 0, 0): "│", (1, 1, 0, 1): "├", (1, 1, 1, 0): "┤", (1, 1, 1, 1): "┼", (1, 0, 1, 0): "┘", (1, 0, 0, 1): "└",
    (1, 0, 1, 1): "┴", (0, 1, 1, 0): "┐", (0, 1, 0, 1): "┌", (0, 1, 1, 1): "┬",
}  # fmt: skip


def rails(graph: Graph) -> list[str]:
    """A line for each node, and one before it where ways part or meet; columns: rails, name, kind, parameters, shape."""
    drawn: list[tuple[str, int | None]] = []  # rails, and the node that stands there
    left = Counter(source for source, _ in {(edge.source, edge.target) for edge in graph.edges})  # who still needs a value
    columns: list[int | None] = []  # the value that runs in each column
    for place in range(len(graph.nodes)):
        sources = {edge.source for edge in graph.into(place)}
        taken = [column for column, value in enumerate(columns) if value in sources]
        left.subtract(sources)
        freed = [column for column in taken if not left[columns[column] or 0]]
        free = [column for column, value in enumerate(columns) if value is None]
        own = (freed or free or [len(columns)])[0]
        columns += [None] * (own + 1 - len(columns))
        if taken and taken != [own]:
            drawn.append((_joint(columns, taken, freed, own), None))
        for column in freed:
            columns[column] = None
        drawn.append((" ".join("●" if c == own else "│" if v is not None else " " for c, v in enumerate(columns)), place))
        columns[own] = place if left[place] else None
        while columns and columns[-1] is None:
            columns.pop()
    return _table(graph, drawn)


def _joint(columns: list[int | None], taken: list[int], freed: list[int], own: int) -> str:
    """The line on which the values taken run together into a column; others pass under it."""
    low, high = min(*taken, own), max(*taken, own)
    line = ""
    for column, value in enumerate(columns):
        if column in taken or column == own:
            down = column == own or column not in freed
            line += (
                _CORNERS[int(column in taken), int(down), int(low < column), int(column < high)]
                if low <= column <= high
                else "│"
            )
        else:
            line += "│" if value is not None else "─" if low < column < high else " "
        line += "─" if low <= column < high else " "
    return line.rstrip()


def _table(graph: Graph, drawn: list[tuple[str, int | None]]) -> list[str]:
    cells = {}
    for _, place in drawn:
        if place is not None:
            node = graph.nodes[place]
            shapes = dict.fromkeys(edge.shape for edge in graph.out_of(place))
            counted = f"{node.parameters:,}" if node.parameters else ""
            cells[place] = [node.name, node.label, counted, " ".join(map(written, shapes))]
    wide = max((len(text) for text, _ in drawn), default=0)
    widths = [max((len(row[i]) for row in cells.values()), default=0) for i in range(4)]
    lines = []
    for text, place in drawn:
        row = cells.get(place, [""] * 4) if place is not None else [""] * 4
        padded = [row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]), row[3]]
        lines.append("  ".join([text.ljust(wide), *padded]).rstrip())
    return lines


def written(shape: Shape) -> str:
    """``(1, 6, 28, 28)``."""
    return f"({', '.join(map(str, shape))})"
