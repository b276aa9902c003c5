"""What every wiring fault is: a cause that lies in the user's own loop, seen while it runs, and the lines that mend it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

from whynet import registry
from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.doctor.examination import Examination
    from whynet.doctor.loop import Loop
    from whynet.doctor.replay import Manner

Made = TypeVar("Made", bound=type)

PROVED = 1.0  # strength of a fault that what was seen leaves no other explanation for
LIKELY = 0.7  # of one that fits what was seen, where a loop that means it would look the same
POSSIBLE = 0.4  # of one that does no harm yet


@dataclass(frozen=True)
class Mend:
    """What to change in the loop: a sentence, and the lines, which begin with ``- `` or ``+ `` as in a diff."""

    name: Text
    lines: tuple[str, ...]


class Fault(Cause):
    """One wiring fault. The docstring says what proves it, and what looks alike and is left in peace."""

    needs_steps: ClassVar[bool] = False  # whether only a loop that took steps can show it

    @abstractmethod
    def notice(self, loop: Loop) -> Suspicion:
        """The evidence for and against, from what was seen. No evidence: there was nothing to look at."""

    @abstractmethod
    def mend(self, loop: Loop) -> Mend:
        """The change to the user's code."""

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        """How a replay of the loop trains with this mended and all else as it was; None where no replay can show it."""
        return None

    def look(self, seen: Examination) -> Suspicion:
        """A recipe has no loop of its own that could be wired wrongly."""
        return Suspicion(self, [], 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        """None that changes a recipe."""
        return []

    def nothing(self) -> Suspicion:
        """There was nothing to look at."""
        return Suspicion(self, [], 0.0)

    def held(self, evidence: Sequence[Evidence], strength: float) -> Suspicion:
        """The suspicion with its evidence."""
        return Suspicion(self, evidence, strength)


def wiring_fault(*, year: int, source: str, en: str, ko: str) -> Callable[[Made], Made]:
    """Put a fault on the list of causes, unless a recipe can have it too and it stands there already."""

    def decorate(made: Made) -> Made:
        if made.name.replace("-", "_") in registry.names("cause"):  # type: ignore[attr-defined]
            return made
        return registry.register("cause", year=year, source=source, en=en, ko=ko)(made)

    return decorate
