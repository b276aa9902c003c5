"""The same recipe with standardised inputs."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from whynet import registry
from whynet.data import Dataset
from whynet.data.dataset import Examples
from whynet.data.scale import fit
from whynet.engine.arm import load_data
from whynet.recipe import Given, Recipe, with_seed
from whynet.spec import Spec


def standardised(recipe: Recipe) -> Recipe | None:
    """Inputs with mean 0 and spread 1, fitted on the training examples; None where they are so already."""
    if isinstance(recipe.data, Spec):
        info, options = registry.bind("data", recipe.data)
        if options.get("scale", info.parameters["scale"].default) == "standard":
            return None
        return recipe.change(data=recipe.data.replace(scale="standard"))
    return recipe.change(
        data=Given(lambda seed: standard(load_data(with_seed(recipe, seed))), f"{recipe.data.label}, standardised")
    )


def standard(dataset: Dataset) -> Dataset:
    """A copy of a data set with standardised inputs; examples that shared a pool share one again."""
    shift, spread = fit(dataset.train.x, "standard")
    pools: dict[int, Tensor] = {}

    def moved(part: Examples) -> Examples:
        if id(part.pool_x) not in pools:
            pools[id(part.pool_x)] = part.pool_x.sub(shift).div_(spread).float()
        return replace(part, pool_x=pools[id(part.pool_x)])

    return replace(dataset, train=moved(dataset.train), validation=moved(dataset.validation), test=moved(dataset.test))
