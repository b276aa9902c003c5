"""Changes to the examples: their targets, how they are shared out among the sets, how often each class comes up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from whynet import registry
from whynet.data.dataset import Dataset, Examples
from whynet.data.scale import fit
from whynet.engine.arm import load_data
from whynet.recipe import Given, Recipe, with_seed
from whynet.rng import generator
from whynet.spec import Spec

FLAT = 1e-12


def with_data(recipe: Recipe, change: Callable[[Dataset, int], Dataset], label: str) -> Recipe:
    """The recipe on changed examples: ``change`` is given the data set of a seed, and the seed."""
    name = recipe.data.label if isinstance(recipe.data, Given) else str(recipe.data)
    return recipe.change(data=Given(lambda seed: change(load_data(with_seed(recipe, seed)), seed), f"{name}, {label}"))


def with_standard_targets(recipe: Recipe) -> Recipe | None:
    """Targets (y − mean) / std of the training targets. R² is the same on either scale, so the metric stays comparable."""
    if isinstance(recipe.data, Spec):
        info, options = registry.bind("data", recipe.data)
        if options.get("targets", info.parameters["targets"].default) == "standard":
            return None
        return recipe.change(data=recipe.data.replace(targets="standard"))

    def change(dataset: Dataset, seed: int) -> Dataset:
        shift, spread = fit(dataset.train.y.double(), "standard")
        return with_targets(dataset, lambda y: y.double().sub(shift).div(spread).float())

    return with_data(recipe, change, "targets standardised")


def with_targets(dataset: Dataset, change: Callable[[Tensor], Tensor]) -> Dataset:
    """The data set with every target in its pools changed."""

    def moved(part: Examples) -> Examples:
        return replace(part, pool_y=change(part.pool_y))

    return replace(dataset, train=moved(dataset.train), validation=moved(dataset.validation), test=moved(dataset.test))


def reshuffled(recipe: Recipe) -> Recipe:
    """All examples dealt out anew at random, into sets of the sizes they had."""

    def change(dataset: Dataset, seed: int) -> Dataset:
        parts = (dataset.train, dataset.validation, dataset.test)
        x, y = torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts])
        order = torch.randperm(len(x), generator=generator(seed, "split", "anew"))
        sets = [Examples(x, y, index) for index in order.split([len(part) for part in parts])]
        task = dataset.task
        if task.kind == "classify" and len(sets[2]):
            task = replace(task, largest_class=float(sets[2].y.bincount().max()) / len(sets[2]))
        return replace(dataset, task=task, train=sets[0], validation=sets[1], test=sets[2])

    return with_data(recipe, change, "shuffled before the split")


def balanced(recipe: Recipe) -> Recipe:
    """As many training examples as before, drawn again so that every class comes up equally often."""

    def change(dataset: Dataset, seed: int) -> Dataset:
        labels, index = dataset.train.y, dataset.train.index
        present = labels.unique().tolist()
        draws = generator(seed, "sample", "balanced")
        chosen = []
        for i, label in enumerate(present):
            own = index[labels == label]
            wanted = len(index) // len(present) + (i < len(index) % len(present))
            whole = own.repeat(wanted // len(own))  # each as often as all the others of its class
            rest = own[torch.randperm(len(own), generator=draws)[: wanted - len(whole)]]
            chosen.append(torch.cat([whole, rest]))
        drawn = torch.cat(chosen)
        mixed = drawn[torch.randperm(len(drawn), generator=draws)]
        return replace(dataset, train=replace(dataset.train, index=mixed))

    return with_data(recipe, change, "classes balanced")


def matched_inputs(recipe: Recipe) -> Recipe:
    """Validation and test inputs brought to the means and spreads of the training inputs, column by column or channel by channel."""

    def change(dataset: Dataset, seed: int) -> Dataset:
        shift, spread = fit(dataset.train.x, "standard")

        def moved(part: Examples) -> Examples:
            if not len(part):
                return part
            own_shift, own_spread = fit(part.x, "standard")
            x = part.x.sub(own_shift).div(own_spread).mul(spread).add(shift).float()
            return Examples(x, part.y, torch.arange(len(x)))

        return replace(dataset, validation=moved(dataset.validation), test=moved(dataset.test))

    return with_data(recipe, change, "test inputs scaled as in training")


def shifted(recipe: Recipe, places: int) -> Recipe:
    """Each input with the target that stands that many places further on."""
    return with_data(
        recipe, lambda dataset, seed: with_targets(dataset, lambda y: y.roll(-places, 0)), f"targets shifted by {places}"
    )


def ranked(recipe: Recipe) -> Recipe:
    """Targets of few different values as whole numbers from 0, in the same order."""

    def change(dataset: Dataset, seed: int) -> Dataset:
        known = dataset.train.y.unique()
        return with_targets(dataset, lambda y: torch.searchsorted(known, y).clamp(max=len(known) - 1).to(y.dtype))

    return with_data(recipe, change, "targets as whole numbers")


def remapped(recipe: Recipe, low: float, high: float, label: str) -> Recipe:
    """Targets of two values written as two others, the lower one first."""

    def change(dataset: Dataset, seed: int) -> Dataset:
        middle = (dataset.train.y.min() + dataset.train.y.max()) / 2
        return with_targets(dataset, lambda y: torch.where(y > middle, high, low).to(y.dtype))

    return with_data(recipe, change, label)


def without(recipe: Recipe, doubtful: Callable[[Dataset], Tensor]) -> Recipe:
    """Without the training examples that ``doubtful`` points out, (n,) bool."""

    def change(dataset: Dataset, seed: int) -> Dataset:
        return replace(dataset, train=replace(dataset.train, index=dataset.train.index[~doubtful(dataset)]))

    return with_data(recipe, change, "without doubtful labels")


def turned(recipe: Recipe) -> Recipe:
    """The first input with the last target, and so on."""
    return with_data(recipe, lambda dataset, seed: with_targets(dataset, lambda y: y.flip(0)), "targets turned round")
