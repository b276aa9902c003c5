"""Arms on their way to another process.

What a recipe names can be made there again from its text, since data, weights and orders follow from the seed. What it holds as an
object (a live module, a lambda, tensors) has to travel: then the arms go as they were made, and the objects they were made from stay
at home. So do arms whose data are small: sending them is faster than making them again.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from whynet.data.dataset import Dataset
from whynet.engine.arm import Arm, prepare
from whynet.engine.checkpoint import Checkpoint
from whynet.engine.history import History
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.recipe import PARTS, Given, Recipe

try:  # scikit-learn brings joblib, which brings it: as a package of its own, or (before 1.6) inside itself
    import cloudpickle  # type: ignore[import-untyped]
except ImportError:  # pragma: no cover  depends on what is installed
    from joblib.externals import cloudpickle  # type: ignore[import-untyped]

SMALL = 64 * 2**20  # bytes of data that are sent rather than loaded again


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

    made: tuple[Arm, ...]  # the arms themselves, or
    recipes: tuple[tuple[Recipe, str], ...]  # what they are to be made from, with their labels
    watching: Watching
    tier: Tier
    resume: tuple[tuple[Checkpoint, History], ...] | None
    settings: Settings

    def arms(self) -> list[Arm]:
        """The arms, in the process that is to train them."""
        return list(self.made) or [prepare(recipe, label) for recipe, label in self.recipes]


def pack(
    arms: Sequence[Arm], watching: Watching, tier: Tier, resume: Sequence[tuple[Checkpoint, History]] | None = None
) -> bytes:
    """Arms and what to do with them, as bytes. Raises `UnsendableError`."""
    again = all(arm.recipe.is_written for arm in arms) and _bytes(arms) > SMALL
    parcel = Parcel(
        made=() if again else tuple(_light(arms)),
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


def _bytes(arms: Sequence[Arm]) -> int:
    """What the data of these arms occupy, shared pools counted once."""
    pools = (pool for arm in arms for pool in (arm.dataset.train.pool_x, arm.dataset.train.pool_y))
    return sum({id(pool): pool.nbytes for pool in pools}.values())


def _light(arms: Sequence[Arm]) -> list[Arm]:
    """The arms without what training does not need: the objects their recipes hold, the tables as they were read."""
    data: dict[int, Dataset] = {}
    for arm in arms:
        data.setdefault(id(arm.dataset), replace(arm.dataset, frame=None))
    return [replace(arm, recipe=_hollow(arm.recipe), dataset=data[id(arm.dataset)]) for arm in arms]


def _hollow(recipe: Recipe) -> Recipe:
    parts = {name: getattr(recipe, name) for name in PARTS}
    hollow: dict[str, Any] = {name: Given(None, part.label) for name, part in parts.items() if isinstance(part, Given)}
    return replace(recipe, **hollow)
