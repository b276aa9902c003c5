"""What a value of a step is before it is computed: where it lies in memory, or an expression over values that lie there.

Every tree knows its shape. Views (transposing, slicing, expanding, …) move no memory: they change strides, at the leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

import torch

Shape = tuple[int, ...]
Layout = tuple[Shape, Shape, int]  # shape, strides, offset, in elements
Relayout = Callable[[Layout], Layout]


class NotAViewError(Exception):
    """This reshape needs its input in one piece of memory."""


@dataclass(frozen=True)
class Leaf:
    """A value in memory: a C pointer, and where from it each element lies."""

    name: str
    dtype: torch.dtype
    shape: Shape
    strides: Shape
    offset: int = 0

    @property
    def at(self) -> str:
        """Where its first element lies, in C++."""
        return f"{self.name} + {self.offset}" if self.offset else self.name


@dataclass(frozen=True)
class Count:
    """The whole numbers: offset + Σ index · stride."""

    dtype: torch.dtype
    shape: Shape
    strides: Shape
    offset: int = 0


@dataclass(frozen=True)
class Const:
    """One number everywhere."""

    value: float | int | bool
    dtype: torch.dtype
    shape: Shape


@dataclass(frozen=True)
class Op:
    """An operation on each element. All arguments have its shape."""

    name: str
    args: tuple[Tree, ...]
    dtype: torch.dtype
    shape: Shape


Tree = Leaf | Count | Const | Op


def contiguous(shape: Sequence[int]) -> Shape:
    """The strides of a value in one piece."""
    strides, at = [], 1
    for size in reversed(shape):
        strides.append(at)
        at *= size
    return tuple(reversed(strides))


def leaf(name: str, dtype: torch.dtype, shape: Sequence[int]) -> Leaf:
    """A value in one piece of memory."""
    return Leaf(name, dtype, tuple(shape), contiguous(shape))


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Every place in memory a tree reads."""
    if isinstance(tree, Leaf):
        yield tree
    elif isinstance(tree, Op):
        for arg in tree.args:
            yield from leaves(arg)


def parts(tree: Tree) -> Iterator[Leaf | Count]:
    """Everything in a tree that has strides."""
    if isinstance(tree, Leaf | Count):
        yield tree
    elif isinstance(tree, Op):
        for arg in tree.args:
            yield from parts(arg)


def relaid(tree: Tree, change: Relayout) -> Tree:
    """A view of a tree. Raises `NotAViewError` where its layout does not allow it."""
    if isinstance(tree, Op):
        args = tuple(relaid(arg, change) for arg in tree.args)
        return replace(tree, args=args, shape=args[0].shape)
    strides = (0,) * len(tree.shape) if isinstance(tree, Const) else tree.strides
    offset = 0 if isinstance(tree, Const) else tree.offset
    shape, strides, offset = change((tree.shape, strides, offset))
    return replace(tree, shape=shape) if isinstance(tree, Const) else replace(tree, shape=shape, strides=strides, offset=offset)


# --- views -----------------------------------------------------------------------------------------------------------


def expand(target: Sequence[int]) -> Relayout:
    """To a larger shape, by stride 0."""

    def change(layout: Layout) -> Layout:
        shape, strides, offset = layout
        extra = len(target) - len(shape)
        shape, strides = (1,) * extra + shape, (0,) * extra + strides
        wanted = tuple(size if want == -1 else want for size, want in zip(shape, target, strict=True))
        return wanted, tuple(0 if a != b else s for a, b, s in zip(shape, wanted, strides, strict=True)), offset

    return change


def permute(dims: Sequence[int]) -> Relayout:
    """Dimensions in another order."""
    return lambda layout: (tuple(layout[0][d] for d in dims), tuple(layout[1][d] for d in dims), layout[2])


def cut(dim: int, start: int, stop: int, step: int = 1) -> Relayout:
    """A slice."""

    def change(layout: Layout) -> Layout:
        shape, strides, offset = list(layout[0]), list(layout[1]), layout[2]
        offset += start * strides[dim]
        shape[dim], strides[dim] = max(0, -(-(stop - start) // step)), strides[dim] * step
        return tuple(shape), tuple(strides), offset

    return change


def select(dim: int, index: int) -> Relayout:
    """One index of a dimension, which goes."""

    def change(layout: Layout) -> Layout:
        shape, strides, offset = layout
        return shape[:dim] + shape[dim + 1 :], strides[:dim] + strides[dim + 1 :], offset + index * strides[dim]

    return change


def reshape(target: Sequence[int]) -> Relayout:
    """To another shape of as many elements; dimensions that lie behind each other may be joined and split."""

    def change(layout: Layout) -> Layout:
        shape, strides, offset = layout
        kept = [(size, stride) for size, stride in zip(shape, strides, strict=True) if size != 1]
        result: list[int] = []
        at = 0
        group: list[tuple[int, int]] = []
        room = 1
        for want in target:
            if want == 1:
                result.append(0)
                continue
            while room % want != 0 or room == 1:
                if at >= len(kept):
                    raise NotAViewError
                size, stride = kept[at]
                if group and group[-1][1] != size * stride:
                    raise NotAViewError
                group.append((size, stride))
                room *= size
                at += 1
            room //= want
            result.append(group[-1][1] * room)
            if room == 1:
                group = []
        if at != len(kept) or room != 1:
            raise NotAViewError
        return tuple(target), tuple(result), offset

    return lambda layout: (tuple(target), contiguous(target), layout[2]) if prod(target) == 0 else change(layout)
