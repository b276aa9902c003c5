"""What every schedule is: a function of the step that multiplies the learning rate."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Schedule(ABC):
    """A schedule is a frozen dataclass."""

    @abstractmethod
    def __call__(self, step: int, total: int, per_epoch: int) -> float:
        """The factor on ``lr`` for one step: ``step`` counts 0, 1, … below ``total``; an epoch has ``per_epoch`` steps."""
