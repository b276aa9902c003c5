"""A ported program: a recipe, or a training loop as its author wrote it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, Literal, Protocol

from torch import nn, optim

from benchmarks.faults import stated as own
from benchmarks.faults.published import Published, entries
from whynet.recipe import Recipe

Measure = Literal["accuracy", "balanced", "r2", "mse", "loss"]  # balanced: the mean over the classes of the share that is found
HIGHER: dict[Measure, bool] = {
    "accuracy": True,
    "balanced": True,
    "r2": True,
    "mse": False,
    "loss": False,
}  # which way is better


class Watch(Protocol):
    """What a loop is wrapped in: `whynet.watch`, or `unwatched`."""

    def __call__(self, model: nn.Module, optimizer: optim.Optimizer, /) -> AbstractContextManager[Any]: ...


def unwatched(model: nn.Module, optimizer: optim.Optimizer, /) -> AbstractContextManager[None]:
    """Nothing watches; the loop runs as it is."""
    return nullcontext()


class Loop(Protocol):
    """A whole training by hand under a seed, as the program was or with the published fix; the measure at its end."""

    def __call__(self, watch: Watch, seed: int = 0, *, fixed: bool = False) -> float: ...


@dataclass(frozen=True)
class Case:
    """One program of ``real_faults.yaml``, or one of `heldout`, which says itself what is ``stated`` of it.

    ``recipe`` and ``fixed`` make the program as it was and with the published fix; ``train`` is there instead where the fault
    lives in the training loop itself. ``measure`` is what ``published`` gives numbers of, as the source states them, before → after.
    ``table_steps`` shorten the training in the table of symptoms where the whole would take minutes a seed.
    """

    id: str
    recipe: Callable[[], Recipe] | None = None
    fixed: Callable[[], Recipe] | None = None
    train: Loop | None = None
    measure: Measure = "accuracy"
    published: str = "–"
    table_steps: int | None = None
    stated: Published | None = None

    def __post_init__(self) -> None:
        if (self.recipe is None) == (self.train is None):
            raise ValueError(f"{self.id}: expected a recipe or a training loop, one of the two")

    @cached_property
    def facts(self) -> Published:
        """Source, accepted labels and fix, as stated here or else read from the file."""
        return self.stated or entries()[self.id]

    @property
    def has_fix(self) -> bool:
        """Whether the port knows the program with its fault mended."""
        return self.fixed is not None or (self.train is not None and not self.facts.control)

    def make(self, fixed: bool = False) -> Recipe:
        """The program as a recipe, under seed 0. Raises `ValueError` for one that is a loop, or that has no fix to show."""
        made = self.fixed if fixed else self.recipe
        if made is None:
            raise ValueError(f"{self.id} has no {'fixed ' if fixed else ''}recipe")
        return made()


def load(name: str) -> Case:
    """The program with this id: a port, or one of `heldout`."""
    file = name.replace("-", "_")
    room = own.ROOM if (own.FOLDER / f"{file}.py").exists() else "cases"
    return import_module(f"benchmarks.faults.{room}.{file}").case
