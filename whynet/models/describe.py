"""A network layer by layer: what comes out of each, how many weights it has and why, how many multiplications it costs.

    >>> from whynet.models.build import build
    >>> description = describe(build("lenet5", (1, 28, 28), 10), (1, 28, 28))
    >>> description.rows[0].name, str(description.rows[0].formula), description.parameters
    ('conv1', '(5·5)·1·6 + 6 = 156', 61706)

The network is run once, on the meta device where it can be (shapes without numbers), with a hook on every module. So it works
for any ``nn.Module``; multiplications are counted from the operations that really run, not from a table of known layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from whynet.models.description import Description, Row, Shape
from whynet.models.modes import evaluating, unfused
from whynet.text import Text, plain


def describe(model: nn.Module, inputs: Shape, batch: int = 1, dtype: torch.dtype = torch.float32) -> Description:
    """Run ``batch`` examples of shape ``inputs`` through a network and tell what each module is and costs.

    The network is left as it was: same weights, same buffers, same mode. ``dtype`` is for networks that read integers, such as
    tokens (torch.int64). Raises what the network raises where it cannot take such examples.
    """
    seen = _watch(model, inputs, batch, dtype)
    order = [*seen.visits, *(module for module in model.modules() if module not in seen.visits)]
    names = {module: name for name, module in model.named_modules()}
    owner: dict[Tensor, str] = {}  # parameter → where it was counted
    rows = []
    for module in order:
        visit = seen.visits.get(module, _Visit())
        own = dict(module.named_parameters(recurse=False))
        is_leaf = next(module.children(), None) is None and not isinstance(module, _CONTAINERS)
        if not (is_leaf or own or visit.flops):
            continue
        name = names[module] or type(module).__name__
        fresh = {key: parameter for key, parameter in own.items() if parameter not in owner}
        formula = _formula(module, fresh)
        if len(fresh) < len(own):
            shared = next(owner[parameter] for parameter in own.values() if parameter in owner)
            formula = Text("{formula} (shared with {name})", "{formula} ({name:과} 공유)").fill(formula=formula, name=shared)
        owner |= dict.fromkeys(fresh.values(), name)
        count = sum(parameter.numel() for parameter in fresh.values())
        rows.append(Row(name, type(module).__name__, visit.output, count, formula, visit.flops // 2))

    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradient_bytes = _size(trainable)
    return Description(
        rows=tuple(rows),
        batch=batch,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        trainable=sum(parameter.numel() for parameter in trainable),
        multiply_adds=seen.flops // 2,  # one multiply-add is two operations
        weight_bytes=_size(chain(model.parameters(), model.buffers())),
        activation_bytes=sum(seen.storages.values()),
        gradient_bytes=gradient_bytes,
        optimizer_bytes=2 * gradient_bytes,
    )


# --- running it with a hook on every module --------------------------------------------------------------------------


@dataclass
class _Visit:
    output: Shape | None = None
    flops: int = 0  # its own, without those of modules inside it


@dataclass
class _Seen:
    visits: dict[nn.Module, _Visit] = field(default_factory=dict)  # in the order in which they first ran
    flops: int = 0
    storages: dict[int, int] = field(default_factory=dict)  # memory of an output → bytes; views share theirs
    kept: list[Tensor] = field(default_factory=list)  # held, lest a freed memory be taken for a new one


def _watch(model: nn.Module, inputs: Shape, batch: int, dtype: torch.dtype) -> _Seen:
    tensors = dict(chain(model.named_parameters(), model.named_buffers()))
    with evaluating(model):
        try:
            shapes_only = {name: tensor.to("meta") for name, tensor in tensors.items()}
            return _run(model, shapes_only, torch.zeros(batch, *inputs, dtype=dtype, device="meta"))
        except (RuntimeError, NotImplementedError):  # it reads its numbers, or keeps tensors that are no buffers
            device = next((tensor.device for tensor in tensors.values()), torch.device("cpu"))
            copies = {name: tensor.detach().clone() for name, tensor in tensors.items()}
            with torch.random.fork_rng(), unfused():
                return _run(model, copies, torch.zeros(batch, *inputs, dtype=dtype, device=device))


def _run(model: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> _Seen:
    seen = _Seen()
    inner: list[int] = []  # for each module now running: operations of the modules inside it
    started: list[int] = []
    counter = FlopCounterMode(display=False)

    def enter(module: nn.Module, _inputs: Any) -> None:
        seen.visits.setdefault(module, _Visit())
        inner.append(0)
        started.append(counter.get_total_flops())

    def leave(module: nn.Module, _inputs: Any, output: Any) -> None:
        total = counter.get_total_flops() - started.pop()
        visit = seen.visits[module]
        visit.flops += total - inner.pop()
        if inner:
            inner[-1] += total
        for tensor in tensors_in(output):
            visit.output = tuple(tensor.shape) if tensor is next(tensors_in(output)) else visit.output
            storage = tensor.untyped_storage()
            if storage._cdata not in seen.storages:
                seen.kept.append(tensor)
                seen.storages[storage._cdata] = storage.nbytes()

    hooks: list[Any] = []
    for module in model.modules():
        hooks += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    seen.storages[x.untyped_storage()._cdata] = 0  # the input is no activation
    try:
        with torch.no_grad(), counter:
            functional_call(model, tensors, (x,))
    finally:
        for hook in hooks:
            hook.remove()
    seen.flops = counter.get_total_flops()
    return seen


def tensors_in(output: Any) -> Iterator[Tensor]:
    """Every tensor in what a module returned."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict):
        yield from (tensor for value in output.values() for tensor in tensors_in(value))
    elif isinstance(output, list | tuple):
        yield from (tensor for value in output for tensor in tensors_in(value))


# --- how the parameters are counted ------------------------------------------------------------------------------------

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)


def _formula(module: nn.Module, own: dict[str, nn.Parameter]) -> Text:
    """``(5·5)·3·6 + 6 = 456``: for a convolution window · in · out, for a linear layer in · out, else the shapes."""
    terms = []
    for name, parameter in own.items():
        sizes = [str(size) for size in parameter.shape] or ["1"]
        if name == "weight" and isinstance(module, _CONVOLUTIONS):
            first, second, *window = sizes  # (out, in / groups, …), transposed the other way round
            into, out = (first, second) if isinstance(module, _TRANSPOSED) else (second, first)
            sizes = [f"({'·'.join(window)})", into, out]
        elif name == "weight" and isinstance(module, nn.Linear):
            sizes.reverse()  # (out, in)
        terms.append("·".join(sizes))
    total = str(sum(parameter.numel() for parameter in own.values()))
    return plain("" if not terms else total if terms == [total] else f"{' + '.join(terms)} = {total}")


def _size(tensors: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
