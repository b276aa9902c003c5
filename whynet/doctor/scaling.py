"""The same recipe with standardised inputs."""

from __future__ import annotations

from dataclasses import replace

from whynet import registry
from whynet.data import Dataset
from whynet.data.scale import scaled
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
    """A copy of a data set with standardised inputs."""
    pools = {id(e.pool_x): e.pool_x for e in (dataset.train, dataset.validation, dataset.test)}
    if len(pools) > 1:
        raise ValueError("Expected one pool for all three sets.")
    x = scaled(dataset.train.pool_x, dataset.train.index, "standard")
    splits = {name: replace(getattr(dataset, name), pool_x=x) for name in ("train", "validation", "test")}
    return replace(dataset, **splits)
