"""What every cause is: something to look for, and changes that should mend it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from whynet.doctor.examination import Examination
from whynet.recipe import Recipe
from whynet.task import TASK_KINDS, TaskKind
from whynet.text import Text

Speaks = Literal["for", "against", "neither"]


@dataclass(frozen=True)
class Evidence:
    """One thing looked at: what was seen, what a healthy network shows, and which way that speaks."""

    what: Text
    observed: Text
    expected: Text
    speaks: Speaks


@dataclass(frozen=True)
class Remedy:
    """A change that should mend the cause. ``apply`` returns None where the recipe does not allow it."""

    name: Text
    apply: Callable[[Recipe], Recipe | None]
    changes: int = 1  # fields or options it changes; a single change proves most


@dataclass(frozen=True)
class Suspicion:
    """A cause held against one examination. ``strength``: 0 ruled out without a trial, up to 1 all but certain.

    proved: whether the fault follows from how the thing is built, so that no trial is needed to assert it: a softmax over a single
    unit is 1 whatever goes in. A trial still has to show whether mending it is enough.
    """

    cause: Cause
    evidence: Sequence[Evidence]
    strength: float
    proved: bool = False
    unless: tuple[str, ...] = ()

    @property
    def speaks(self) -> Speaks:
        """Which way the evidence speaks on the whole."""
        sides = [e.speaks for e in self.evidence]
        difference = sides.count("for") - sides.count("against")
        return "for" if difference > 0 else "against" if difference < 0 else "neither"


EVERY_TASK: frozenset[TaskKind] = frozenset(TASK_KINDS)
WHOLE_EXAMPLES: frozenset[TaskKind] = frozenset({"classify", "regress"})  # whose targets are a class or values of each example

# Where on the way from data to weights a cause sits. A cause explains the signs of those behind it: unscaled inputs make steps long,
# a doubled softmax makes gradients small, and both make training slow; so among confirmed causes the first on the way is named first.
Place = Literal["data", "output", "network", "rate", "time", "rule"]
PLACES: tuple[Place, ...] = get_args(Place)


class Cause(ABC):
    """One cause. Thresholds in `look` are stated with their source or derivation in the cause's docstring."""

    name: ClassVar[str]  # as in literature: vanishing-gradient
    title: ClassVar[Text]
    explanation: ClassVar[Text]  # what it is and why it stops learning, in two or three sentences
    place: ClassVar[Place]
    tasks: ClassVar[frozenset[TaskKind]] = EVERY_TASK  # on which it can be looked for: some read the targets
    follows: ClassVar[tuple[str, ...]] = ()  # causes that lead to the same signs: where one of them is asserted, this is not
    judging: ClassVar[bool] = (
        False  # whether the fault lies in what the network is judged by: mended, the metric means another thing
    )
    question: ClassVar[str | None] = None  # the question of the book that explains it

    @abstractmethod
    def look(self, seen: Examination) -> Suspicion:
        """The evidence for and against, from one examination."""

    @abstractmethod
    def remedies(self, seen: Examination) -> list[Remedy]:
        """What to try, nearest to the cause first."""


def strength(evidence: Sequence[Evidence], weak: float = 0.2) -> float:
    """Share of the telling evidence that speaks for the cause; a weak suspicion where nothing tells."""
    telling = [e for e in evidence if e.speaks != "neither"]
    return sum(e.speaks == "for" for e in telling) / len(telling) if telling else weak


def set_aside(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The same evidence where a sign that a cause needs is missing: what spoke for it alone speaks neither way."""
    return [replace(one, speaks="neither") if one.speaks == "for" else one for one in evidence]
