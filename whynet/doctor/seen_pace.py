"""How fast the arms of a comparison went, once it is done: what more steps would take."""

from __future__ import annotations

from dataclasses import dataclass

from whynet.experiment.compare import Comparison


@dataclass(frozen=True)
class Seen:
    """Seconds of a level, all of its seeds: what grows with its steps, and the rest (data, tracing, compiling, evaluation)."""

    step: float
    rest: float

    @classmethod
    def of(cls, comparison: Comparison, steps: int) -> Seen:
        """Of levels as long as ``steps`` each.

        Where the planner timed the networks, steps take what it foresaw, and what the comparison took beyond that is the rest, which does
        not grow; where it did not, all of it is put down to the steps, which predicts too much rather than too little.
        """
        levels = len(comparison.levels)
        foreseen = sum(chunk.seconds for chunk in comparison.plan.chunks) if comparison.plan else 0.0
        foreseen /= max(1, comparison.plan.workers if comparison.plan else 0)
        grows = min(foreseen, comparison.seconds) or comparison.seconds
        return cls(grows / levels / steps, (comparison.seconds - grows) / levels)

    def seconds(self, levels: int, steps: float) -> float:
        """What so many levels take."""
        return levels * (self.rest + self.step * steps)

    def steps(self, levels: int, seconds: float, most: float) -> int:
        """The longest training of so many levels that fits."""
        return int(min(most, max(0.0, seconds / levels - self.rest) / self.step))
