"""How the diagnoses are counted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.faults.published import Published
from benchmarks.faults.said import Said


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
    def found(self) -> int:
        """How many of the program's faults were named, each by any of its labels."""
        return sum(any(label in self.said.named for label in labels) for labels in self.facts.causes)

    @property
    def wrong(self) -> list[str]:
        """What was asserted and is not accepted."""
        return [label for label in self.said.named if label not in self.facts.accepted]

    @property
    def clean(self) -> bool:
        """Whether it got a clean bill."""
        return self.said.state in ("healthy", "clean") and not self.said.named  # of a recipe, of a loop


def totals(rows: Sequence[Row]) -> dict[str, str]:
    """The totals, each with its count. A crash is a miss; a loop's fix is not tried, and cannot be counted as restoring."""
    faulty, controls = [r for r in rows if not r.facts.control], [r for r in rows if r.facts.control]
    tried = [row for row in faulty if not row.said.loop]
    accepted, named = sum(len(r.facts.causes) for r in faulty), sum(r.found for r in faulty)
    seconds = [row.said.seconds for row in rows if row.said.seconds is not None]
    return {
        "faulty programs with at least one accepted cause named": _share(sum(bool(r.right) for r in faulty), len(faulty)),
        "accepted causes named, all of every program wanted": _share(named, accepted),
        "programs with every accepted cause named": _share(sum(r.found == len(r.facts.causes) for r in faulty), len(faulty)),
        "programs with a wrong assertion": _share(sum(bool(r.wrong) for r in rows), len(rows)),
        "faulty programs restored by the fix": _share(sum(r.said.restored for r in tried), len(tried)),
        "of these, such as did badly before, by more than luck": _share(
            sum(r.said.state == "mended" for r in tried), len(tried)
        ),
        "controls with a clean bill": _share(sum(r.clean for r in controls), len(controls)),
        "crashed or out of time": str(sum(r.said.why_not is not None for r in rows)),
        "median seconds": f"{statistics.median(seconds):.1f}" if seconds else "–",
    }


def _share(count: int, whole: int) -> str:
    return f"{count} of {whole} ({count / whole:.0%})" if whole else "–"
