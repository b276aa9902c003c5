"""How far many arms had come when their training was interrupted, so that it can go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from whynet.engine.events import Checkpointed, Outcome
from whynet.engine.jobs import Job
from whynet.engine.plan import Chunk


@dataclass(frozen=True)
class Reached:
    """The arms that had ended, and the last checkpoints of those that had not, by their positions among all arms."""

    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    saved: Mapping[tuple[int, ...], Checkpointed] = field(default_factory=dict)  # by the arms that trained as one

    def jobs(self, chunks: Sequence[Chunk]) -> list[Job]:
        """What is left to train of these chunks: each arm with those beside whom it began, as its last bits may tell."""
        jobs = []
        for chunk in chunks:
            rest = [i for i in chunk.arms if i not in self.outcomes]
            apart = len(rest) < len(chunk.arms) or any((i,) in self.saved for i in rest)  # since they could not be stacked
            groups = [[i] for i in rest] if apart else [rest]
            jobs += [
                Job(group, chunk.seconds * len(group) / len(chunk.arms), saved=self.saved.get(tuple(group))) for group in groups
            ]
        return jobs
