"""The three ways a model may be written, and how each is changed: a spec's options, a stack of bricks, a module of the user's."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from whynet import registry
from whynet.engine.noise import seeded
from whynet.errors import WhynetError
from whynet.recipe import Given, Recipe
from whynet.spec import Spec, Value

Options = Callable[[dict[str, Any]], dict[str, Value] | None]  # all options of a spec → those to change
Bricks = Callable[[list[Spec]], list[Spec] | None]  # the layers of `sequential` → the new ones
Whole = Callable[[nn.Module], bool]  # changes a module in place; whether it found a place
WEIGHTED = ("linear", "conv1d", "conv2d")
WEIGHTED_MODULES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def changed_model(
    recipe: Recipe, option: Options | None = None, bricks: Bricks | None = None, module: Whole | None = None, label: str = ""
) -> Recipe | None:
    """The recipe with its model changed in the way it is written; None where it offers no such place."""
    model = recipe.model
    if isinstance(model, Given):
        return _operated(recipe, model, module, label) if module else None
    if model.name == "sequential":
        return _restacked(recipe, model, bricks) if bricks else None
    if option is None:
        return None
    info, given = registry.bind("model", model)
    options = {name: given.get(name, parameter.default) for name, parameter in info.parameters.items()}
    changed = option(options)
    return recipe.change(model=model.replace(**changed)) if changed else None


def _restacked(recipe: Recipe, model: Spec, bricks: Bricks) -> Recipe | None:
    listed = model.args[0] if model.args else model.options.get("layers")
    if not isinstance(listed, list):
        return None
    stack = [Spec(one) if isinstance(one, str) else one for one in listed]
    if not all(isinstance(one, Spec) for one in stack):
        return None
    specs = [one for one in stack if isinstance(one, Spec)]
    changed = bricks(specs)
    if changed is None or changed == specs:
        return None
    options = {name: value for name, value in model.options.items() if name != "layers"}
    return recipe.change(model=Spec(model.name, options, (list(changed),)))


def _operated(recipe: Recipe, model: Given, change: Whole, label: str) -> Recipe | None:
    original = model.value
    with seeded(0, "init"):  # new layers draw weights of their own; the global random state is left as it was
        sample = copy.deepcopy(original) if isinstance(original, nn.Module) else original()
        if not change(sample):
            return None
    if isinstance(original, nn.Module):
        return recipe.change(model=Given(sample, f"{model.label} with {label}"))

    def factory() -> nn.Module:
        made: nn.Module = original()
        change(made)
        return made

    return recipe.change(model=Given(factory, f"{model.label} with {label}"))


# --- one brick, or one leaf, at a time --------------------------------------------------------------------------------


def each_brick(change: Callable[[Spec], list[Spec]], keep_last: bool = False) -> Bricks:
    """Every brick replaced by others; ``keep_last``: but for the last that has weights, which gives the answer."""

    def changed(stack: list[Spec]) -> list[Spec]:
        weighted = [i for i, one in enumerate(stack) if one.name in WEIGHTED]
        last = weighted[-1] if weighted and keep_last else -1
        return [new for i, one in enumerate(stack) for new in ([one] if i == last else change(one))]

    return changed


def last_brick(change: Callable[[Spec], list[Spec]]) -> Bricks:
    """The last brick replaced by others."""
    return lambda stack: [*stack[:-1], *change(stack[-1])] if stack else None


def each_leaf(change: Callable[[nn.Module], nn.Module | None], keep_last: bool = False) -> Whole:
    """Every module without children replaced where ``change`` gives another; ``keep_last``: as in `each_brick`."""

    def changed(whole: nn.Module) -> bool:
        found = leaves(whole)
        weighted = [place for place in found if isinstance(place[2], WEIGHTED_MODULES)]
        return _replaced([place for place in found if not (keep_last and weighted and place is weighted[-1])], change)

    return changed


def last_leaf(change: Callable[[nn.Module], nn.Module | None]) -> Whole:
    """The last module without children replaced."""
    return lambda whole: _replaced(leaves(whole)[-1:], change)


Place = tuple[nn.Module, str, nn.Module]  # the parent, the name it holds the leaf by, the leaf


def leaves(whole: nn.Module) -> list[Place]:
    """The modules without children, in the order in which they were put there."""
    found = [(*path.rpartition("."), child) for path, child in whole.named_modules(remove_duplicate=False) if path]
    return [(whole.get_submodule(above), name, child) for above, _, name, child in found if not list(child.children())]


def _replaced(places: Sequence[Place], change: Callable[[nn.Module], nn.Module | None]) -> bool:
    done = False
    for parent, name, child in places:
        replacement = change(child)
        if replacement is not None:
            setattr(parent, name, replacement)
            done = True
    return done


def name_of(value: Any) -> str:
    """The name of a brick given as a spec or as text: ``leaky_relu(slope=0.1)`` is a leaky_relu."""
    return value.name if isinstance(value, Spec) else str(value).partition("(")[0]


def tried(change: Callable[[Recipe], Recipe | None], recipe: Recipe) -> Recipe | None:
    """The changed recipe, or None where the change leads to a recipe that is refused."""
    try:
        return change(recipe)
    except WhynetError:
        return None
