"""Parameters that a model holds where torch does not look: in a plain list, tuple or dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

OWN = frozenset(vars(nn.Module()))  # where torch itself keeps parts, parameters and hooks
DEEPEST, WIDEST = 3, 256  # containers in one another, and entries of one, that are looked into


@dataclass(frozen=True)
class Hidden:
    """One such parameter as it was before the first step."""

    name: str  # blocks[0].weight
    key: int  # its identity, by which optimizers know it
    total: tuple[float, float]  # the sum of its values and of their sizes


def hidden_parts(module: nn.Module) -> Iterator[tuple[str, nn.Module | Tensor]]:
    """The modules, and the tensors that ask for a gradient, in plain containers that are attributes of any module."""
    for path, child in module.named_modules():
        for name, value in vars(child).items():
            if name not in OWN and isinstance(value, list | tuple | dict):
                yield from _inside(f"{path}.{name}" if path else name, value, DEEPEST)


def _inside(name: str, value: Any, depth: int) -> Iterator[tuple[str, nn.Module | Tensor]]:
    if isinstance(value, nn.Module) or (isinstance(value, Tensor) and value.is_leaf and value.requires_grad):
        yield name, value
    elif depth and isinstance(value, list | tuple | dict) and len(value) <= WIDEST:
        entries: Any = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, one in entries:
            yield from _inside(f"{name}[{key!r}]", one, depth - 1)


def hidden_parameters(module: nn.Module) -> dict[str, Tensor]:
    """Those of their parameters that ask for a gradient and are none of the module's own, by name."""
    known = {id(p) for p in module.parameters()}
    found: dict[str, Tensor] = {}
    for name, part in hidden_parts(module):
        inside = part.named_parameters() if isinstance(part, nn.Module) else [("", part)]
        for path, p in inside:
            if id(p) not in known and p.requires_grad:
                known.add(id(p))
                found[f"{name}.{path}" if path else name] = p
    return found


def total(value: Tensor) -> tuple[float, float]:
    """What changes when any of the values does."""
    plain = value.detach()
    return float(plain.sum(dtype=torch.float64)), float(plain.abs().sum(dtype=torch.float64))


def hidden_at_start(module: nn.Module) -> tuple[Hidden, ...]:
    """Every such parameter, as it is now."""
    return tuple(Hidden(name, id(p), total(p)) for name, p in hidden_parameters(module).items() if _is_plain(p))


def _is_plain(p: Tensor) -> bool:
    return not p.is_meta and p.is_floating_point() and not p.is_sparse


def never_moved(module: nn.Module, start: tuple[Hidden, ...], held: set[int]) -> dict[str, Tensor]:
    """Of them, those that got a gradient, still are what they were at the start, and are in no optimizer."""
    now = hidden_parameters(module)
    return {
        one.name: now[one.name]
        for one in start
        if one.name in now and one.key not in held and now[one.name].grad is not None and total(now[one.name]) == one.total
    }
