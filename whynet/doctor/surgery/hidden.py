"""Changes to the hidden layers: their activation, what normalises them, how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from whynet.doctor.surgery.places import (
    WEIGHTED,
    WEIGHTED_MODULES,
    changed_model,
    each_brick,
    each_leaf,
    leaves,
    name_of,
)
from whynet.recipe import Recipe
from whynet.registry import get, infos
from whynet.spec import Spec, Value

SATURATING = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softsign": nn.Softsign, "hardtanh": nn.Hardtanh}
MODULES = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "tanh": nn.Tanh, "elu": nn.ELU, "gelu": nn.GELU}


def with_activation(recipe: Recipe, name: str = "relu") -> Recipe | None:
    """Saturating activations replaced by another."""
    return changed_model(
        recipe,
        option=lambda options: {"activation": name} if name_of(options.get("activation")) in SATURATING else None,
        bricks=each_brick(lambda brick: [Spec(name)] if brick.name in SATURATING else [brick]),
        module=each_leaf(lambda child: MODULES[name]() if isinstance(child, tuple(SATURATING.values())) else None),
        label=name,
    )


def with_hidden_activation(recipe: Recipe, name: str = "relu") -> Recipe | None:
    """The activation of every hidden layer replaced by another, whatever it was; what stands after the last layer is kept."""

    def bricks(stack: list[Spec]) -> list[Spec]:
        last = max((i for i, one in enumerate(stack) if one.name in WEIGHTED), default=-1)
        return [Spec(name) if i < last and _is_activation(one) else one for i, one in enumerate(stack)]

    def module(whole: nn.Module) -> bool:
        found = leaves(whole)
        last = max((i for i, place in enumerate(found) if isinstance(place[2], WEIGHTED_MODULES)), default=-1)
        done = False
        for parent, key, child in found[: max(last, 0)]:
            if type(child).__module__ == "torch.nn.modules.activation" and not isinstance(child, MODULES[name]):
                setattr(parent, key, MODULES[name]())
                done = True
        return done

    return changed_model(
        recipe,
        option=lambda options: {"activation": name} if name_of(options.get("activation", name)) != name else None,
        bricks=bricks,
        module=module,
        label=name,
    )


def with_nonlinearity(recipe: Recipe, layers: Sequence[str], name: str = "relu", headed: bool = False) -> Recipe | None:
    """An activation after the layers named, which go into the next as they are.

    In a stack of bricks it goes after every brick with weights that is followed by another with no activation between; ``headed``:
    whether `sequential` appends a head, which then is the one that follows the last.
    """

    def option(options: dict[str, Any]) -> dict[str, Value] | None:
        return {"activation": name} if name_of(options.get("activation")) == "identity" else None

    def bricks(stack: list[Spec]) -> list[Spec]:
        kept = [one for one in stack if one.name != "identity"]
        changed: list[Spec] = []
        for i, one in enumerate(kept):
            changed.append(one)
            if one.name in WEIGHTED and _goes_on(kept[i + 1 :], headed):
                changed.append(Spec(name))
        return changed

    def module(whole: nn.Module) -> bool:
        for path in layers:
            above, _, key = path.rpartition(".")
            setattr(whole.get_submodule(above), key, nn.Sequential(whole.get_submodule(path), MODULES[name]()))
        return bool(layers)

    return changed_model(recipe, option=option, bricks=bricks, module=module, label=name)


def _goes_on(rest: list[Spec], headed: bool) -> bool:
    """Whether another layer with weights follows before any activation does."""
    first = next((one for one in rest if one.name in WEIGHTED or _is_activation(one)), None)
    return headed if first is None else first.name in WEIGHTED


def _is_activation(brick: Spec) -> bool:
    return brick.name in {info.name for info in infos("layer") if get("layer", info.name).facts.get("activation")}


def with_norm(recipe: Recipe, kind: str = "batch") -> Recipe | None:
    """A normalisation after every linear or convolution layer but the last."""
    return changed_model(
        recipe,
        option=lambda options: {"norm": kind} if "norm" in options and options["norm"] is None else None,
        bricks=each_brick(
            lambda brick: [brick, Spec(f"{kind}_norm")] if brick.name in ("linear", "conv2d") else [brick], keep_last=True
        ),
        module=each_leaf(_normed, keep_last=True) if kind == "batch" else None,
        label=f"{kind} norm",
    )


def _normed(child: nn.Module) -> nn.Module | None:
    if isinstance(child, nn.Linear):
        return nn.Sequential(child, nn.BatchNorm1d(child.out_features))
    if isinstance(child, nn.Conv2d):
        return nn.Sequential(child, nn.BatchNorm2d(child.out_channels))
    return None


def with_skip(recipe: Recipe) -> Recipe | None:
    """A skip connection around every hidden layer."""
    return changed_model(
        recipe, option=lambda options: {"skip": "add"} if "skip" in options and options["skip"] is None else None
    )
