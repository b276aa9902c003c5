"""What is to be tried: every remedy of every suspect that applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whynet.doctor.cause import Cause, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.surgery import tried
from whynet.recipe import Recipe, diff


@dataclass(frozen=True)
class Plan:
    """One change to be tried."""

    causes: tuple[Cause, ...]
    remedy: Remedy
    recipe: Recipe

    @property
    def name(self) -> str:
        return f"{self.causes[0].name}/{self.remedy.name.show('en')}"


def plan(seen: Examination, suspicions: Sequence[Suspicion]) -> list[Plan]:
    """Every remedy that applies and changes something that no earlier one does."""
    plans: list[Plan] = []
    for suspicion in suspicions:
        for remedy in suspicion.cause.remedies(seen):
            changed = tried(remedy.apply, seen.recipe)
            if changed is not None and diff(changed, seen.recipe) and all(diff(changed, other.recipe) for other in plans):
                plans.append(Plan((suspicion.cause,), remedy, changed))
    return plans
