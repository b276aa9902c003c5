"""One change to the model of a recipe, whatever it was written as: a spec with options, a stack of bricks, or the user's module.

Each function returns the changed recipe, or None where the model offers no such place. A user's module is never touched: what is
changed is a copy, made anew for every training.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from whynet import registry
from whynet.errors import WhynetError
from whynet.recipe import Given, Recipe
from whynet.spec import Spec, Value

SATURATING = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softsign": nn.Softsign, "hardtanh": nn.Hardtanh}
OUTPUT = {"softmax": nn.Softmax, "sigmoid": nn.Sigmoid, "log_softmax": nn.LogSoftmax}


def with_activation(recipe: Recipe, name: str = "relu") -> Recipe | None:
    """Saturating activations replaced by another."""
    return _change(
        recipe,
        option=lambda options: {"activation": name} if _name(options.get("activation")) in SATURATING else None,
        brick=lambda brick: [Spec(name)] if brick.name in SATURATING else [brick],
        module=lambda child: nn.ReLU() if isinstance(child, tuple(SATURATING.values())) else None,
        label=name,
    )


def with_norm(recipe: Recipe, kind: str = "batch") -> Recipe | None:
    """A normalisation after every linear or convolution layer but the last."""
    return _change(
        recipe,
        option=lambda options: {"norm": kind} if "norm" in options and options["norm"] is None else None,
        brick=lambda brick: [brick, Spec(f"{kind}_norm")] if brick.name in ("linear", "conv2d") else [brick],
        module=_normed if kind == "batch" else None,
        label=f"{kind} norm",
        keep_last=True,
    )


def with_skip(recipe: Recipe) -> Recipe | None:
    """A skip connection around every hidden layer."""
    return _change(recipe, option=lambda options: {"skip": "add"} if "skip" in options and options["skip"] is None else None)


def shallower(recipe: Recipe, layers: int = 2) -> Recipe | None:
    """Only the first hidden layers."""

    def cut(options: dict[str, Any]) -> dict[str, Value] | None:
        widths = options.get("widths")
        return {"widths": list(widths[:layers])} if isinstance(widths, list) and len(widths) > layers else None

    return _change(recipe, option=cut)


def without_output_activation(recipe: Recipe) -> Recipe | None:
    """No activation after the last layer, so that the loss receives logits."""
    return _change(
        recipe,
        option=lambda options: {"output_activation": None} if options.get("output_activation") is not None else None,
        last_brick=lambda brick: [] if brick.name in OUTPUT else [brick],
        last_module=lambda child: nn.Identity() if isinstance(child, tuple(OUTPUT.values())) else None,
        label="logits",
    )


# --- the three ways a model may be written ---------------------------------------------------------------------------


def _change(
    recipe: Recipe,
    option: Callable[[dict[str, Any]], dict[str, Value] | None],
    brick: Callable[[Spec], list[Spec]] | None = None,
    module: Callable[[nn.Module], nn.Module | None] | None = None,
    last_brick: Callable[[Spec], list[Spec]] | None = None,
    last_module: Callable[[nn.Module], nn.Module | None] | None = None,
    label: str = "",
    keep_last: bool = False,
) -> Recipe | None:
    model = recipe.model
    if isinstance(model, Given):
        return _operate(recipe, model, module, last_module, label, keep_last)
    if model.name == "sequential":
        return _restack(recipe, model, brick, last_brick, keep_last)
    info, given = registry.bind("model", model)
    options = {name: given.get(name, parameter.default) for name, parameter in info.parameters.items()}
    changed = option(options)
    return recipe.change(model=model.replace(**changed)) if changed else None


def _restack(
    recipe: Recipe,
    model: Spec,
    brick: Callable[[Spec], list[Spec]] | None,
    last_brick: Callable[[Spec], list[Spec]] | None,
    keep_last: bool,
) -> Recipe | None:
    bricks = model.args[0] if model.args else None
    if not isinstance(bricks, list) or not all(isinstance(one, Spec) for one in bricks):
        return None
    stack = [one for one in bricks if isinstance(one, Spec)]
    weighted = [i for i, one in enumerate(stack) if one.name in ("linear", "conv2d")]
    last = weighted[-1] if weighted else -1
    changed: list[Value] = []
    for i, one in enumerate(stack):
        if i == len(stack) - 1 and last_brick:
            changed += last_brick(one)
        elif brick and not (keep_last and i == last):
            changed += brick(one)
        else:
            changed.append(one)
    return recipe.change(model=Spec(model.name, model.options, (changed,))) if changed != bricks else None


def _operate(
    recipe: Recipe,
    model: Given,
    module: Callable[[nn.Module], nn.Module | None] | None,
    last_module: Callable[[nn.Module], nn.Module | None] | None,
    label: str,
    keep_last: bool,
) -> Recipe | None:
    def transform(whole: nn.Module) -> bool:
        found = [(*path.rpartition("."), child) for path, child in whole.named_modules(remove_duplicate=False) if path]
        leaves = [(whole.get_submodule(above), name, child) for above, _, name, child in found if not list(child.children())]
        weighted = [place for place in leaves if isinstance(place[2], nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)]
        places = [place for place in leaves if not (keep_last and weighted and place is weighted[-1])]
        if last_module:
            places, change = places[-1:], last_module
        elif module:
            change = module
        else:
            return False
        done = False
        for parent, name, child in places:
            replacement = change(child)
            if replacement is not None:
                setattr(parent, name, replacement)
                done = True
        return done

    original = model.value
    sample = copy.deepcopy(original) if isinstance(original, nn.Module) else original()
    if not transform(sample):
        return None
    if isinstance(original, nn.Module):
        return recipe.change(model=Given(sample, f"{model.label} with {label}"))

    def factory() -> nn.Module:
        made = original()
        transform(made)
        return made

    return recipe.change(model=Given(factory, f"{model.label} with {label}"))


def _normed(child: nn.Module) -> nn.Module | None:
    if isinstance(child, nn.Linear):
        return nn.Sequential(child, nn.BatchNorm1d(child.out_features))
    if isinstance(child, nn.Conv2d):
        return nn.Sequential(child, nn.BatchNorm2d(child.out_channels))
    return None


def _name(value: Any) -> str:
    return value.name if isinstance(value, Spec) else str(value).partition("(")[0]


def tried(change: Callable[[Recipe], Recipe | None], recipe: Recipe) -> Recipe | None:
    """The changed recipe, or None where the change leads to a recipe that is refused."""
    try:
        return change(recipe)
    except WhynetError:
        return None


def looks_like_probabilities(outputs: Tensor) -> bool:
    """Whether every row of outputs (N, K ≥ 2) is a probability distribution: not negative, summing to 1."""
    if outputs.ndim != 2 or outputs.shape[1] < 2 or not bool(outputs.isfinite().all()):
        return False
    return bool((outputs >= 0).all()) and bool(((outputs.sum(dim=1) - 1).abs() < 1e-4).all())
