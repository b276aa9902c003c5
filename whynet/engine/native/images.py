"""How convolutions and pooling are written."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from torch.fx import Node

from whynet.engine.native import loops
from whynet.engine.native import tree as trees
from whynet.engine.native.emit import Emitter, UnwritableError, handles
from whynet.engine.native.tree import Leaf, Tree

MOST = 2**33  # multiplications of one convolution; a library has better ways for the largest


@handles("convolution")
def _convolution(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    x, w, bias, *how = args
    window = _window(x.shape, w.shape, *how)
    value = node.meta["val"]
    target = e.source.room(value.dtype, value.shape) if bias is not None else e.room(node)
    x, w = e.piece(x), e.piece(w)
    if prod(value.shape) * prod(w.shape[1:]) > MOST:
        raise UnwritableError("a convolution of this size")
    cols = _columns(e, target, w)
    e.say(f"convolve<{x.shape[0]}, {window}>({x.at}, {w.at}, {target.at}, {cols.name});", x, w, target, cols)
    if bias is None:
        return target
    return e.combine("add", [target, _per_channel(e, bias, target.shape)], target.dtype, target.shape)


@handles("convolution_backward")
def _convolution_backward(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> list[Tree | None]:
    g, x, w, biases, *how, wanted = args
    window = _window(x.shape, w.shape, *how)
    g, w = e.piece(g), e.piece(w)
    cols = _columns(e, g, w)
    results: list[Tree | None] = [None, None, None]
    if wanted[0]:
        made = e.source.room(x.dtype, x.shape)
        e.say(f"convolve_input<{x.shape[0]}, {window}>({g.at}, {w.at}, {made.name}, {cols.name});", g, w, made, cols)
        results[0] = made
    if wanted[1]:
        x, made = e.piece(x), e.source.room(w.dtype, w.shape)
        rows, one = e.source.room(cols.dtype, cols.shape), e.source.room(w.dtype, w.shape)
        e.say(
            f"convolve_weight<{x.shape[0]}, {window}>({g.at}, {x.at}, {made.name}, {cols.name}, {rows.name}, {one.name});",
            g, x, made, cols, rows, one,
        )  # fmt: skip
        results[1] = made
    if wanted[2]:
        made = e.source.room(g.dtype, biases)
        e.flush()
        loops.reduce(e.source, "sum", g, [0, *range(2, len(g.shape))], made)
        results[2] = made
    return results


def _columns(e: Emitter, out: Leaf, w: Leaf) -> Leaf:
    return e.source.room(out.dtype, (prod(w.shape[1:]), prod(out.shape[2:])))


def _per_channel(e: Emitter, bias: Tree, shape: tuple[int, ...]) -> Tree:
    return e.broadcast(e.view(bias, trees.reshape((1, shape[1], *(1 for _ in shape[2:])))), shape)


def _window(
    x: Sequence[int], w: Sequence[int], stride: Any, padding: Any, dilation: Any, transposed: bool, _: Any, groups: int
) -> str:
    if transposed or groups != 1 or len(x) not in (3, 4):
        raise UnwritableError("a convolution of another kind")
    return _sizes(x[1], x[2:], w[0], w[2:], stride, padding, dilation)


def _sizes(c: int, image: Sequence[int], o: int, kernel: Any, stride: Any, padding: Any, dilation: Any) -> str:
    """The template arguments of a window; a line is an image one pixel high."""

    def two(given: Any, filler: int) -> list[int]:
        numbers = [given] if isinstance(given, int) else list(given)
        return [filler, *numbers] if len(image) == 1 else numbers * 2 if len(numbers) == 1 else numbers

    height = [1, *image] if len(image) == 1 else list(image)
    stride = stride or kernel
    numbers = [c, *height, o, *two(kernel, 1), *two(stride, 1), *two(padding, 0), *two(dilation, 1)]
    return f"Window<{', '.join(map(str, numbers))}>"


@handles("max_pool2d_with_indices")
def _max_pool(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> list[Tree]:
    x = e.piece(args[0])
    values, indices = node.meta["val"]
    window = _pool(x, values.shape, args[1:])
    made, where = (e.source.room(one.dtype, one.shape) for one in (values, indices))
    e.say(f"max_pool<{prod(x.shape[:-2])}, {window}>({x.at}, {made.name}, {where.name});", x, made, where)
    return [made, where]


@handles("max_pool2d_with_indices_backward")
def _max_pool_backward(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    g, x, *how, indices = args
    g, indices, target = e.piece(g), e.piece(indices), e.room(node)
    window = _pool(x, g.shape, how)
    e.say(f"max_pool_input<{prod(x.shape[:-2])}, {window}>({g.at}, {indices.at}, {target.name});", g, indices, target)
    return target


@handles("avg_pool2d")
def _average_pool(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    x, target = e.piece(args[0]), e.room(node)
    window, padding = _average(x, target.shape, args[1:])
    e.say(f"average_pool<{prod(x.shape[:-2])}, {window}, {padding}>({x.at}, {target.name});", x, target)
    return target


@handles("avg_pool2d_backward")
def _average_pool_backward(e: Emitter, node: Node, args: Sequence[Any], named: dict[str, Any]) -> Tree:
    g, x, *how = args
    g, target = e.piece(g), e.room(node)
    window, padding = _average(x, g.shape, how)
    e.say(f"average_pool_input<{prod(x.shape[:-2])}, {window}, {padding}>({g.at}, {target.name});", g, target)
    return target


def _average(x: Tree, out: Sequence[int], how: Sequence[Any]) -> tuple[str, str]:
    given: list[Any] = [*how, *([], 0, False, True, None)[len(how) - 1 :]]
    kernel, stride, padding, ceil, include, divisor = given
    if divisor is not None:
        raise UnwritableError("an average with a divisor of its own")
    return _pool(x, out, [kernel, stride, padding, 1, ceil]), "true" if include else "false"


def _pool(x: Tree, out: Sequence[int], how: Sequence[Any]) -> str:
    given: list[Any] = [*how, *([], 0, 1, False)[len(how) - 1 :]]
    kernel, stride, padding, dilation, ceil = given
    window = _sizes(1, x.shape[-2:], 1, kernel, stride, padding, dilation)
    if ceil:
        raise UnwritableError("pooling that rounds up")
    return window
