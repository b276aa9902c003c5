"""How far a comparison has come, for whoever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from whynet.engine.arm import Arm
from whynet.engine.checkpoint import Status
from whynet.engine.events import ArmLeft, Event, Finished, Noticed, Started, Stepped
from whynet.engine.reached import Reached
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
    """Turns the events of the groups of a comparison into `Progress`, at most ten a second.

    ``done`` never falls and ends at ``total``: the steps that a group did not need, since its arms left, count once it is finished.
    Groups may run side by side, and not every step of them need be heard of.
    """

    arms: Sequence[Arm]
    phase: Text
    listen: Callable[[Progress], None] | None
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    said: float = 0.0
    _reached: dict[int, int] = field(default_factory=dict)  # the step counted in ``done``, by the first arm of a group
    _noticed: list[Text] = field(default_factory=list)
    _left: dict[tuple[str, Status], list[tuple[int, Text]]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(arm.total_steps for arm in self.arms)

    @property
    def notes(self) -> list[Text]:
        """What the reader should know of the trainings: a sentence for all seeds of a level that ended early."""
        runs: dict[str, int] = {}
        for arm in self.arms:
            runs[arm.label] = runs.get(arm.label, 0) + 1
        notes = list(self._noticed)
        for (label, status), ended in self._left.items():
            seed, why = min(ended, key=lambda one: one[0])
            words = _STATUS[status].fill(label=label, lost=len(ended), n=runs[label], seed=seed, why=why)
            notes.append(words)
        return notes

    def take_up(self, reached: Reached, noticed: Sequence[Text]) -> None:
        """Count what was done, and note what was noticed, before an interruption."""
        self._noticed += noticed
        for i, outcome in reached.outcomes.items():
            self.done += self.arms[i].total_steps
            if outcome.why is not None and outcome.status != "finished":
                self._left.setdefault((self.arms[i].label, outcome.status), []).append((self.arms[i].seed, outcome.why))

    def __call__(self, group: list[int], event: Event) -> None:
        if isinstance(event, Stepped | Started):
            self._count(group, event.step)
        elif isinstance(event, Noticed) and event.note not in self._noticed:
            self._noticed.append(event.note)
        elif isinstance(event, ArmLeft):
            arm = self.arms[group[event.arm]]
            self._left.setdefault((arm.label, event.status), []).append((arm.seed, event.why))
        elif isinstance(event, Finished):
            self._count(group, max(self.arms[i].total_steps for i in group))
        now = time.monotonic()
        if self.listen and (now - self.said > 0.1 or isinstance(event, Finished)):
            self.said = now
            self.listen(Progress(self.done, self.total, self.phase, now - self.started))

    def _count(self, group: list[int], step: int) -> None:
        before = self._reached.get(group[0], 0)  # a group that goes on from a checkpoint repeats some steps
        if step > before:
            self._reached[group[0]] = step
            totals = [self.arms[i].total_steps for i in group]  # the shorter ones are done earlier
            self.done += sum(min(step, total) - min(before, total) for total in totals)


_ENDED = Text(
    "{label}: ended early on {lost} of {n} seeds (seed {seed}: {why})",
    "{label}: 시드 {n}개 가운데 {lost}개에서 일찍 끝났다 (시드 {seed}: {why})",
)
_STATUS: dict[Status, Text] = {
    "diverged": Text(
        "{label}: diverged on {lost} of {n} seeds (seed {seed}: {why})",
        "{label}: 시드 {n}개 가운데 {lost}개에서 발산했다 (시드 {seed}: {why})",
    ),
    "stopped early": _ENDED,
    "finished": _ENDED,
}
