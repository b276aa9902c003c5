"""A claim: a sentence that a measured number can prove wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from whynet.experiment.statistics import Interval, seeds_needed
from whynet.figures.canvas import number
from whynet.questions.evidence import Evidence
from whynet.registry import Range
from whynet.text import Text, plain

Outcome = Literal["held", "did not hold", "undecided"]
Style = Literal["number", "percent", "points"]  # as it is, a share of 1 in per cent, a difference of shares in points

OUTCOMES: dict[Outcome, Text] = {
    "held": Text("held", "성립"),
    "did not hold": Text("did not hold", "성립하지 않음"),
    "undecided": Text("undecided", "판단 유보"),
}
ENOUGH = seeds_needed(1)  # seeds with which luck alone could not show a difference


@dataclass(frozen=True)
class Measured:
    """A number with its 95 % interval, and what it is. ``exact``: mathematics, not a sample; its interval is the number itself."""

    interval: Interval
    what: Text
    style: Style = "number"
    exact: bool = False

    @property
    def text(self) -> Text:
        """The number and its interval: ``80.7 % [76.1, 85.3]``."""
        found = self.interval
        mean, low, high = (written(value, self.style) for value in (found.mean, found.low, found.high))
        shape = _WITH_INTERVAL if found.known and not self.exact else _ALONE
        return shape.fill(mean=mean, unit=self._unit, low=low, high=high)

    @property
    def alone(self) -> Text:
        """The number without its interval: ``80.7 %``."""
        return _ALONE.fill(mean=written(self.interval.mean, self.style), unit=self._unit)

    @property
    def _unit(self) -> Text:
        return _UNITS[self.style if math.isfinite(self.interval.mean) else "number"]

    def __str__(self) -> str:
        return str(self.text)


@dataclass(frozen=True)
class Claim:
    """A sentence about one number, with the range that the number has to lie in.

    Claim("shrinks", Text("Each layer passes back less than a quarter.", "…"), factor, Range(below=0.25))

    It is written down before anything is measured and stays in the book whatever comes out. ``saying``: it is what textbooks
    or users say, and the book reports it even where it is false.
    """

    key: str
    sentence: Text
    measure: Callable[[Evidence], Measured]
    holds: Range
    saying: bool = False

    def judge(self, evidence: Evidence) -> Judged:
        """What the measured number makes of it."""
        measured = self.measure(evidence)
        return Judged(self, measured, outcome(measured, self.holds))


@dataclass(frozen=True)
class Judged:
    """A claim and what came of it."""

    claim: Claim
    measured: Measured
    outcome: Outcome

    @property
    def condition(self) -> Text:
        """Where the claim holds, written like the number: ``x < 0.25``, ``80.0 % ≤ x``."""
        holds, style = self.claim.holds, self.measured.style
        low, high = (holds.least if holds.above is None else holds.above), (holds.most if holds.below is None else holds.below)
        before = "" if low is None else f"{_bound(low, style)} {'≤' if holds.above is None else '<'} "
        after = "" if high is None else f" {'≤' if holds.below is None else '<'} {_bound(high, style)}"
        return Text(f"{before}x{after}", f"{before}x{after}").fill(unit=_UNITS[style])

    @property
    def words(self) -> Text:
        """The outcome, and where nothing is settled, why."""
        if self.outcome != "undecided":
            return OUTCOMES[self.outcome]
        found = self.measured.interval
        if math.isnan(found.mean):
            return _NOTHING
        return _FEW.fill(n=found.n, enough=ENOUGH) if found.n < ENOUGH else _OPEN

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        found = self.measured.interval
        return {
            "key": self.claim.key, "sentence": self.claim.sentence.both, "saying": self.claim.saying,
            "what": self.measured.what.both, "holds_where": str(self.claim.holds),
            "value": _plain(found.mean), "interval": [_plain(found.low), _plain(found.high)], "n": found.n,
            "exact": self.measured.exact, "outcome": self.outcome, "words": self.words.both,
        }  # fmt: skip


def outcome(measured: Measured, holds: Range) -> Outcome:
    """Held where the whole interval lies in the range, did not hold where none of it does, undecided between.

    Fewer seeds than could tell a difference from luck decide nothing, however well they agree (see `statistics.paired`).
    """
    found = measured.interval
    if not found.known or (found.n < ENOUGH and not measured.exact):
        return "undecided"
    if holds.holds(found.low) and holds.holds(found.high):
        return "held"
    return "did not hold" if _apart(holds, found.low, found.high) else "undecided"


def exactly(value: float, what: Text, style: Style = "number") -> Measured:
    """A number that was worked out and not sampled."""
    return Measured(Interval(value, value, value, 1), what, style, exact=True)


def written(value: float, style: Style = "number") -> str:
    """A number as a reader writes it: ``80.7`` for a share of 0.807, ``+3.5`` for a difference of shares."""
    if not math.isfinite(value):
        return number(value)
    if style == "number":
        return number(value)
    shown = round(100 * value, 1) + 0.0  # never −0.0
    return f"{shown:{'+' if style == 'points' else ''}.1f}".replace("-", "−")


def _bound(value: float, style: Style) -> str:
    """One end of a range inside a template; zero needs no unit."""
    return "0" if value == 0 else written(value, style) + "{unit}"


def _apart(holds: Range, low: float, high: float) -> bool:
    """Whether the range and [low, high] have no number in common."""
    below = (holds.least is not None and high < holds.least) or (holds.above is not None and high <= holds.above)
    beyond = (holds.most is not None and low > holds.most) or (holds.below is not None and low >= holds.below)
    return below or beyond


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


_WITH_INTERVAL, _ALONE = (
    Text("{mean}{unit} [{low}, {high}]", "{mean}{unit} [{low}, {high}]"),
    Text("{mean}{unit}", "{mean}{unit}"),
)
_UNITS: dict[Style, Text] = {
    "number": plain(""),
    "percent": plain(" %"),
    "points": Text(" points", " %포인트"),
}
_FEW = Text("undecided: {n} seed(s), at least {enough} are needed", "판단 유보: 시드 {n}개, 적어도 {enough}개 필요")
_OPEN = Text("undecided: the interval allows both", "판단 유보: 구간이 양쪽에 걸친다")
_NOTHING = Text("undecided: there is nothing to measure it on", "판단 유보: 잴 수 있는 것이 없다")
