"""What every optimizer is: a pure update rule, w, g, state → w, state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, cast, get_type_hints

from torch import Tensor

from whynet.registry import check

State = dict[str, Tensor]


class Optimizer(ABC):
    """An update rule as a frozen dataclass.

    Its float fields are hyper-parameters: the engine passes them to `update` as 0-dim float64 tensors (``hyper``), each arm
    of a population its own, with the schedule already multiplied into ``lr``. All other fields (``nesterov``) are fixed and
    shape the graph, and so does a float left at None (``momentum=None``): its part of the rule is not there. Rules work
    element by element, on a tensor of any shape, so that the engine may hand over all weights as one vector.
    """

    lr: float
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the options however the rule was made, and make ``lr=1`` the float it stands for. Raises `OptionError`."""
        hints = get_type_hints(type(self), include_extras=True)
        for f in fields(cast(Any, self)):
            label = f"{type(self).__name__.lower()}: {f.name}"
            object.__setattr__(self, f.name, check(label, hints[f.name], getattr(self, f.name)))

    @abstractmethod
    def start(self, weights: Tensor) -> State:
        """The state before the first step: zeros and such, shaped like the weights."""

    @abstractmethod
    def update(
        self, weights: Tensor, gradient: Tensor, state: State, hyper: Mapping[str, Tensor], step: Tensor
    ) -> tuple[Tensor, State]:
        """One step. ``step`` counts 1, 2, 3, … as a 0-dim float64 tensor. Nothing is modified in place."""

    @property
    def hyper(self) -> dict[str, float]:
        """The hyper-parameters that may differ between the arms of a population."""
        values = {f.name: getattr(self, f.name) for f in fields(cast(Any, self))}
        return {name: value for name, value in values.items() if isinstance(value, float)}
