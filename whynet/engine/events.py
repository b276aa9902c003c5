"""What a training says while it runs. Terminal, page, store and callbacks listen; none of them steers by anything else."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from whynet.engine.checkpoint import Checkpoint, Status
from whynet.engine.history import Evaluation, History
from whynet.engine.network import Buffers
from whynet.text import Text


@dataclass(frozen=True)
class Started:
    """Before the first step (or the first after a resume)."""

    labels: list[str]
    step: int
    total_steps: int  # of the arm that takes the most
    steps_per_epoch: int


@dataclass(frozen=True)
class Noticed:
    """Something the reader should know: that the training runs on a slower tier, or was not stored."""

    note: Text


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step done. ``losses`` is the training loss before its update: 0-dim, or (A,) for a population.

    The loss of an arm that has left, or taken all of its steps, means nothing.
    """

    step: int
    losses: Tensor


@dataclass(frozen=True)
class Measured:
    """The splits were evaluated: one list of evaluations for each arm, empty for those whose turn it is not."""

    step: int
    epoch: float
    evaluations: list[list[Evaluation]]


@dataclass(frozen=True)
class Checkpointed:
    """Everything needed to go on from here, for each arm, and its history so far.

    That of an arm which has left, or has taken all of its steps, is of its last.
    """

    step: int
    checkpoints: list[Checkpoint]
    histories: list[History]


@dataclass(frozen=True)
class ArmLeft:
    """An arm diverged, or stopped early. Told again by a training that goes on without it."""

    arm: int
    step: int
    status: Status
    why: Text


@dataclass(frozen=True)
class Outcome:
    """What one arm's training came to."""

    status: Status
    history: History
    weights: Tensor  # (P,), the last or the best as the recipe asks
    buffers: Buffers
    step: int  # the step these weights are from
    why: Text | None = None  # why it ended before its time


@dataclass(frozen=True)
class Finished:
    """The end, with an outcome for each arm."""

    step: int
    outcomes: list[Outcome]


Event = Started | Noticed | Stepped | Measured | Checkpointed | ArmLeft | Finished
