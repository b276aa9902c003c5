"""Where the nodes of a graph stand in a drawing: in layers, so that every edge leads down, with few crossings.

After Sugiyama, Tagawa and Toda, Methods for visual understanding of hierarchical system structures (1981): layers by the longest
way, long edges as chains of bends, order by the mean place of neighbours; then places as near to the neighbours as the widths
allow (isotonic regression). The edges that carry one value share one chain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

SWEEPS = 12
BEND = 0.09  # half the room a passing edge takes, in inches


@dataclass(frozen=True)
class Layout:
    """Places in inches across and in layers down."""

    x: list[float]
    layer: list[int]
    routes: dict[
        tuple[int, int, Hashable], list[tuple[float, int]]
    ]  # (source, target, value) → the bends between, as (x, layer)

    @property
    def layers(self) -> int:
        return max(self.layer, default=-1) + 1


def longest_way(n: int, edges: Sequence[tuple[int, int, Hashable]]) -> list[int]:
    """The layer of each node: one below the deepest that leads to it. Edges lead from lower to higher numbers."""
    layer = [0] * n
    into: dict[int, list[int]] = defaultdict(list)
    for source, target, _ in edges:
        into[target].append(source)
    for node in range(n):
        layer[node] = max((layer[source] + 1 for source in into[node]), default=0)
    for node in range(n):  # what nothing leads to stands right above what it leads to
        below = [layer[target] for source, target, _ in edges if source == node]
        if not into[node] and below:
            layer[node] = min(below) - 1
    return layer


@dataclass
class _Grid:
    """The nodes and bends of every layer in their order, and who is joined to whom in the layer above and below."""

    rows: list[list[int]]
    left: list[float]
    right: list[float]
    above: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    below: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def join(self, upper: int, lower: int) -> None:
        if lower not in self.below[upper]:
            self.below[upper].append(lower)
            self.above[lower].append(upper)

    def stiffness(self, upper: int, lower: int, n: int) -> float:
        """How much an edge wants to be straight: most inside a passing line, much where it is the only way."""
        if upper >= n and lower >= n:
            return 8.0
        return 4.0 if len(self.below[upper]) == len(self.above[lower]) == 1 else 1.0


def lay_out(
    left: Sequence[float],
    right: Sequence[float],
    edges: Sequence[tuple[int, int, Hashable]],
    layer: Sequence[int] | None = None,
) -> Layout:
    """Places for nodes that reach ``left`` and ``right`` of their middle, in inches. ``edges``: (source, target, value)."""
    n = len(left)
    layer = list(layer) if layer is not None else longest_way(n, edges)
    grid = _Grid([[] for _ in range(max(layer, default=-1) + 1)], list(left), list(right))
    for node in range(n):
        grid.rows[layer[node]].append(node)
    chains = _chains(grid, layer, edges)
    best = [list(row) for row in grid.rows]
    fewest = _crossings(grid)
    for sweep in range(SWEEPS):
        _sort(grid, downward=sweep % 2 == 0)
        if (now := _crossings(grid)) < fewest:
            fewest, best = now, [list(row) for row in grid.rows]
    grid.rows = best
    x = _across(grid, n)
    routes = {
        (source, target, value): [(x[bend], level) for level, bend in chains[source, value] if level < layer[target]]
        for source, target, value in edges
    }
    return Layout(x[:n], layer, routes)


def _chains(
    grid: _Grid, layer: list[int], edges: Sequence[tuple[int, int, Hashable]]
) -> dict[tuple[int, Hashable], list[tuple[int, int]]]:
    """The bends of each value, as (layer, number), down to the last layer but one that needs it."""
    chains: dict[tuple[int, Hashable], list[tuple[int, int]]] = defaultdict(list)
    for source, target, value in edges:
        chain = chains[source, value]
        for level in range(layer[source] + 1 + len(chain), layer[target]):
            bend = len(grid.left)
            grid.left.append(BEND)
            grid.right.append(BEND)
            grid.rows[level].append(bend)
            grid.join(chain[-1][1] if chain else source, bend)
            chain.append((level, bend))
        steps = layer[target] - layer[source] - 1
        grid.join(chain[steps - 1][1] if steps else source, target)
    return chains


def _sort(grid: _Grid, downward: bool) -> None:
    """Order every layer by the mean place of its neighbours in the one before."""
    neighbours = grid.above if downward else grid.below
    for row in grid.rows if downward else reversed(grid.rows):
        place = {node: at for other in grid.rows for at, node in enumerate(other)}
        keys = {
            node: sum(place[other] for other in neighbours[node]) / len(neighbours[node]) if neighbours[node] else place[node]
            for node in row
        }
        row.sort(key=lambda node: keys[node])


def _crossings(grid: _Grid) -> int:
    """Pairs of edges between neighbouring layers that cross."""
    count = 0
    for upper, lower in zip(grid.rows, grid.rows[1:], strict=False):
        place = {node: at for at, node in enumerate(lower)}
        ends = [place[other] for node in upper for other in sorted(grid.below[node], key=lambda other: place[other])]
        count += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return count


def _across(grid: _Grid, n: int) -> list[float]:
    """Places across: each near the mean of its neighbours, bends held straight, nothing overlapping."""
    x = [0.0] * len(grid.left)
    for sweep in range(4 * SWEEPS):
        for row in grid.rows if sweep % 2 == 0 else reversed(grid.rows):
            starts, at = [], 0.0
            for i, node in enumerate(row):
                at += (grid.right[row[i - 1]] + grid.left[node]) if i else 0.0
                starts.append(at)
            wanted, weights = [], []
            for node, start in zip(row, starts, strict=True):
                pull = [(x[other], grid.stiffness(other, node, n)) for other in grid.above[node]]
                pull += [(x[other], grid.stiffness(node, other, n)) for other in grid.below[node]]
                total = sum(weight for _, weight in pull)
                wanted.append((sum(place * weight for place, weight in pull) / total if total else x[node]) - start)
                weights.append(total or 0.1)
            for node, start, place in zip(row, starts, _rising(wanted, weights), strict=True):
                x[node] = place + start
    _straighten(grid, x, n)
    return x


def _straighten(grid: _Grid, x: list[float], n: int) -> None:
    """Put nodes that follow one another without a branch, and the bends of a value, exactly below one another where there is room."""
    chain = list(range(len(x)))  # node → the first of its chain
    for row in grid.rows:
        for node in row:
            upper = grid.above[node][0] if len(grid.above[node]) == 1 else None
            if upper is not None and grid.stiffness(upper, node, n) > 1:
                chain[node] = chain[upper]
    for first in dict.fromkeys(chain):
        members = [node for node, of in enumerate(chain) if of == first]
        low, high = float("-inf"), float("inf")
        for row in grid.rows:
            for i, node in enumerate(row):
                if chain[node] == first:
                    low = max(low, x[row[i - 1]] + grid.right[row[i - 1]] + grid.left[node]) if i else low
                    high = min(high, x[row[i + 1]] - grid.left[row[i + 1]] - grid.right[node]) if i + 1 < len(row) else high
        wanted = sum(x[node] for node in members) / len(members)
        if len(members) > 1 and low <= high:
            for node in members:
                x[node] = min(max(wanted, low), high)


def _rising(values: list[float], weights: list[float]) -> list[float]:
    """The nearest sequence that never falls, in weighted squares (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (b, v, n), (a, w, m) = blocks.pop(), blocks.pop()
            blocks.append(((a * w + b * v) / (w + v), w + v, m + n))
    return [value for value, _, count in blocks for _ in range(count)]
