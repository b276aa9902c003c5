"""A remedy as changed lines: of the recipe where it is written down, of the user's own objects where they gave those."""

from __future__ import annotations

from torch import nn

from whynet.doctor.rates import settings
from whynet.doctor.surgery.rewired import Rewired
from whynet.recipe import Given, Recipe, changed_lines, diff

LEFT_OUT = "left out"


def fix_lines(before: Recipe, after: Recipe) -> list[str]:
    """The difference of two recipes as lines that begin with ``- `` or ``+ ``.

    A part that is written as a spec: ``- optimizer sgd(lr=0.1)``, ``+ optimizer sgd(lr=1.0)``. A user's own module: the layers that
    differ, by their names in it, ``- out = Softmax(dim=1)``, ``+ out = Identity()``.
    A user's own optimizer: its settings, ``- lr=0.1``.
    """
    lines: list[str] = []
    for name in dict.fromkeys(one.path.partition(".")[0] for one in diff(before, after)):
        own = getattr(before, name)
        if name == "model" and isinstance(own, Given):
            lines += _layers(before, after)
        elif name == "optimizer" and isinstance(own, Given):
            lines += _settings(before, after)
        else:
            only = before.change(**{name: getattr(after, name)})
            lines += changed_lines(before, only)
    return lines


def _layers(before: Recipe, after: Recipe) -> list[str]:
    ours, theirs = _leaves(before.model), _leaves(after.model)
    lines = []
    for name in dict.fromkeys([*ours, *theirs]):
        old, new = ours.get(name), theirs.get(name)
        if old != new:
            lines += [f"- {name} = {old}"] if old else []
            lines += [f"- {name}"] if new == LEFT_OUT else [f"+ {name} = {new}"] if new else []
    return lines or [f"- model {before.model}", f"+ model {after.model}"]


def _leaves(part: object) -> dict[str, str]:
    """The layers of a module by name, as they print themselves; what was put after its outputs, or left out of its forward, is named."""
    value = part.value if isinstance(part, Given) else None
    if value is not None and not isinstance(value, nn.Module):
        value = value()
    added = {}
    while isinstance(value, Rewired):
        if value.ending is not None:
            added["after the outputs"] = str(value.ending)
        if value.left_out is not None:
            added[f"call {value.left_out} of {value.name} in forward"] = LEFT_OUT
        value = value.inner
    if not isinstance(value, nn.Module):
        return added
    return {name: str(child) for name, child in value.named_modules() if name and not list(child.children())} | added


def _settings(before: Recipe, after: Recipe) -> list[str]:
    (rule, old), (other, new) = settings(before), settings(after)
    if rule != other:
        return [f"- optimizer {before.optimizer}", f"+ optimizer {after.optimizer}"]
    names = [name for name in old if old[name] != new.get(name)]
    return [line for name in names for line in (f"- {name}={_value(old[name])}", f"+ {name}={_value(new[name])}")]


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
