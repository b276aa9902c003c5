"""How operations are written that are more than one expression an element: sums, products of matrices, reading at an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import torch
from torch.fx import Node

from whynet.engine.native import loops
from whynet.engine.native import tree as trees
from whynet.engine.native.emit import Emitter, UnwritableError, handles
from whynet.engine.native.pointwise import COSTLY
from whynet.engine.native.tree import Const, Leaf, Op, Tree, contiguous, leaves, relaid

MOST = 2**26  # multiplications in a product of matrices; beyond that a library is the better one
SHORT = 16  # terms of a sum, below which its loop makes no vectors
LONG = 2**14  # terms of one sum in it; a strip of so many rows lies on the stack


# --- plain operations with a twist -----------------------------------------------------------------------------------


@handles("add", "sub")
def _add(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    a, b, alpha = args[0], args[1], named.get("alpha", 1)
    if alpha != 1:
        b = e.combine("mul", [b, alpha], node.meta["val"].dtype, b.shape) if not isinstance(b, int | float) else b * alpha
    return e.op(node, _name(node), [a, b])


@handles("rsub")
def _rsub(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    a, b = args[0], args[1]
    alpha = args[2] if len(args) > 2 else named.get("alpha", 1)
    if alpha != 1:
        raise UnwritableError("rsub")
    return e.op(node, "sub", [b, a])


@handles("div")
def _div(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    if named.get("rounding_mode") is not None:
        raise UnwritableError("div, rounded")
    return e.op(node, "div", args)


@handles("pow")
def _pow(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    x, power = args
    if isinstance(power, int | float) and not isinstance(x, int | float):
        if power == 2:
            return e.op(node, "square", [x])
        if power == 0.5:
            return e.op(node, "sqrt", [x])
        if power == -0.5:
            return e.op(node, "rsqrt", [x])
        if power == 3:
            return e.combine("mul", [e.combine("square", [x], x.dtype, x.shape), x], x.dtype, x.shape)
        if power == 1:
            tree: Tree = x
            return tree
    return e.op(node, "pow", [x, power])


@handles("clamp", "clamp_min", "clamp_max", "hardtanh")
def _clamp(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    name = _name(node)
    low = named.get("min", args[1] if len(args) > 1 and name != "clamp_max" else None)
    high = named.get("max", args[1] if name == "clamp_max" else args[2] if len(args) > 2 else None)
    tree: Tree = args[0]
    if low is not None:
        tree = e.op(node, "maximum", [tree, low])
    if high is not None:
        tree = e.op(node, "minimum", [tree, high])
    return tree


# --- sums ------------------------------------------------------------------------------------------------------------


@handles("sum", "mean", "amax", "amin", "prod", "any", "all")
def _reduce(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    tree: Tree = args[0]
    name = _name(node)
    given = args[1] if len(args) > 1 else named.get("dim")
    given = [given] if isinstance(given, int) else given
    n = len(tree.shape)
    dims = [d % n for d in given] if given else list(range(n))
    if prod(tree.shape) == 0:
        raise UnwritableError(f"{name} of nothing")
    target = e.room(node)
    count = prod(tree.shape[d] for d in dims)
    if n == 0:
        return tree
    if count == 1 and name not in ("any", "all"):
        return relaid(e.memory(tree), trees.reshape(target.shape)) if tree.dtype == target.dtype else _cast_to(e, tree, target)
    if tree.shape[-1] < SHORT and costly(tree):
        tree = e.memory(tree)  # in one long loop, of which the compiler makes vectors; the sums are too short for that
    e.flush()
    loops.reduce(e.source, "sum" if name == "mean" else name, tree, dims, target, float(count) if name == "mean" else None)
    return target


def costly(tree: Tree) -> bool:
    """Whether a tree contains what takes long for each element."""
    return isinstance(tree, Op) and (tree.name in COSTLY or any(costly(arg) for arg in tree.args))


def _cast_to(e: Emitter, tree: Tree, target: Leaf) -> Tree:
    return e.combine("cast", [e.view(tree, trees.reshape(target.shape))], target.dtype, target.shape)


# --- products of matrices --------------------------------------------------------------------------------------------


@handles("mm")
def _mm(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    return product(e, node, args[0], args[1])


@handles("bmm")
def _bmm(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    a, b = args
    target = e.room(node)
    if prod(target.shape) == 0 or a.shape[2] == 0:
        return Const(0.0, target.dtype, target.shape)
    a, b = e.memory(a), e.memory(b)
    for i in range(target.shape[0]):
        at = trees.select(0, i)
        _product(e, _leaf(a, at), _leaf(b, at), _leaf(target, at))
    return target


def _leaf(whole: Leaf, change: trees.Relayout) -> Leaf:
    part = relaid(whole, change)
    assert isinstance(part, Leaf)
    return part


def product(e: Emitter, node: Node, a: Tree, b: Tree) -> Tree:
    """(M, K) (K, N)."""
    (m, k), n, dtype = a.shape, b.shape[1], a.dtype
    if m * n * k == 0:
        return Const(0.0, dtype, (m, n))
    if k == 1:
        return e.combine("mul", [e.broadcast(a, (m, n)), e.broadcast(b, (m, n))], dtype, (m, n))
    target = e.room(node)
    if n == 1:  # a matrix and a vector
        vector = e.view(e.memory(b), trees.reshape((1, k)))
        tree = e.combine("mul", [e.memory(a), e.broadcast(vector, (m, k))], dtype, (m, k))
        e.flush()
        loops.reduce(e.source, "sum", tree, [1], target)
        return target
    _product(e, e.memory(a), e.memory(b), target)
    return target


def _product(e: Emitter, a: Leaf, b: Leaf, target: Leaf) -> None:
    (m, k), n = a.shape, b.shape[1]
    if a.dtype != torch.float32 or m * n * k > MOST or k > LONG:
        raise UnwritableError(f"a product of {m}x{k} by {k}x{n} in {a.dtype}")
    if b.strides[1] != 1:
        packed = e.source.room(b.dtype, b.shape)
        e.say(f"pack<{k}, {n}>({b.at}, {b.strides[0]}, {b.strides[1]}, {packed.name});", b, packed)
        b = packed
    e.say(
        f"product<{m}, {n}, {k}>({a.at}, {a.strides[0]}, {a.strides[1]}, {b.at}, {b.strides[0]}, {target.at}, {target.strides[0]});",
        a, b, target,
    )  # fmt: skip


# --- beside each other -----------------------------------------------------------------------------------------------


@handles("cat")
def _cat(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    target = e.room(node)
    dim = (args[1] if len(args) > 1 else named.get("dim", 0)) % len(target.shape)
    at = 0
    for tree in args[0]:
        if len(tree.shape) != len(target.shape):
            continue  # an empty list stands for nothing
        size = tree.shape[dim]
        if size:
            place = relaid(target, trees.cut(dim, at, at + size))
            assert isinstance(place, Leaf)
            if not _moves_in(e, tree, place):
                e.memory(tree, place)
        at += size
    e.flush()
    return target


def _moves_in(e: Emitter, tree: Tree, place: Leaf) -> bool:
    """Let a value that lies in memory of its own be made where it is to lie; nothing has to be copied then."""
    room = e.source.rooms.get(tree.name) if isinstance(tree, Leaf) else None
    if room is None or not isinstance(tree, Leaf) or place.strides[0] not in (1, *contiguous(place.shape)[:1]):
        return False
    whole = tree.offset == 0 and tree.strides == contiguous(tree.shape) and place.strides == contiguous(place.shape)
    if not whole or room.size != prod(tree.shape) * tree.dtype.itemsize or tree.dtype != place.dtype or room.inside is not None:
        return False
    if room.name == place.name or any(other.inside and other.inside[0] == room.name for other in e.source.rooms.values()):
        return False
    e.flush()
    room.inside = (place.name, place.offset)
    return True


# --- at an index -----------------------------------------------------------------------------------------------------


@handles("gather")
def _gather(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    x, dim, index = e.memory(args[0]), args[1], args[2]
    target = e.room(node)
    body, uses = _indexed(e, x, dim % max(1, len(x.shape)), index)
    at = loops._offset(target, _names(target))
    e.say(loops.nest(target.shape, [f"{target.name}[{at}] = {body};"]), target, x, *uses)
    return target


@handles("scatter", "scatter_add")
def _scatter(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    start, dim, index, source = args
    target = e.memory(start, e.room(node))
    adds = _name(node) == "scatter_add" or named.get("reduce") == "add"
    if isinstance(source, int | float):
        source = Const(source, target.dtype, index.shape)
    elif source.shape != index.shape:
        raise UnwritableError("scatter of a part")
    body, uses = _indexed(e, target, dim % max(1, len(target.shape)), index)
    value = loops.expression(source, _names(index), {})
    e.say(_ordered(index.shape, f"{body} {'+=' if adds else '='} {value};"), target, *uses, *leaves(source))
    return target


@handles("index", "index_select", "embedding")
def _index(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    name = _name(node)
    if name == "index_select":
        x, dim, index = args
    elif name == "embedding":
        x, index, dim = args[0], args[1], 0
    else:
        x, indices = args
        given = [(d, one) for d, one in enumerate(indices) if one is not None]
        if len(given) != 1:
            raise UnwritableError("an index in several dimensions")
        dim, index = given[0]
    if index.dtype == torch.bool:
        raise UnwritableError("a mask as an index")
    x, target = e.memory(x), e.room(node)
    dim %= len(x.shape)
    names = _names(target)
    inner = names[dim : dim + len(index.shape)]
    number = loops.expression(index, inner, {})
    rest = [*names[:dim], f"wrap({number}, {x.shape[dim]})", *names[dim + len(index.shape) :]]
    body = f"{target.name}[{loops._offset(target, names)}] = {x.name}[{loops._offset(x, rest)}];"
    e.say(loops.nest(target.shape, [body]), target, x, *leaves(index))
    return target


@handles("index_put", "_unsafe_index_put")
def _index_put(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    start, indices, values = args[:3]
    adds = args[3] if len(args) > 3 else named.get("accumulate", False)
    if len(indices) != 1 or indices[0] is None or indices[0].dtype == torch.bool:
        raise UnwritableError("an index in several dimensions")
    index = indices[0]
    target = e.memory(start, e.room(node))
    shape = (*index.shape, *target.shape[1:])
    values = e.memory(e.broadcast(values, shape))
    names = [f"i{d}" for d in range(len(shape))]
    number = loops.expression(index, names[: len(index.shape)], {})
    place = loops._offset(target, [f"wrap({number}, {target.shape[0]})", *names[len(index.shape) :]])
    value = loops.expression(values, names, {})
    e.say(_ordered(shape, f"{target.name}[{place}] {'+=' if adds else '='} {value};"), target, values, *leaves(index))
    return target


def _indexed(e: Emitter, x: Leaf, dim: int, index: Tree) -> tuple[str, list[Leaf]]:
    """The element of x at the loop's index, but for one dimension, where it is what the index says."""
    names = _names(index)
    number = loops.expression(index, names, {})
    where = [f"wrap({number}, {x.shape[d]})" if d == dim else name for d, name in enumerate(names)]
    return f"{x.name}[{loops._offset(replace(x), where)}]", list(leaves(index))


def _names(tree: Tree) -> list[str]:
    return [f"i{d}" for d in range(len(tree.shape))]


def _ordered(shape: Sequence[int], body: str) -> str:
    """Loops whose rounds may touch the same element."""
    return loops.nest(shape, [body]).replace("#pragma GCC ivdep\n", "")


def _name(node: Node) -> str:
    name: str = node.target._schema.name.partition("::")[2]  # type: ignore[union-attr]
    return name
