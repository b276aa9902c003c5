"""From the graph of a step to its C++ text: elementwise operations are kept as expressions until somebody needs them in memory.

An expression that two readers need, or that would be worked out again for each element of a larger one, is put into memory once. Loops of
one shape that follow each other become one loop. Products of matrices are calls into `kernels.h`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

from whynet.engine.native import tree as trees
from whynet.engine.native.loops import Batch
from whynet.engine.native.pointwise import COSTLY, KNOWN, TYPES, number
from whynet.engine.native.source import Source
from whynet.engine.native.tree import Const, Count, Leaf, NotAViewError, Op, Relayout, Tree, contiguous, leaf, relaid


class UnwritableError(Exception):
    """The step contains an operation that has no C++ form here."""


CONSTANTS = 2**16  # numbers of a constant at most, which become part of the text

Handler = Callable[["Emitter", Node, Sequence[Any], dict[str, Any]], Any]
HANDLERS: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register how an operation is written."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


def write_step(graph: GraphModule) -> str:
    """The C++ text of a lowered graph. Raises `UnwritableError`."""
    emitter = Emitter(graph)
    emitter.run()
    return emitter.source.text()


VIEWS = {
    "view", "_unsafe_view", "reshape", "expand", "permute", "transpose", "t", "unsqueeze", "squeeze", "slice", "select", "alias",
    "detach", "split_with_sizes", "split",
}  # fmt: skip


class Emitter:
    """One walk over one graph."""

    def __init__(self, graph: GraphModule) -> None:
        self.graph, self.source, self.batch = graph, Source(), Batch()
        self.values: dict[Node, Any] = {}
        (output,) = [node for node in graph.graph.nodes if node.op == "output"]
        self.outputs: list[Node] = list(output.args[0])
        self.places: dict[Node, int] = {}
        for i, node in enumerate(self.outputs):
            self.places.setdefault(node, i)

    # --- the walk ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        inputs = 0
        for i, node in enumerate(self.outputs):
            c = TYPES[self._checked(node).dtype]
            self.source.named.append(f"{c}* const o{i} = ({c}*)out[{i}];")
        for node in self.graph.graph.nodes:
            if node.op == "placeholder":
                value = self._checked(node)
                c = TYPES[value.dtype]
                self.source.named.append(f"const {c}* const a{inputs} = (const {c}*)in[{inputs}];")
                self.values[node] = leaf(f"a{inputs}", value.dtype, value.shape)
                inputs += 1
            elif node.op == "get_attr":
                self.values[node] = self._constant(node)
            elif node.op == "call_function":
                self.values[node] = self._call(node)
                self._settle(node)
        for i, node in enumerate(self.outputs):
            value = self._checked(node)
            self._deliver(self.values[node], leaf(f"o{i}", value.dtype, value.shape))
        self.flush()

    def _checked(self, node: Node) -> Tensor:
        value = node.meta.get("val")
        if not isinstance(value, Tensor) or value.dtype not in TYPES:
            raise UnwritableError(f"{node.name}: {getattr(value, 'dtype', type(value).__name__)}")
        return value

    def _call(self, node: Node) -> Any:
        target: Any = node.target
        if target is operator.getitem:
            return self.values[node.args[0]][node.args[1]]  # type: ignore[index]
        schema = getattr(target, "_schema", None)
        name = schema.name.partition("::")[2] if schema else str(target)
        arguments = [self._value(arg) for arg in node.args]
        named = {key: self._value(arg) for key, arg in node.kwargs.items()}
        handler = HANDLERS.get(name)
        if handler is not None:
            try:
                return handler(self, node, arguments, named)
            except NotAViewError as error:
                raise UnwritableError(str(target)) from error
        if name in KNOWN:
            return self.op(node, name, arguments)
        raise UnwritableError(str(target))

    def _value(self, arg: Any) -> Any:
        if isinstance(arg, Node):
            return self.values[arg]
        return [self._value(one) for one in arg] if isinstance(arg, list | tuple) else arg

    def _constant(self, node: Node) -> Tree:
        value = getattr(self.graph, str(node.target)).detach()
        if value.numel() == 1:
            return Const(value.item(), value.dtype, tuple(value.shape))
        if value.numel() > CONSTANTS or value.dtype not in TYPES or value.numel() == 0:
            raise UnwritableError(f"a constant of {value.numel()} numbers of {value.dtype}")
        name = f"c{len(self.source.named)}"
        written = ", ".join(number(one, value.dtype) for one in value.flatten().tolist())
        self.source.named.append(f"alignas(64) static const {TYPES[value.dtype]} {name}[] = {{{written}}};")
        return leaf(name, value.dtype, value.shape)

    # --- expressions -------------------------------------------------------------------------------------------------

    def op(self, node: Node, name: str, args: Sequence[Any]) -> Tree:
        """An elementwise operation as an expression."""
        value = self._checked(node)
        return self.combine(name, args, value.dtype, tuple(value.shape))

    def combine(self, name: str, args: Sequence[Any], dtype: torch.dtype, shape: tuple[int, ...]) -> Tree:
        """An elementwise operation on trees and numbers, broadcast to a shape."""
        full = [
            self.broadcast(
                arg if isinstance(arg, Leaf | Count | Const | Op) else Const(arg, _kind(arg, args, dtype), ()), shape
            )
            for arg in args
        ]
        return Op(name, tuple(full), dtype, shape)

    def broadcast(self, tree: Tree, shape: tuple[int, ...]) -> Tree:
        """A tree expanded to a shape; what would be worked out many times is put into memory before."""
        if tree.shape == shape:
            return tree
        if isinstance(tree, Op) and prod(tree.shape) < prod(shape):
            tree = self.memory(tree)
        return relaid(tree, trees.expand(shape))

    def view(self, tree: Tree, change: Relayout) -> Tree:
        """A view; of a copy in one piece where it needs one."""
        try:
            return relaid(tree, change)
        except NotAViewError:
            return relaid(self.piece(tree), change)

    # --- memory ------------------------------------------------------------------------------------------------------

    def memory(self, tree: Tree, target: Leaf | None = None) -> Leaf:
        """A tree's values in memory."""
        if isinstance(tree, Leaf) and target is None:
            return tree
        target = target or self.source.room(tree.dtype, tree.shape)
        if not self.batch.takes(target, tree):
            self.flush()
        self.batch.add(target, tree)
        return target

    def piece(self, tree: Tree) -> Leaf:
        """A tree's values in memory, in one piece."""
        if isinstance(tree, Leaf) and tree.strides == contiguous(tree.shape):
            return tree
        return self.memory(tree, self.source.room(tree.dtype, tree.shape))

    def room(self, node: Node) -> Leaf:
        """Where a result goes that is made by a call: straight to the output where it is one."""
        value = self._checked(node)
        if node in self.places:
            return leaf(f"o{self.places[node]}", value.dtype, value.shape)
        return self.source.room(value.dtype, value.shape)

    def say(self, text: str, *uses: Leaf) -> None:
        """A statement of its own, after all that was put off."""
        self.flush()
        self.source.say(text, [one.name for one in uses])

    def flush(self) -> None:
        """Write the loop that is under way."""
        self.batch.flush(self.source)

    def _settle(self, node: Node) -> None:
        """Put a new expression into memory where that is due."""
        tree = self.values[node]
        if not isinstance(tree, Op):
            return
        if node in self.places:
            self.values[node] = self.memory(tree, self.room(node))
        elif (prod(tree.shape) <= 1 or _readers(node) > 1) and not _cheap(tree):
            self.values[node] = self.memory(tree)

    def _deliver(self, tree: Tree, place: Leaf) -> None:
        if not (isinstance(tree, Leaf) and tree.name == place.name) and prod(place.shape) > 0:
            self.memory(tree, place)


def _readers(node: Node) -> int:
    """How many operations read a value, views looked through."""
    count = 0
    for user in node.users:
        schema = getattr(user.target, "_schema", None)
        name = schema.name.partition("::")[2] if schema else ""
        count += _readers(user) if name in VIEWS else 1
    return count


def _cheap(tree: Op) -> bool:
    """Whether it costs no more to work a value out again than to read it."""
    return tree.name not in COSTLY and sum(isinstance(arg, Leaf) for arg in tree.args) <= 1 and not any(
        isinstance(arg, Op) for arg in tree.args
    ) and prod(tree.shape) > 1  # fmt: skip


def _kind(value: Any, args: Sequence[Any], dtype: torch.dtype) -> torch.dtype:
    """The type of a plain number among arguments: that of the others, which it does not widen."""
    others = [arg.dtype for arg in args if isinstance(arg, Leaf | Count | Const | Op) and arg.dtype != torch.bool]
    if isinstance(value, bool):
        return torch.bool
    if others and (others[0].is_floating_point or isinstance(value, int)):
        return others[0]
    return dtype if dtype != torch.bool else torch.float64 if isinstance(value, float) else torch.int64


from whynet.engine.native import calls, images, views  # noqa: E402, F401  register the handlers
