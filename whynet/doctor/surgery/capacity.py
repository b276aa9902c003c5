"""Changes of size: wider, deeper, shallower."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from whynet.doctor.surgery.places import WEIGHTED, WEIGHTED_MODULES, changed_model, leaves
from whynet.recipe import Recipe
from whynet.registry import get
from whynet.spec import Spec, Value

PASSES = (nn.Identity, nn.Dropout, nn.BatchNorm1d)  # between two layers, beside activations, whatever the width


def wider(recipe: Recipe, times: int = 4) -> Recipe | None:
    """Every hidden layer with as many times the units."""

    def bricks(stack: list[Spec]) -> list[Spec]:
        last = max((i for i, one in enumerate(stack) if one.name in WEIGHTED), default=-1)
        return [_widened(one, times) if i < last and one.name in WEIGHTED else one for i, one in enumerate(stack)]

    def option(options: dict[str, Any]) -> dict[str, Value] | None:
        widths = options.get("widths")
        return {"widths": [times * int(width) for width in widths]} if isinstance(widths, list | tuple) and widths else None

    return changed_model(recipe, option, bricks, lambda whole: _widen(whole, times), f"{times} × width")


def _widened(brick: Spec, times: int) -> Spec:
    name = "units" if brick.name == "linear" else "channels"
    if name in brick.options:
        return brick.replace(**{name: times * int(str(brick.options[name]))})
    return Spec(brick.name, brick.options, (times * int(str(brick.args[0])), *brick.args[1:])) if brick.args else brick


def _widen(whole: nn.Module, times: int) -> bool:
    """Linear layers that feed each other, with activations, dropout and batch norm alone between."""
    found = leaves(whole)
    places = [i for i, place in enumerate(found) if isinstance(place[2], WEIGHTED_MODULES)]
    made: dict[int, nn.Linear] = {}
    for first, second in pairwise(places):
        a, b = made.get(first, found[first][2]), found[second][2]
        between = [place[2] for place in found[first + 1 : second]]
        if not (isinstance(a, nn.Linear) and isinstance(b, nn.Linear) and a.out_features == b.in_features):
            continue
        if not all(isinstance(one, PASSES) or type(one).__module__ == "torch.nn.modules.activation" for one in between):
            continue
        width = times * a.out_features
        made[first] = nn.Linear(a.in_features, width, a.bias is not None)
        made[second] = nn.Linear(width, b.out_features, b.bias is not None)
        for parent, key, child in found[first + 1 : second]:
            if isinstance(child, _NormBase):
                setattr(parent, key, nn.BatchNorm1d(width, child.eps, child.momentum))
    for i, layer in made.items():
        setattr(found[i][0], found[i][1], layer)
    return bool(made)


def deeper(recipe: Recipe, width: int = 64) -> Recipe | None:
    """One more hidden layer before the answer, as wide as the last hidden one, or ``width`` where there is none."""

    def option(options: dict[str, Any]) -> dict[str, Value] | None:
        widths = options.get("widths")
        return {"widths": [*widths, widths[-1] if widths else width]} if isinstance(widths, list | tuple) else None

    def bricks(stack: list[Spec]) -> list[Spec] | None:
        last = max((i for i, one in enumerate(stack) if one.name == "linear"), default=None)
        return None if last is None else [*stack[:last], Spec("linear", {}, (width,)), Spec("relu"), *stack[last:]]

    def module(whole: nn.Module) -> bool:
        last = next((place for place in reversed(leaves(whole)) if isinstance(place[2], nn.Linear)), None)
        if last is None:
            return False
        parent, key, layer = last
        assert isinstance(layer, nn.Linear)
        answer = nn.Linear(width, layer.out_features, layer.bias is not None)
        setattr(parent, key, nn.Sequential(nn.Linear(layer.in_features, width), nn.ReLU(), answer))
        return True

    if isinstance(recipe.model, Spec) and recipe.model.name.endswith("_regression"):  # they are their last layer alone
        return recipe.change(model=Spec("mlp", {"widths": [width]}))
    return changed_model(recipe, option, bricks, module, "one more layer")


def shallower(recipe: Recipe, layers: int = 2) -> Recipe | None:
    """Only the first hidden layers. In a module of the user's, later ones that keep the width are left out."""

    def option(options: dict[str, Any]) -> dict[str, Value] | None:
        widths = options.get("widths")
        return {"widths": list(widths[:layers])} if isinstance(widths, list | tuple) and len(widths) > layers else None

    def bricks(stack: list[Spec]) -> list[Spec]:
        linear = [i for i, one in enumerate(stack) if one.name == "linear"]
        dropped = set(linear[layers:-1])
        kept, skipping = [], False
        for i, one in enumerate(stack):
            skipping = i in dropped or (skipping and one.name not in WEIGHTED)
            kept += [] if skipping else [one]
        return kept

    return changed_model(recipe, option, bricks, lambda whole: _cut(whole, layers), f"{layers} hidden layers")


def _cut(whole: nn.Module, layers: int) -> bool:
    found = leaves(whole)
    linear = [i for i, place in enumerate(found) if isinstance(place[2], nn.Linear)]
    dropped = [i for i in linear[layers:-1] if found[i][2].in_features == found[i][2].out_features]
    for i in dropped:
        after = next((j for j in range(i + 1, len(found)) if isinstance(found[j][2], WEIGHTED_MODULES)), len(found))
        for parent, key, _ in found[i:after]:
            setattr(parent, key, nn.Identity())
    return bool(dropped)


def is_activation_brick(brick: Spec) -> bool:
    """Whether a brick is an activation function."""
    return bool(get("layer", brick.name).facts.get("activation"))
