"""Which arms may run as one: those with equal graphs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from whynet.engine.arm import Arm
from whynet.engine.threads import has_convolutions

LARGEST_POPULATION = 64  # arms in one stack


def alike(arms: Sequence[Arm]) -> list[list[int]]:
    """Positions of the arms whose graphs are equal, group by group."""
    by_key: dict[object, list[int]] = {}
    for i, arm in enumerate(arms):
        by_key.setdefault(arm.graph_key, []).append(i)
    return list(by_key.values())


def groups(arms: Sequence[Arm], stack: bool = True) -> list[list[int]]:
    """Which arms run together where nothing was measured: those with equal graphs, unless they hold convolutions.

    Convolutions rarely gain from stacking on a CPU (their kernels are already busy); `plan` measures whether they do.
    """
    found: list[list[int]] = []
    for group in alike(arms):
        alone = not stack or has_convolutions(arms[group[0]].network.module)
        size = 1 if alone else LARGEST_POPULATION
        found += [group[at : at + size] for at in range(0, len(group), size)]
    return sorted(found, key=lambda group: group[0]) if not stack else found


def cut(group: Sequence[int], largest: int, parts: int = 1) -> list[list[int]]:
    """A group in as many parts as asked for, more where they would be larger than ``largest``; none of one arm alone.

    An arm rounds differently alone than in a stack, but alike in stacks of any size, so that how a group is cut does not show in the
    results as long as nobody is left alone.
    """
    n = len(group)
    if largest < 2 or n < 2:
        return [[i] for i in group]
    count = max(1, min(max(parts, -(-n // largest)), n // 2))
    edges = [n * i // count for i in range(count + 1)]
    return [list(group[a:b]) for a, b in pairwise(edges)]
