"""What every loss is: a function of the network's outputs and the targets, and the way its outputs are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from whynet.task import Task


class Loss(ABC):
    """A loss is a frozen dataclass; its float fields may be tensors, so that arms of a population each have their own.

    Those are 0-dim float64, to be rounded to the type of the outputs before they meet them, as plain numbers are.

    Shapes: outputs (B, units); targets (B,) int64 labels, or (B, n) float32 values. The result is the mean, a scalar.
    """

    reads: ClassVar[str] = "values"  # what it takes the outputs for: "logits", "probabilities", "scores", "values"

    @abstractmethod
    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss, averaged over the batch: a scalar."""

    @abstractmethod
    def units(self, task: Task) -> int:
        """How many outputs the network needs for this loss on this task. Raises `RecipeError` where they do not fit."""

    @abstractmethod
    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        """The answer read off the outputs: classes (B,) int64, or values (B, n)."""
