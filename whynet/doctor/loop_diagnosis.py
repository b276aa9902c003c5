"""What a watched loop turned out to be: the faults that are proved, those that are suspected, and the lines that mend them."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from whynet.doctor.cause import PLACES, Suspicion
from whynet.doctor.fault import LIKELY, PROVED, Fault, Mend
from whynet.doctor.loop import Loop
from whynet.doctor.loop_trial import LoopTrial
from whynet.text import Text, join


@dataclass(frozen=True)
class LoopDiagnosis:
    """Everything that can be said of one watched loop."""

    suspicions: Sequence[Suspicion]  # strongest first
    steps: int
    losses: Sequence[tuple[int, float]]  # of the watched steps
    probes: dict[str, dict[str, list[tuple[int, float]]]]
    mends: dict[str, Mend] = field(default_factory=dict)  # by the name of the fault
    ended_by: str = ""  # the exception that ended the loop
    not_checked: Sequence[str] = ()  # what could not be looked at, and why
    place: str = ""  # file and line of the step
    trial: LoopTrial | None = None  # what came of mending it on copies

    @property
    def confirmed(self) -> list[Suspicion]:
        """The faults that what was seen proves, the first on the way from data to weights first."""
        proved = [one for one in self.suspicions if one.strength >= PROVED]
        return sorted(proved, key=lambda one: PLACES.index(one.cause.place))

    @property
    def suspected(self) -> list[Suspicion]:
        """The faults that fit what was seen, where a loop that means it would look the same."""
        return [one for one in self.suspicions if LIKELY <= one.strength < PROVED]

    @property
    def cleared(self) -> list[Suspicion]:
        """The faults that were looked for and are not there."""
        return [one for one in self.suspicions if one.evidence and one.strength < LIKELY]

    @property
    def unseen(self) -> list[Suspicion]:
        """The faults for which there was nothing to look at."""
        return [one for one in self.suspicions if not one.evidence]

    @property
    def fix(self) -> list[str]:
        """The lines that mend what is confirmed, as in a diff; of what is suspected where nothing is."""
        return [line for one in self.confirmed or self.suspected for line in self.mends[one.cause.name].lines]

    @property
    def verdict(self) -> Text:
        """The diagnosis in one sentence."""
        if self.confirmed:
            return _CONFIRMED.fill(faults=join([one.cause.title for one in self.confirmed], " · "))
        if self.suspected:
            return _SUSPECTED.fill(faults=join([one.cause.title for one in self.suspected], " · "))
        if not self.steps:
            return _NO_STEP
        return _CLEAN.fill(n=len(self.cleared))

    @property
    def measured(self) -> Text:
        """How far the loop came."""
        if not self.losses:
            return _STEPS.fill(steps=self.steps)
        (_, first), (_, last) = self.losses[0], self.losses[-1]
        return _LOSS.fill(steps=self.steps, first=first, last=last)

    def __str__(self) -> str:
        lines = [str(self.verdict), str(self.measured)]
        if self.ended_by:
            lines.append(str(_ENDED.fill(error=self.ended_by)))
        for word, found in ((_PROVED, self.confirmed), (_MAYBE, self.suspected)):
            for one in found:
                lines += ["", f"{word}: {one.cause.title} ({one.cause.name})", f"  {one.cause.explanation}"]
                lines += [
                    f"  · {_EVIDENCE.fill(what=e.what, seen=e.observed, healthy=e.expected)}"
                    for e in one.evidence
                    if e.speaks == "for"
                ]
                mend = self.mends[one.cause.name]
                lines += [
                    f"  {mend.name}:" + (f"  ({self.place})" if self.place else ""),
                    *(f"    {line}" for line in mend.lines),
                ]
        if self.cleared:
            lines += ["", str(_CLEARED.fill(faults=join([one.cause.title for one in self.cleared], ", ")))]
        if self.unseen:
            lines.append(str(_UNSEEN.fill(faults=join([one.cause.title for one in self.unseen], ", "))))
        if self.trial:
            lines.append(str(self.trial.told))
        lines += [str(_TROUBLE.fill(what=what)) for what in self.not_checked]
        return "\n".join(lines)

    def report(self, path: str | os.PathLike[str] = "report.html") -> Path:
        """Write all of it as one HTML file in both languages. Raises `StoreError` where it cannot be written."""
        pages = import_module("whynet.report.watched")  # on the floor above, so it is called by its name
        return pages.write_watched(self, path)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        return {
            "verdict": self.verdict.both, "measured": self.measured.both, "steps": self.steps,
            "confirmed": [one.cause.name for one in self.confirmed], "suspected": [one.cause.name for one in self.suspected],
            "cleared": [one.cause.name for one in self.cleared], "not_seen": [one.cause.name for one in self.unseen],
            "suspects": [
                {
                    "cause": one.cause.name, "strength": one.strength, "speaks": one.speaks,
                    "evidence": [
                        {"what": e.what.both, "observed": e.observed.both, "expected": e.expected.both, "speaks": e.speaks}
                        for e in one.evidence
                    ],
                }
                for one in self.suspicions
            ],
            "mends": {name: {"name": mend.name.both, "lines": list(mend.lines)} for name, mend in self.mends.items()},
            "fix": self.fix, "losses": [list(pair) for pair in self.losses], "probes": self.probes,
            "ended_by": self.ended_by, "place": self.place, "not_checked": list(self.not_checked),
            "trial": self.trial.to_dict() if self.trial else None,
        }  # fmt: skip


def diagnosis_of(loop: Loop, suspicions: Sequence[Suspicion]) -> LoopDiagnosis:
    """The diagnosis of a loop that has ended, whichever way."""
    mends = {
        one.cause.name: one.cause.mend(loop) for one in suspicions if one.strength >= LIKELY and isinstance(one.cause, Fault)
    }
    ended_by = f"{type(loop.error).__name__}: {loop.error}".rstrip(": ") if loop.error else ""
    return LoopDiagnosis(
        suspicions, loop.steps, loop.losses, loop.probes, mends, ended_by, tuple(loop.troubles), loop.places.get("step", "")
    )


_CONFIRMED = Text("The loop is wired wrongly: {faults}.", "학습 루프가 잘못 이어져 있다: {faults}.")
_SUSPECTED = Text(
    "Nothing is proved, but this may be wired wrongly: {faults}.", "확인된 것은 없지만 잘못 이어졌을 수 있다: {faults}."
)
_CLEAN = Text(
    "No wiring fault was seen; {n} were looked for.", "학습 루프에서 잘못 이어진 곳은 보이지 않았다. 찾아본 것은 {n}가지다."
)
_NO_STEP = Text(
    "The optimizer took no step while it was watched, so little can be said.",
    "지켜보는 동안 옵티마이저가 한 스텝도 밟지 않아 말할 수 있는 것이 거의 없다.",
)
_STEPS = Text("{steps} steps", "{steps} 스텝")
_LOSS = Text(
    "{steps} steps · loss from {first:.3g} to {last:.3g}, on the steps looked at closely",
    "{steps} 스텝 · 손실은 자세히 본 스텝에서 {first:.3g}에서 {last:.3g}까지",
)
_ENDED = Text("The loop ended with {error}.", "루프는 다음 오류로 끝났다: {error}")
_PROVED, _MAYBE = Text("Confirmed", "확인됨"), Text("Suspected", "의심됨")
_EVIDENCE = Text("{what}: {seen} (healthy: {healthy})", "{what}: {seen} (정상: {healthy})")
_CLEARED = Text("Looked for and not there: {faults}.", "찾아보았으나 없는 것: {faults}.")
_UNSEEN = Text("Not seen either way: {faults}.", "볼 수 없었던 것: {faults}.")
_TROUBLE = Text("Could not be looked at: {what}", "살펴보지 못한 것: {what}")
