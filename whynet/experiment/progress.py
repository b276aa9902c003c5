"""How far a comparison has come, for whoever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from whynet.engine.arm import Arm
from whynet.engine.events import ArmLeft, Event, Finished, Noticed, Stepped
from whynet.text import Text


@dataclass(frozen=True)
class Progress:
    """Arm-steps done out of all (one step of one arm is one), and what is going on."""

    done: int
    total: int
    phase: Text
    seconds: float


@dataclass
class Meter:
    """Turns the events of the groups of a comparison into `Progress`, at most ten a second."""

    arms: Sequence[Arm]
    phase: Text
    listen: Callable[[Progress], None] | None
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    said: float = 0.0
    notes: list[Text] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(arm.total_steps for arm in self.arms)

    def __call__(self, group: list[int], event: Event) -> None:
        if isinstance(event, Stepped):
            self.done += len(group)
        elif isinstance(event, Noticed) and event.note not in self.notes:
            self.notes.append(event.note)
        elif isinstance(event, ArmLeft):
            self.notes.append(
                _LEFT.fill(label=self.arms[group[event.arm]].label, seed=self.arms[group[event.arm]].seed, why=event.why)
            )
        now = time.monotonic()
        if self.listen and (now - self.said > 0.1 or isinstance(event, Finished)):
            self.said = now
            self.listen(Progress(min(self.done, self.total), self.total, self.phase, now - self.started))


_LEFT = Text("{label}, seed {seed}: {why}", "{label}, 시드 {seed}: {why}")
