"""Everything needed to go on with one arm's training as if it had never stopped.

Orders, masks and learning rates follow from the seed and the step number, so that weights, running statistics, optimizer state and
the early-stopping memory are all there is to keep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from whynet.engine.network import Buffers
from whynet.optimizers.optimizer import State
from whynet.text import Text

Status = Literal["finished", "stopped early", "diverged"]


@dataclass(frozen=True)
class Best:
    """The best weights so far by validation loss."""

    loss: float = math.inf
    step: int = 0
    waited: int = 0  # evaluations since
    weights: Tensor | None = None
    buffers: Buffers = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """How an arm ended that trains no further, and why where that was before its time."""

    status: Status
    why: Text | None = None


@dataclass(frozen=True)
class Checkpoint:
    """One arm after ``step`` steps, which were all of its training where it has ``left``."""

    step: int
    weights: Tensor  # (P,)
    buffers: Buffers
    state: State
    best: Best = field(default_factory=Best)
    left: Left | None = None

    def tensors(self) -> dict[str, Tensor]:
        """All tensors by a flat name, as they are saved."""
        named = {"weights": self.weights}
        named |= {f"buffers/{name}": value for name, value in self.buffers.items()}
        named |= {f"state/{name}": value for name, value in self.state.items()}
        if self.best.weights is not None:
            named["best/weights"] = self.best.weights
            named |= {f"best/buffers/{name}": value for name, value in self.best.buffers.items()}
        return named

    def numbers(self) -> dict[str, Any]:
        """What is no tensor, ready for JSON."""
        best = {"best_loss": self.best.loss, "best_step": self.best.step, "best_waited": self.best.waited}
        if self.left is None:
            return {"step": self.step, **best}
        return {"step": self.step, **best, "status": self.left.status, "why": self.left.why.both if self.left.why else None}


def restore(tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint that `Checkpoint.tensors` and `Checkpoint.numbers` were taken of."""

    def under(prefix: str) -> Buffers:
        return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}

    best = Best(
        float(numbers["best_loss"]), int(numbers["best_step"]), int(numbers["best_waited"]),
        tensors.get("best/weights"), under("best/buffers/"),
    )  # fmt: skip
    why = numbers.get("why")
    left = Left(numbers["status"], Text(**why) if why else None) if "status" in numbers else None
    return Checkpoint(int(numbers["step"]), tensors["weights"], under("buffers/"), under("state/"), best, left)
