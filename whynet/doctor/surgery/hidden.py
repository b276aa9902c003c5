"""Changes to the hidden layers: their activation, what normalises them, how many there are."""

from __future__ import annotations

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


def with_nonlinearity(recipe: Recipe, name: str = "relu") -> Recipe | None:
    """An activation after every layer with weights that goes into the next one as it is; none after the last."""

    def option(options: dict[str, Any]) -> dict[str, Value] | None:
        return {"activation": name} if name_of(options.get("activation")) == "identity" else None

    def bricks(stack: list[Spec]) -> list[Spec]:
        changed: list[Spec] = []
        for i, one in enumerate(stack):
            if one.name == "identity":
                continue
            changed.append(one)
            if one.name in WEIGHTED and _goes_on(stack, i):
                changed.append(Spec(name))
        return changed

    return changed_model(recipe, option=option, bricks=bricks, module=lambda whole: _inserted(whole, name), label=name)


def _goes_on(stack: list[Spec], i: int) -> bool:
    """Whether another layer with weights follows, or a head that `sequential` appends, before any activation does."""
    for one in stack[i + 1 :]:
        if one.name in WEIGHTED:
            return True
        if _is_activation(one):
            return False
    return False


def _is_activation(brick: Spec) -> bool:
    return brick.name in {info.name for info in infos("layer") if get("layer", info.name).facts.get("activation")}


def _inserted(whole: nn.Module, name: str) -> bool:
    """An activation behind each leaf with weights that is followed by another one with no activation of torch's between."""
    found = leaves(whole)
    weighted = [i for i, place in enumerate(found) if isinstance(place[2], WEIGHTED_MODULES)]
    done = False
    for first, second in zip(weighted, weighted[1:], strict=False):
        between = found[first + 1 : second]
        if any(type(place[2]).__module__ == "torch.nn.modules.activation" for place in between):
            continue
        parent, key, child = found[first]
        setattr(parent, key, nn.Sequential(child, MODULES[name]()))
        done = True
    return done


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


def shallower(recipe: Recipe, layers: int = 2) -> Recipe | None:
    """Only the first hidden layers."""

    def cut(options: dict[str, Any]) -> dict[str, Value] | None:
        widths = options.get("widths")
        return {"widths": list(widths[:layers])} if isinstance(widths, list | tuple) and len(widths) > layers else None

    return changed_model(recipe, option=cut)
