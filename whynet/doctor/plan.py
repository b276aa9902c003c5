"""What is to be tried: every remedy of every suspect that applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whynet.doctor.cause import Cause, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.surgery import tried
from whynet.engine.arm import prepare
from whynet.errors import WhynetError
from whynet.recipe import Recipe, diff
from whynet.text import Text


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


# What torch and a user's own code raise where a change does not fit what they do with it. That ends one remedy, never the diagnosis.
UNFIT = (
    WhynetError, AttributeError, RuntimeError, TypeError, ValueError, LookupError, ArithmeticError, NotImplementedError, AssertionError,
)  # fmt: skip


def plan(seen: Examination, suspicions: Sequence[Suspicion], notes: list[Text] | None = None) -> list[Plan]:
    """Every remedy that applies and changes something that no earlier one does; those of whom signs point to come first.

    notes: is told of remedies that could not be made, and why.
    """
    plans: list[Plan] = []
    for suspicion in sorted(suspicions, key=lambda one: not suspected(one)):
        for remedy in suspicion.cause.remedies(seen):
            try:
                changed = tried(remedy.apply, seen.recipe)
            except UNFIT as error:
                if notes is not None:
                    notes.append(_UNFIT.fill(remedy=remedy.name, error=f"{type(error).__name__}: {error}"))
                continue
            if changed is not None and diff(changed, seen.recipe) and all(diff(changed, other.recipe) for other in plans):
                plans.append(Plan((suspicion.cause,), remedy, changed, suspected(suspicion)))
    return plans


def suspected(one: Suspicion) -> bool:
    """Whether what was seen points to a cause."""
    return one.proved or (one.speaks == "for" and one.strength > 0)


def runs(one: Plan) -> bool:
    """Whether a changed recipe can be trained at all."""
    try:
        prepare(one.recipe)
    except UNFIT:
        return False
    return True


_UNFIT = Text("{remedy} could not be tried here: {error}", "{remedy:은} 여기서 시험하지 못했다: {error}")
