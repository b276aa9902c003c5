"""The setting in which every question of this chapter is asked: a network that can learn its few examples by heart, wrong ones too."""

from __future__ import annotations

from whynet.recipe import Recipe, recipe
from whynet.spec import Spec

DATA = "digits(train=200, label_noise=0.2)"  # few examples, a fifth of them with the label of another
CLEAN = "digits(train=200)"
NETWORK = Spec("mlp", {"widths": [64]})
ADAM = Spec("adam", {"lr": 0.01})  # fast enough to reach the end of the training set


def length(steps: int | None, quick: bool) -> int:
    """Steps of a training: their number and not that of epochs, so that a hundred times the data takes no longer."""
    return steps or (300 if quick else 600)


def count(seeds: int | None, quick: bool, few: int = 5) -> int:
    """Seeds of a comparison: few for a quick answer, twice as many otherwise."""
    return seeds or (few if quick else 2 * few)


def network(data: str | Spec, model: str | Spec, optimizer: Spec, steps: int | None, quick: bool) -> Recipe:
    """The network that overfits."""
    return recipe(data, model, optimizer=optimizer, steps=length(steps, quick))
