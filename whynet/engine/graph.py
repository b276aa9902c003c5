"""The tiers: the same step run eagerly, or traced once into a flat graph of tensor operations.

Eager Python rebuilds the autograd graph and walks the module tree at every step. Traced, the whole step (forward, gradient, update,
probes) is one list of operations; running it is the same arithmetic in the same order with a fraction of the overhead.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

Function = Callable[..., Any]


class UntraceableError(Exception):
    """The function cannot be written as one fixed graph: its Python code looks at the values of tensors."""


class Flat:
    """A function of nested tensors as a function of a flat list of tensors, and back."""

    def __init__(self, function: Function, examples: Sequence[Any]) -> None:
        self.function = function
        leaves, self.inputs = pytree.tree_flatten(tuple(examples))
        self.examples: list[Tensor] = leaves
        self.outputs: pytree.TreeSpec | None = None

    def __call__(self, *leaves: Tensor) -> list[Tensor]:
        flat, self.outputs = pytree.tree_flatten(self.function(*pytree.tree_unflatten(list(leaves), self.inputs)))
        return flat


def trace(flat: Flat) -> GraphModule:
    """The flat function as a graph; its ``forward`` runs it. Raises `UntraceableError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing warns of constants it keeps; they are the module's own
            graph = make_fx(flat)(*flat.examples)
    except Exception as error:  # whatever a user's forward does wrong under tracing, eager still runs it
        raise UntraceableError(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__) from error
    tidy(graph)
    return graph


def tidy(graph: GraphModule) -> None:
    """Drop operations that do nothing: transposing twice, viewing a view, and what nobody reads."""
    t, view = torch.ops.aten.t.default, torch.ops.aten.view.default
    for node in graph.graph.nodes:
        if node.op != "call_function" or not node.args:
            continue
        before = node.args[0]
        if node.target is t and getattr(before, "target", None) is t:
            node.replace_all_uses_with(before.args[0])
        elif node.target is view and getattr(before, "target", None) is view:
            node.replace_input_with(before, before.args[0])
    graph.graph.eliminate_dead_code()
    graph.recompile()
