"""The numbers in which stacked arms differ, as inputs of their one graph instead of constants in it.

    hyper-parameters of the optimizer    () or (A,), always
    loss.delta, clip.most                () or (A,), only where the arms differ
    rates of dropout and noise           (K,) or (A, K), only where the arms differ
    factors of the learning rate         (P,) or (A, P), only where a recipe names some

All float64, but for the factors, which are of the type of the weights. A lone arm's graph, and that of arms with equal values, keeps
the plain number, which is faster and comes to the same, so that an arm's results do not tell from whom it differed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

if TYPE_CHECKING:
    from whynet.engine.arm import Arm

Rule = TypeVar("Rule")


def varied(arms: Sequence[Arm]) -> dict[str, list[Tensor]]:
    """By name, each arm's value of every number that is an input of the step, but the learning rate."""
    found = {
        name: [torch.tensor(arm.optimizer.hyper[name], dtype=torch.float64) for arm in arms]
        for name in arms[0].optimizer.hyper
        if name != "lr"
    }
    for part in ("loss", "clip"):
        for name, values in _differing([getattr(arm, part) for arm in arms]).items():
            found[f"{part}.{name}"] = [torch.tensor(value, dtype=torch.float64) for value in values]
    rates = [torch.tensor(arm.network.rates, dtype=torch.float64) for arm in arms]
    if any(not torch.equal(own, rates[0]) for own in rates):
        found["rates"] = rates
    if arms[0].recipe.rates:
        found["factors"] = [arm.factors for arm in arms]
    return found


def bound(rule: Rule, part: str, hyper: Mapping[str, Tensor]) -> Rule:
    """The loss or clipping rule with an arm's own numbers, which may be tensors under `torch.vmap`."""
    own = {name.removeprefix(f"{part}."): value for name, value in hyper.items() if name.startswith(f"{part}.")}
    if not own:
        return rule
    rule = copy.copy(rule)  # `dataclasses.replace` would check the values, and tensors of arms have none to look at
    for name, value in own.items():
        object.__setattr__(rule, name, value)
    return rule


def shape_of(rule: Any) -> tuple[Any, ...]:
    """The fields of a rule that shape its graph: all but its floats."""
    return tuple("any" if isinstance(value, float) else value for value in values_of(rule))


def values_of(rule: Any) -> tuple[Any, ...]:
    """All fields of a rule; none of no rule."""
    return tuple(getattr(rule, field.name) for field in fields(rule)) if rule is not None else ()


def _differing(rules: Sequence[Any]) -> dict[str, list[float]]:
    """The float fields in which rules of one kind differ."""
    if rules[0] is None:
        return {}
    columns = {field.name: [getattr(rule, field.name) for rule in rules] for field in fields(rules[0])}
    return {name: column for name, column in columns.items() if isinstance(column[0], float) and len(set(column)) > 1}
