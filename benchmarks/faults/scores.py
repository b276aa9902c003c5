"""How the diagnoses are counted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.faults.doctor import NEEDS_WATCH, Said
from benchmarks.faults.published import Published


@dataclass(frozen=True)
class Row:
    """One program: what is accepted and what was said."""

    facts: Published
    said: Said

    @property
    def right(self) -> list[str]:
        """The accepted labels that were named."""
        return [label for label in self.said.named if label in self.facts.accepted]

    @property
    def wrong(self) -> list[str]:
        """What was asserted and is not accepted."""
        return [label for label in self.said.named if label not in self.facts.accepted]

    @property
    def clean(self) -> bool:
        """Whether it got a clean bill."""
        return self.said.state == "healthy" and not self.said.named

    @property
    def skipped(self) -> bool:
        """Whether it could not be asked at all; a crash is no such thing, it counts as a miss."""
        return self.said.why_not == NEEDS_WATCH


def totals(rows: Sequence[Row]) -> dict[str, str]:
    """The totals, each with its count. Programs that could not be asked are left out, and said to be."""
    asked = [row for row in rows if not row.skipped]
    faulty, controls = [r for r in asked if not r.facts.control], [r for r in asked if r.facts.control]
    accepted, named = sum(len(r.facts.accepted) for r in faulty), sum(len(r.right) for r in faulty)
    seconds = [row.said.seconds for row in asked if row.said.seconds is not None]
    return {
        "faulty programs with at least one accepted cause named": _share(sum(bool(r.right) for r in faulty), len(faulty)),
        "accepted causes named, all of every program wanted": _share(named, accepted),
        "programs with every accepted cause named": _share(
            sum(set(r.right) == set(r.facts.accepted) for r in faulty), len(faulty)
        ),
        "programs with a wrong assertion": _share(sum(bool(r.wrong) for r in asked), len(asked)),
        "faulty programs restored by the fix": _share(sum(r.said.state == "mended" for r in faulty), len(faulty)),
        "controls with a clean bill": _share(sum(r.clean for r in controls), len(controls)),
        "crashed or out of time": str(sum(r.said.why_not is not None for r in asked)),
        "not asked": str(len(rows) - len(asked)),
        "median seconds": f"{statistics.median(seconds):.1f}" if seconds else "–",
    }


def _share(count: int, whole: int) -> str:
    return f"{count} of {whole} ({count / whole:.0%})" if whole else "–"
