"""Recording how data flow through a network: hooks see its modules, a mode sees the operations between them.

A tensor is known by its identity. What a module puts out goes on as a view of itself, so that a layer which hands its input on
(an identity, dropout in use) does not take the place of what ran before it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode, resolve_name

from whynet.models.describe import tensors_in
from whynet.models.description import Shape
from whynet.models.graph import Call, Edge, Graph, Node
from whynet.models.modes import evaluating, unfused


def trace(model: nn.Module, inputs: Shape, batch: int, dtype: torch.dtype) -> Graph:
    """Everything that ran, at full depth: on shapes alone, or on zeros where the network reads its numbers."""
    tensors = dict(chain(model.named_parameters(), model.named_buffers()))
    with evaluating(model):
        try:
            shapes_only = {name: tensor.to("meta") for name, tensor in tensors.items()}
            return _run(model, shapes_only, torch.zeros(batch, *inputs, dtype=dtype, device="meta"))
        except (RuntimeError, NotImplementedError):
            device = next((tensor.device for tensor in tensors.values()), torch.device("cpu"))
            copies = {name: tensor.detach().clone() for name, tensor in tensors.items()}
            with torch.random.fork_rng(devices=[]), unfused():
                return _run(model, copies, torch.zeros(batch, *inputs, dtype=dtype, device=device))


def _run(model: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> Graph:
    recorder = _Recorder(model, tensors, x)
    hooks: list[Any] = []
    for name, module in model.named_modules():
        if name:
            hooks.append(module.register_forward_pre_hook(recorder.entering(name, module), with_kwargs=True))
            hooks.append(module.register_forward_hook(recorder.leaving(module)))
    try:
        with torch.no_grad(), recorder:
            answer = functional_call(model, tensors, (x,))
        return recorder.finished(answer)
    finally:
        for hook in hooks:
            hook.remove()


class _Recorder(TorchFunctionMode):
    """Builds the graph while the network runs."""

    def __init__(self, model: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> None:
        super().__init__()
        self.nodes: list[Node] = [Node("input", "input")]
        self.edges: dict[Edge, None] = {}
        self.came_from: dict[int, int] = {id(x): 0}  # identity of a tensor → the node it came out of
        self.reads: dict[int, frozenset[str]] = {id(tensor): frozenset({name}) for name, tensor in tensors.items()}
        self.sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
        self.kept: list[Tensor] = [x]  # held, lest an identity be given away again
        self.calls: list[Call] = []  # the modules now running
        self.count = 0
        self.closed = 0  # leaf modules now running: what happens inside them is theirs
        self.entered: list[tuple[Any, list[int]]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """An operation between modules."""
        kwargs = kwargs or {}
        if self.closed:
            return func(*args, **kwargs)
        given = [*tensors_in(args), *tensors_in(kwargs)]
        versions = [_version(tensor) for tensor in given]
        result = func(*args, **kwargs)
        put_out = list(tensors_in(result))
        written = [tensor for tensor, before in zip(given, versions, strict=True) if _version(tensor) != before]
        fresh = [tensor for tensor in put_out if all(tensor is not one for one in given)]
        if written or fresh:
            self._operation(_words(func), given, [*written, *fresh])
        return result

    def _operation(self, name: str, given: list[Tensor], made: list[Tensor]) -> None:
        read = frozenset[str]().union(*(self.reads.get(id(tensor), frozenset()) for tensor in given))
        if not any(id(tensor) in self.came_from for tensor in given):  # made of parameters alone: told where it meets the data
            if read:
                self.kept += made
                self.reads |= {id(tensor): read for tensor in made}
            return
        self._node(Node(name, "operation", ", ".join(sorted(read)), self._count(read), tuple(self.calls)), given, made)

    def _node(self, node: Node, given: list[Tensor], made: list[Tensor]) -> None:
        place = len(self.nodes)
        self.nodes.append(node)
        for tensor in given:
            if id(tensor) in self.came_from:
                self.edges[Edge(self.came_from[id(tensor)], place, tuple(tensor.shape))] = None
        self.kept += made
        self.came_from |= {id(tensor): place for tensor in made}

    def _count(self, names: frozenset[str]) -> int:
        """Parameters among these that nothing has read before."""
        return sum(self.sizes.pop(name, 0) for name in names)

    def entering(self, name: str, module: nn.Module) -> Callable[..., None]:
        """The hook that runs before a module."""

        def hook(_module: nn.Module, args: Any, kwargs: Any) -> None:
            self.closed += 1  # what the hook itself does is no part of the network
            given = [*tensors_in(args), *tensors_in(kwargs)]
            self.entered.append((given, [_version(tensor) for tensor in given]))
            self.count += 1
            self.calls.append(Call(name, type(module).__name__, self.count))
            self.closed -= not _is_leaf(module)

        return hook

    def leaving(self, module: nn.Module) -> Callable[..., Any]:
        """The hook that runs after a module."""

        def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            self.closed += not _is_leaf(module)
            (given, versions), call = self.entered.pop(), self.calls[-1]
            if _is_leaf(module):
                written = [tensor for tensor, before in zip(given, versions, strict=True) if _version(tensor) != before]
                output = _renewed(output)
                count = self._count(frozenset(f"{call.name}.{own}" for own, _ in module.named_parameters()))
                node = Node(call.name, "module", _kind(module), count, tuple(self.calls))
                self._node(node, given, [*written, *tensors_in(output)])
            self.calls.pop()
            self.closed -= 1
            return output

        return hook

    def finished(self, answer: Any) -> Graph:
        """The graph, with its answer as the last node."""
        self._node(Node("output", "output"), list(tensors_in(answer)), [])
        return Graph(tuple(self.nodes), tuple(self.edges))


def _renewed(output: Any) -> Any:
    """The same values under a new identity; what a module returned in a container of its own kind stays as it is."""
    if isinstance(output, Tensor):
        return output.view_as(output)
    if type(output) in (list, tuple):
        return type(output)(_renewed(one) for one in output)
    if type(output) is dict:
        return {key: _renewed(one) for key, one in output.items()}
    return output


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None or isinstance(module, nn.MultiheadAttention)  # whose parts are not called


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


# --- names -------------------------------------------------------------------------------------------------------------

_SIGNS = {
    "add": "+", "radd": "+", "iadd": "+", "sub": "−", "rsub": "−", "isub": "−", "mul": "×", "rmul": "×", "imul": "×",
    "div": "÷", "truediv": "÷", "rtruediv": "÷", "itruediv": "÷", "matmul": "@", "rmatmul": "@", "bmm": "@", "neg": "−",
    "pow": "^", "concat": "cat", "concatenate": "cat", "getitem": "[ ]", "setitem": "[ ] =",
}  # fmt: skip


def _words(func: Any) -> str:
    """What a reader calls an operation: ``+``, ``cat``, ``flatten``, ``scaled_dot_product_attention``."""
    name = getattr(func, "__name__", "") or str(func)
    if name in ("__get__", "wrapped"):
        name = (resolve_name(func) or name).removesuffix(".__get__")
    name = name.rpartition(".")[2].strip("_")
    return _SIGNS.get(name, name)


def _kind(module: nn.Module) -> str:
    """A module's kind, with the window and stride of what slides over its input."""
    words = type(module).__name__
    window, stride = getattr(module, "kernel_size", None), getattr(module, "stride", None)
    if window is not None and all(isinstance(side, int) for side in _sides(window)):
        sides = _sides(window)
        words += " " + "×".join(map(str, sides * 2 if len(sides) == 1 and words.endswith("2d") else sides))
        if stride is not None and any(step != 1 for step in _sides(stride)):
            words += " /" + "×".join(dict.fromkeys(map(str, _sides(stride))))
    return words


def _sides(size: Any) -> tuple[Any, ...]:
    return tuple(size) if isinstance(size, tuple | list) else (size,)
