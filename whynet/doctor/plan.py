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
    suspected: bool = False  # whether signs point to the cause, or the fault is proved
    parts: tuple[str, ...] = ()  # names of the single changes that a combination is made of

    @property
    def name(self) -> str:
        first = self.causes[0].name if not self.parts else "+".join(cause.name for cause in self.causes)
        return f"{first}/{self.remedy.name.show('en')}"


def plan(seen: Examination, suspicions: Sequence[Suspicion]) -> list[Plan]:
    """Every remedy that applies and changes something that no earlier one does; those of whom signs point to come first."""
    plans: list[Plan] = []
    for suspicion in sorted(suspicions, key=lambda one: not suspected(one)):
        for remedy in suspicion.cause.remedies(seen):
            changed = tried(remedy.apply, seen.recipe)
            if changed is not None and diff(changed, seen.recipe) and all(diff(changed, other.recipe) for other in plans):
                plans.append(Plan((suspicion.cause,), remedy, changed, suspected(suspicion)))
    return plans


def suspected(one: Suspicion) -> bool:
    """Whether what was seen points to a cause."""
    return one.proved or (one.speaks == "for" and one.strength > 0)
