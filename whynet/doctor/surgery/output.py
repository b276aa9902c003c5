"""Changes after the last layer."""

from __future__ import annotations

import copy

from torch import Tensor, nn

from whynet import registry
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import Ending, ending
from whynet.doctor.surgery.places import changed_model, last_brick, last_leaf
from whynet.doctor.surgery.rewired import Rewired, last_call
from whynet.engine.noise import seeded
from whynet.recipe import Given, Recipe
from whynet.spec import Spec, parse

OUTPUT = {"softmax": nn.Softmax, "sigmoid": nn.Sigmoid, "log_softmax": nn.LogSoftmax}


def without_output_activation(recipe: Recipe) -> Recipe | None:
    """No activation after the last layer, so that the loss receives logits."""
    return changed_model(
        recipe,
        option=lambda options: {"output_activation": None} if options.get("output_activation") is not None else None,
        bricks=last_brick(lambda brick: [] if brick.name in OUTPUT else [brick]),
        module=last_leaf(lambda child: nn.Identity() if isinstance(child, tuple(OUTPUT.values())) else None),
        label="logits",
    )


def with_ending(recipe: Recipe, seen: Examination, name: str | None) -> Recipe | None:
    """The recipe with that activation after its last layer in place of the one there is, or with none at all.

    seen: the examination of the recipe, which knows what its network does last. None where the model offers no such place: an
    ending that is no activation cannot be taken away, only followed by another.
    """
    found = ending(seen)
    if name is None and not found.is_activation:
        return None
    if isinstance(recipe.model, Given):
        return _rewired(recipe, recipe.model, seen, found, name)
    units = seen.outputs.shape[1] if seen.outputs.ndim > 1 else 1

    def bricks(stack: list[Spec]) -> list[Spec] | None:
        new = [Spec(name)] if name is not None and name != "log_softmax" else []
        own = bool(stack) and stack[-1].name == found.name and found.is_activation
        if own:
            return [*stack[:-1], *new]
        ends = (
            bool(stack) and stack[-1].name == "linear" and (stack[-1].args or list(stack[-1].options.values()))[:1] == [units]
        )
        return [*stack, *([] if ends else [Spec("flatten"), Spec("linear", {}, (units,))]), *new]  # the head, written out

    return changed_model(
        recipe, option=lambda options: {"output_activation": name} if "output_activation" in options else None, bricks=bricks
    )


def _rewired(recipe: Recipe, model: Given, seen: Examination, found: Ending, name: str | None) -> Recipe | None:
    original, x = model.value, seen.inputs[:2]
    with seeded(0, "init"):
        sample = copy.deepcopy(original) if isinstance(original, nn.Module) else original()
        place = last_call(sample.eval(), found.name, x) if found.is_activation else None
    if found.is_activation and place is None:
        return None

    def rewire(module: nn.Module) -> nn.Module:
        new = registry.make("layer", parse(name), inputs=(1,)) if name is not None else None
        return Rewired(module, new, found.name if place else "", place)

    label = f"{model.label} ending in {name or 'its last layer'}"
    if isinstance(original, nn.Module):
        return recipe.change(model=Given(rewire(copy.deepcopy(original)), label))
    return recipe.change(model=Given(lambda: rewire(original()), label))


def looks_like_probabilities(outputs: Tensor) -> bool:
    """Whether every row of outputs (N, K ≥ 2) is a probability distribution: not negative, summing to 1."""
    if outputs.ndim != 2 or outputs.shape[1] < 2 or not bool(outputs.isfinite().all()):
        return False
    return bool((outputs >= 0).all()) and bool(((outputs.sum(dim=1) - 1).abs() < 1e-4).all())
