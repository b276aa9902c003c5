"""A remedy after its trial: what it did, against the original under the same seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import wilcoxon

from whynet.doctor.cause import Cause, Remedy
from whynet.doctor.plan import Plan
from whynet.doctor.yardstick import Yardstick
from whynet.engine.fit import Fitted
from whynet.experiment.compare import BOUNDS
from whynet.experiment.statistics import LevelSummary, Recovery, recovery, summarise
from whynet.experiment.statistics.diverged import settle
from whynet.experiment.statistics.interval import ERROR_RATE
from whynet.experiment.statistics.recovery import RECOVERED
from whynet.recipe import Recipe
from whynet.task import METRICS
from whynet.text import Text

ORIGINAL = "original"
HELPS = 0.1  # of the way from chance to healthy: the least gain worth mentioning, and worth combining
CLEAR = 0.05  # of that way: the least gain worth mentioning where it halves what the original lacks to a perfect answer
HALVED = 0.5
LOOKS, TESTS = 2, 2  # at what was undecided and given more seeds


@dataclass(frozen=True)
class Entry:
    """One change as it was trained: an arm for each seed, and the original beside it over as many steps."""

    plan: Plan
    arms: list[Fitted]
    beside: list[Fitted]
    share: float = 1.0  # of the steps of the trial, that it took
    left: bool = False  # whether it left after those, going nowhere


@dataclass(frozen=True)
class Tried:
    """One remedy after its trial."""

    cause: Cause
    remedy: Remedy
    recipe: Recipe
    summary: LevelSummary
    recovery: Recovery
    others: tuple[Cause, ...] = ()  # causes that a combination of remedies is against as well
    helps: bool = False  # whether it gains what is worth mentioning, mended or not
    share: float = 1.0  # of the steps of the trial, that it took
    left: bool = False  # whether it left the trial after those, going nowhere
    values: list[float] = field(default_factory=list)  # the metric of each seed
    parts: tuple[str, ...] = ()  # levels of the single changes that a combination is made of

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Everything the remedy is against."""
        return (self.cause, *self.others)

    @property
    def mends(self) -> bool:
        """Whether learning came back on at least half of the seeds, and the gain is worth mentioning and no accident."""
        return self.helps and self.recovery.effect != "no"

    @property
    def worse(self) -> bool:
        """Whether it does harm."""
        return self.summary.outcome == "worse" and not self.left

    @property
    def unsure(self) -> bool:
        """Whether learning came back on at least half of the seeds, but so few seeds cannot tell it from luck."""
        return self.recovery.effect != "no" and self.summary.outcome not in ("better", "worse")


def worth(stick: Yardstick, before: float, after: float, healthy: float) -> bool:
    """Whether a gain is worth mentioning: a tenth of the way from chance to healthy, or half that where the error is halved."""
    gain = stick.way(after, healthy) - stick.way(before, healthy)
    halved = 1 - stick.scale(after) <= HALVED * (1 - stick.scale(before))
    return gain >= HELPS or (gain >= CLEAR and halved)


def judged(
    entries: Sequence[Entry], family: Sequence[Entry], stick: Yardstick, chance: float, healthy: float, seeds: int
) -> list[Tried]:
    """What became of a family of remedies: entries in order, p values corrected (Holm) for all of the family.

    seeds: of the first look. Each is held against the original over as many steps. Those that left early count as compared and not
    different. Those that were given more seeds, being undecided, are looked at twice, the second time with two tests, so their p counts
    four times (Bonferroni) for each of the family.
    """
    stayed = [one for one in family if not one.left and len(one.arms) <= seeds]
    left = len(family) - len(stayed)
    rows: dict[str, LevelSummary] = {}
    if stayed:
        values = {ORIGINAL: _values(stayed[0].beside, stick)} | {one.plan.name: _values(one.arms, stick) for one in stayed}
        rows = {row.level: row for row in _summaries(values, stick, chance, left)}
    for one in family:
        if one not in stayed:
            values = {ORIGINAL: _values(one.beside, stick), one.plan.name: _values(one.arms, stick)}
            row = _summaries(values, stick, chance, (1 if one.left else LOOKS * TESTS) * len(family) - 1)[1]
            rows[one.plan.name] = row if one.left else _ranked(row, values, chance, LOOKS * TESTS * len(family))
    return [_tried(one, rows[one.plan.name], stick, chance, healthy) for one in entries if one in family]


def _ranked(row: LevelSummary, values: dict[str, list[float]], chance: float, times: int) -> LevelSummary:
    """The second look's second test, signed ranks (Wilcoxon 1945): where some seeds fail badly, means vary too much to tell a thing.

    p counts ``times`` over: for each of the family, for both looks, and for both tests.
    """
    if row.outcome != "same":
        return row
    settled = settle(values, chance)
    gaps = settled[row.level] - settled[ORIGINAL]
    if not gaps.any():
        return row
    p = float(wilcoxon(gaps[gaps != 0]).pvalue)
    if times * p > ERROR_RATE:
        return row
    return replace(row, outcome="better" if np.median(gaps) > 0 else "worse", p=p, adjusted_p=times * p)


def mean(values: Sequence[float], chance: float) -> float:
    """The mean over seeds; one that diverged counts as chance."""
    return float(np.mean([v if np.isfinite(v) else chance for v in values]))


def _values(arms: Sequence[Fitted], stick: Yardstick) -> list[float]:
    return [stick.value(one) for one in arms]


def _summaries(values: dict[str, list[float]], stick: Yardstick, chance: float, left: int) -> list[LevelSummary]:
    metric = METRICS[stick.kind]
    return summarise(values, ORIGINAL, BOUNDS[metric], chance=chance, left=left)


def _tried(one: Entry, row: LevelSummary, stick: Yardstick, chance: float, healthy: float) -> Tried:
    values, beside = _values(one.arms, stick), mean(_values(one.beside, stick), chance)
    least, start = stick.least(beside, healthy), stick.scale(chance)
    goal = start + max(least - start, 1e-6) / RECOVERED
    came_back = recovery([stick.scale(v) if np.isfinite(v) else v for v in values], start, goal)
    helps = not one.left and row.outcome == "better" and worth(stick, beside, mean(values, chance), healthy)
    plan = one.plan
    return Tried(
        plan.causes[0], plan.remedy, plan.recipe, row, came_back, plan.causes[1:], helps, one.share, one.left, values, plan.parts,
    )  # fmt: skip


def label(one: Tried) -> Text:
    """A remedy's name for the reader, marked where it is more than one change."""
    return _MARKED.fill(name=one.remedy.name, n=one.remedy.changes) if one.remedy.changes > 1 else one.remedy.name


_MARKED = Text("{name} ({n} changes)", "{name} (변경 {n}개)")
