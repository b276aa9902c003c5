"""How operations are written that move no numbers, and those that make values out of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch.fx import Node

from whynet.engine.native import tree as trees
from whynet.engine.native.emit import Emitter, UnwritableError, handles
from whynet.engine.native.tree import Const, Count, Tree


@handles("view", "_unsafe_view", "reshape")
def _view(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    return e.view(args[0], trees.reshape(_shape(node)))


@handles("expand")
def _expand(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    return e.broadcast(args[0], _shape(node))


@handles("permute")
def _permute(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    n = len(args[0].shape)
    return e.view(args[0], trees.permute([d % n for d in args[1]]))


@handles("transpose", "t")
def _transpose(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    dims = list(range(len(args[0].shape)))
    a, b = (args[1], args[2]) if len(args) > 1 else (0, len(dims) - 1)
    if dims:
        dims[a], dims[b] = dims[b], dims[a]
    return e.view(args[0], trees.permute(dims))


@handles("unsqueeze", "squeeze")
def _ones(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    return e.view(args[0], trees.reshape(_shape(node)))


@handles("select")
def _select(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    x, dim, index = args
    dim %= len(x.shape)
    return e.view(x, trees.select(dim, index % x.shape[dim]))


@handles("slice")
def _slice(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    x: Tree = args[0]
    given = [*args[1:], *(0, None, None, 1)[len(args) - 1 :]]
    dim, start, stop, step = given
    dim %= len(x.shape)
    low, high, step = slice(start, stop, step).indices(x.shape[dim])
    return e.view(x, trees.cut(dim, low, max(low, high), step))


@handles("split_with_sizes", "split")
def _split(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> list[Tree]:
    x, sizes = args[0], args[1]
    dim = (args[2] if len(args) > 2 else named.get("dim", 0)) % len(x.shape)
    whole = x.shape[dim]
    if isinstance(sizes, int):
        sizes = [min(sizes, whole - at) for at in range(0, whole, sizes)]
    at, pieces = 0, []
    x = e.memory(x)
    for size in sizes:
        pieces.append(e.view(x, trees.cut(dim, at, at + size)))
        at += size
    return pieces


@handles("alias", "detach", "lift_fresh_copy", "lift_fresh", "clone", "contiguous")
def _same(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    tree: Tree = args[0]
    return tree


@handles("_to_copy")
def _cast(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    tree: Tree = args[0]
    dtype = node.meta["val"].dtype
    if tree.dtype == dtype:
        return tree
    if isinstance(tree, Const):
        return Const(torch.tensor(tree.value).to(dtype).item(), dtype, tree.shape)
    return e.op(node, "cast", [tree])


# --- out of nothing --------------------------------------------------------------------------------------------------


@handles("full", "full_like", "scalar_tensor", "zeros", "ones", "zeros_like", "ones_like", "new_zeros", "new_ones", "new_full",
         "empty", "empty_like", "empty_permuted", "empty_strided", "new_empty")  # fmt: skip
def _full(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    name = node.target._schema.name.partition("::")[2]  # type: ignore[union-attr]
    value: Any = 0
    if name in ("full", "full_like"):
        value = args[1]
    elif name == "new_full":
        value = args[2]
    elif name == "scalar_tensor":
        value = args[0]
    elif name in ("ones", "ones_like", "new_ones"):
        value = 1
    if not isinstance(value, int | float | bool):
        raise UnwritableError(name)
    return Const(value, node.meta["val"].dtype, _shape(node))


@handles("arange")
def _arange(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    start, step = (0, 1) if len(args) == 1 else (args[0], args[2] if len(args) > 2 else 1)
    dtype = node.meta["val"].dtype
    if dtype.is_floating_point:
        raise UnwritableError("arange")
    return Count(dtype, _shape(node), (step,), start)


@handles("copy")
def _copy(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    tree = e.broadcast(args[1], _shape(node))
    return tree if tree.dtype == node.meta["val"].dtype else e.op(node, "cast", [tree])


def _shape(node: Node) -> tuple[int, ...]:
    shape = tuple(node.meta["val"].shape)
    if not all(isinstance(size, int) for size in shape) or prod(shape) < 0:
        raise UnwritableError("a shape that is not fixed")
    return shape
