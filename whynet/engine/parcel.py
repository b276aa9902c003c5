"""Arms on their way to another process.

What a recipe names is made there again from its text, since data, weights and orders follow from the seed: that is faster than sending
it. What it holds as an object (a live module, a lambda, tensors) has to travel, and so have weights that come from a file, which may
be another one by now: then the arms go as they were made, and the objects they were made from stay at home.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cloudpickle
import torch
from torch import nn

from whynet.data.dataset import Dataset
from whynet.engine.arm import Arm, prepare
from whynet.engine.checkpoint import Checkpoint
from whynet.engine.history import History
from whynet.engine.network import Network
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.recipe import PARTS, Given, Recipe


class UnsendableError(Exception):
    """Something in these arms cannot be written down for another process."""


@dataclass(frozen=True)
class Settings:
    """The settings of torch that show in the numbers."""

    dtype: torch.dtype
    precision: str

    @classmethod
    def current(cls) -> Settings:
        return cls(torch.get_default_dtype(), torch.get_float32_matmul_precision())

    def apply(self) -> None:
        """Make them those of this process."""
        torch.set_default_dtype(self.dtype)
        torch.set_float32_matmul_precision(self.precision)


@dataclass(frozen=True)
class Parcel:
    """Everything another process needs to train some arms as one."""

    made: tuple[tuple[Arm, nn.Module], ...]  # the arms without their networks, and the modules to make those of; or
    recipes: tuple[tuple[Recipe, str], ...]  # what the arms are to be made from, with their labels
    watching: Watching
    tier: Tier
    resume: tuple[tuple[Checkpoint, History], ...] | None
    settings: Settings

    def arms(self) -> list[Arm]:
        """The arms, in the process that is to train them."""
        if self.recipes:
            return [prepare(recipe, label) for recipe, label in self.recipes]
        return [replace(arm, network=Network(module, arm.recipe.precision, arm.recipe.freeze)) for arm, module in self.made]


def pack(
    arms: Sequence[Arm],
    watching: Watching,
    tier: Tier,
    resume: Sequence[tuple[Checkpoint, History]] | None = None,
    as_made: bool = False,
) -> bytes:
    """Arms and what to do with them, as bytes. as_made: send them whole even where their recipes would do.

    Raises `UnsendableError`.
    """
    again = not as_made and all(arm.recipe.is_written and not arm.recipe.pretrained for arm in arms)
    parcel = Parcel(
        made=() if again else _light(arms),
        recipes=tuple((arm.recipe, arm.label) for arm in arms) if again else (),
        watching=watching,
        tier=tier,
        resume=tuple(resume) if resume else None,
        settings=Settings.current(),
    )
    return written(parcel)


def written(thing: Any) -> bytes:
    """Any object as bytes, functions and classes of the user's script included. Raises `UnsendableError`."""
    stream = io.BytesIO()
    try:
        cloudpickle.dump(thing, stream)
    except Exception as error:  # an open file, a lock, a generator: each refuses in its own way
        first = str(error).strip().splitlines()
        raise UnsendableError(first[0] if first else type(error).__name__) from error
    return stream.getvalue()


def _light(arms: Sequence[Arm]) -> tuple[tuple[Arm, nn.Module], ...]:
    """The arms without what can be made again: networks, the objects their recipes hold, the tables as they were read."""
    data: dict[int, Dataset] = {}
    for arm in arms:
        data.setdefault(id(arm.dataset), replace(arm.dataset, frame=None))
    one = arms[0].network  # in place of every arm's own
    return tuple(
        (replace(arm, recipe=_hollow(arm.recipe), dataset=data[id(arm.dataset)], network=one), arm.network.template)
        for arm in arms
    )


def _hollow(recipe: Recipe) -> Recipe:
    parts = {name: getattr(recipe, name) for name in PARTS}
    hollow: dict[str, Any] = {name: Given(None, part.label) for name, part in parts.items() if isinstance(part, Given)}
    return replace(recipe, **hollow)
