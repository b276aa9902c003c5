"""What is measured while training, and when: for every arm at its own steps, whoever trains beside it."""

from __future__ import annotations

from dataclasses import dataclass

from whynet.engine.arm import Arm
from whynet.engine.probes.probe import Probe


@dataclass(frozen=True)
class Watching:
    """What is measured while training, and when."""

    probes: tuple[Probe, ...] = ()
    at: frozenset[int] | None = None  # the steps at which probes are read; None: dense at first, then sparse
    evaluations: int | None = None  # how many times the splits are evaluated; None: after every epoch
    test: bool = True  # evaluate the test split at the end
    checkpoint_every: float | None = None  # seconds between checkpoints; None: never

    def evaluated(self, arm: Arm) -> frozenset[int]:
        """The steps after which the arm's splits are evaluated, its last among them."""
        total, count = arm.total_steps, self.evaluations
        if count is None:
            return frozenset([*range(arm.steps_per_epoch, total + 1, arm.steps_per_epoch), total])
        return frozenset([total] + [round(total * (i + 1) / count) for i in range(count)])

    def probed(self, arm: Arm) -> frozenset[int]:
        """The steps during which the arm's probes are read.

        They are moved back by one where they fall on an epoch's smaller last batch, whose few examples tell little of a layer.
        """
        if not self.probes or self.at is not None:
            return self.at if self.probes and self.at is not None else frozenset()
        smaller = len(arm.dataset.train) % arm.batch_size > 1 and arm.steps_per_epoch > 1
        steps = probe_steps(arm.total_steps)
        return frozenset(step - 1 if smaller and step % arm.steps_per_epoch == 0 else step for step in steps)


def probe_steps(total: int, count: int = 64) -> frozenset[int]:
    """The steps at which probes are read: every one of the first eight, then ever more sparsely, ending with the last."""
    dense = range(1, min(total, 8) + 1)
    sparse = [round(8 * (total / 8) ** (i / count)) for i in range(count + 1)] if total > 8 else []
    return frozenset([*dense, *sparse])
