"""Changes of what holds a network back: dropout, the penalty on its weights, the memory of its batch norms."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from whynet.doctor.rates import settings
from whynet.doctor.surgery.capacity import is_activation_brick
from whynet.doctor.surgery.places import WEIGHTED, WEIGHTED_MODULES, changed_model, each_brick, leaves
from whynet.recipe import Recipe
from whynet.spec import Spec, Value


def with_dropout(recipe: Recipe, p: float) -> Recipe | None:
    """Every dropout set to p; where there is none and p > 0, one behind the activation of every hidden linear layer."""

    def option(options: dict[str, Any]) -> dict[str, Value] | None:
        return {"dropout": p} if options.get("dropout", p) != p and (options.get("widths") or ()) else None

    def bricks(stack: list[Spec]) -> list[Spec]:
        if any(one.name == "dropout" for one in stack):
            return [one if one.name != "dropout" else Spec("dropout", {"p": p}) for one in stack if one.name != "dropout" or p]
        last = max((i for i, one in enumerate(stack) if one.name in WEIGHTED), default=-1)
        changed, linear = [], False
        for i, one in enumerate(stack):
            changed.append(one)
            linear = one.name == "linear" or (linear and one.name not in WEIGHTED)
            if p and linear and i < last and is_activation_brick(one):
                changed.append(Spec("dropout", {"p": p}))
        return changed

    return changed_model(recipe, option, bricks, lambda whole: _drop(whole, p), f"dropout {p:g}")


def _drop(whole: nn.Module, p: float) -> bool:
    found = leaves(whole)
    own = [place[2] for place in found if isinstance(place[2], _DropoutNd)]
    for dropout in own:
        if dropout.p != p:
            dropout.p = p
    if own or not p:
        return bool(own)
    last = max((i for i, place in enumerate(found) if isinstance(place[2], WEIGHTED_MODULES)), default=-1)
    linear, done = False, False
    for parent, key, child in found[: max(last, 0)]:
        linear = isinstance(child, nn.Linear) or (linear and not isinstance(child, WEIGHTED_MODULES))
        if linear and type(child).__module__ == "torch.nn.modules.activation":
            setattr(parent, key, nn.Sequential(child, nn.Dropout(p)))
            done = True
    return done


def with_penalty(recipe: Recipe, weight_decay: float | None) -> Recipe | None:
    """Another weight decay in the update rule; None and 0 mean none at all. None where it is so already."""
    name, options = settings(recipe)
    now = options.get("weight_decay") or 0.0
    if "weight_decay" not in options or now == (weight_decay or 0.0):
        return None
    value = weight_decay or (0.0 if name == "adamw" else None)
    if isinstance(recipe.optimizer, Spec):
        return recipe.change(optimizer=recipe.optimizer.replace(weight_decay=value))
    return recipe.change(optimizer=Spec(name, {**options, "weight_decay": value}))


def with_norm_momentum(recipe: Recipe, momentum: float) -> Recipe | None:
    """Every batch norm with another share of the newest batch in its running averages."""

    def module(whole: nn.Module) -> bool:
        norms = [place[2] for place in leaves(whole) if isinstance(place[2], _NormBase)]
        changed = [one for one in norms if one.momentum != momentum]
        for one in changed:
            one.momentum = momentum
        return bool(changed)

    bricks = each_brick(lambda one: [one.replace(momentum=momentum)] if one.name == "batch_norm" else [one])
    return changed_model(recipe, None, bricks, module, f"momentum {momentum:g}")
