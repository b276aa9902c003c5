"""The trial: every remedy of every suspect, trained beside the original, paired, under the same seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from whynet.doctor.cause import Cause, Remedy, Suspicion
from whynet.doctor.course import Course
from whynet.doctor.examination import Examination
from whynet.doctor.plan import Plan, plan
from whynet.doctor.surgery import tried
from whynet.engine.plan import Workers
from whynet.engine.population import Tier
from whynet.engine.probes.gradient_norm import GradientNorm
from whynet.engine.train import Watching
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.progress import Progress
from whynet.experiment.statistics import LevelSummary, Recovery, recovery, seeds_needed
from whynet.recipe import Recipe, diff
from whynet.text import Text

ORIGINAL = "original"
AT_START = Watching((GradientNorm(),), at=frozenset({1}), evaluations=10)  # what a remedy does to the gradient shows at once
POOR = 0.2  # of the way from chance to the reference: below it a network does not learn at all
HELPS = 0.1  # of that way: the least gain worth mentioning, and worth combining
COMBINED = 3  # remedies that are combined in pairs where no single one mends


@dataclass(frozen=True)
class Tried:
    """One remedy after its trial."""

    cause: Cause
    remedy: Remedy
    recipe: Recipe
    summary: LevelSummary
    recovery: Recovery
    others: tuple[Cause, ...] = ()  # causes that a combination of remedies is against as well

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Everything the remedy is against."""
        return (self.cause, *self.others)

    @property
    def mends(self) -> bool:
        """Whether learning came back on at least half of the seeds, and the difference to the original is no accident."""
        return self.recovery.effect != "no" and self.summary.outcome == "better"

    @property
    def unsure(self) -> bool:
        """Whether learning came back on at least half of the seeds, but so few seeds cannot tell it from luck."""
        return self.recovery.effect != "no" and self.summary.outcome != "better"


@dataclass(frozen=True)
class Trial:
    """The comparison behind a diagnosis, with what each of its levels stands for."""

    comparison: Comparison
    tried: list[Tried]
    reference: float  # the metric that counts as healthy: the best seen of simple models and remedies
    steps: int | None = None  # of each training in place of the whole, where the time did not allow it
    notes: list[Text] = field(default_factory=list)

    @property
    def original(self) -> LevelSummary:
        """The recipe as it was given."""
        return self.comparison.summary(ORIGINAL)

    def of(self, cause: Cause) -> list[Tried]:
        """The remedies of one cause."""
        return [one for one in self.tried if any(against.name == cause.name for against in one.causes)]

    def helps(self, one: Tried) -> bool:
        """Whether a remedy gains what is worth mentioning, mended or not."""
        gain = one.summary.mean.mean - self.original.mean.mean
        return one.summary.outcome == "better" and gain >= HELPS * (self.reference - self.comparison.chance)


def run_trial(
    seen: Examination,
    suspicions: Sequence[Suspicion],
    seeds: int,
    budget: float | None = None,
    listen: Callable[[Progress], None] | None = None,
    workers: Workers = "auto",
    tier: Tier = "auto",
) -> Trial | None:
    """Train the original and every remedy of every suspect. None where no remedy applies.

    ``budget``: seconds; where all of it would take longer, every training is cut to the same share of its steps. Where no single
    change mends, those that help are combined in pairs, time allowing.
    """
    started = time.monotonic()
    plans = plan(seen, suspicions)
    if not plans:
        return None
    notes = []
    needed = seeds_needed(len(plans))
    if seeds < needed:
        notes.append(_MORE_SEEDS.fill(seeds=seeds, n=len(plans), needed=needed))
        seeds = needed
    course = Course.within(seen, plans, seeds, budget, AT_START.evaluations or 1)
    if course.steps is not None:
        notes.append(_CUT.fill(budget=budget, steps=course.steps, whole=seen.whole_steps))
    comparison = _compare(course, plans, seeds, listen, workers, tier)
    trial = _judge(seen, comparison, plans, course.steps)
    if not any(one.mends for one in trial.tried):
        pairs = _pairs(trial)
        left = None if budget is None else budget - (time.monotonic() - started)
        if pairs and (left is None or course.seconds(pairs, seeds) <= left):
            more = _compare(course, pairs, seeds, listen, workers, tier)
            comparison = replace(
                comparison,
                paths=tuple(sorted({*comparison.paths, *more.paths})),
                levels=comparison.levels + more.levels[1:],
                arms={**comparison.arms, **{name: arms for name, arms in more.arms.items() if name != ORIGINAL}},
                notes=[*comparison.notes, *(note for note in more.notes if note not in comparison.notes)],
                seconds=comparison.seconds + more.seconds,
            )
            trial = _judge(seen, comparison, [*plans, *pairs], course.steps)
    return replace(trial, notes=notes + comparison.notes)


def _pairs(trial: Trial) -> list[Plan]:
    """The best helping remedy of each cause, two and two."""
    best: dict[str, Tried] = {}
    for one in sorted((one for one in trial.tried if trial.helps(one)), key=lambda one: -one.summary.mean.mean):
        best.setdefault(one.cause.name, one)
    plans = []
    for a, b in combinations(list(best.values())[:COMBINED], 2):
        changed = tried(b.remedy.apply, a.recipe)
        if changed is not None and diff(changed, a.recipe) and diff(changed, b.recipe):
            changes = a.remedy.changes + b.remedy.changes
            both = Remedy(_BOTH.fill(a=a.remedy.name, b=b.remedy.name), b.remedy.apply, changes)
            plans.append(Plan((a.cause, b.cause), both, changed))
    return plans


def _compare(
    course: Course, plans: Sequence[Plan], seeds: int, listen: Callable[[Progress], None] | None, workers: Workers, tier: Tier
) -> Comparison:
    levels = [Level(ORIGINAL, course.apply(course.seen.recipe))]
    levels += [Level(one.name, course.apply(one.recipe)) for one in plans]
    paths = sorted({d.path.partition(".")[0] for level in levels[1:] for d in diff(levels[0].recipe, level.recipe)})
    watching = replace(AT_START, evaluations=course.evaluations)
    return compare_levels(levels, paths, seeds, listen=listen, watching=watching, workers=workers, tier=tier)


# --- what came out ----------------------------------------------------------------------------------------------------


def _judge(seen: Examination, comparison: Comparison, plans: Sequence[Plan], steps: int | None) -> Trial:
    reference = _reference(seen, comparison, short=steps is not None)
    outcomes = [
        Tried(
            one.causes[0], one.remedy, one.recipe, comparison.summary(one.name),
            recovery(comparison.values[one.name], comparison.chance, reference), one.causes[1:],
        )
        for one in plans
    ]  # fmt: skip
    return Trial(comparison, outcomes, reference, steps)


def _reference(seen: Examination, comparison: Comparison, short: bool) -> float:
    """The best of simple models and of all that was trained; of the latter alone where the time was short and it learned something."""
    chance = comparison.chance
    best = max(float(np.mean([v if np.isfinite(v) else chance for v in values])) for values in comparison.values.values())
    reference = max(seen.baseline.metric, best)
    if reference - chance <= seen.noise:
        return chance + 1.0  # nothing beat chance: nothing can count as recovered
    if (short or seen.cut) and best - chance > max(seen.noise, POOR * (reference - chance)):
        return best
    return reference


def label(one: Tried) -> Text:
    """A remedy's name for the reader, marked where it is more than one change."""
    return _MARKED.fill(name=one.remedy.name, n=one.remedy.changes) if one.remedy.changes > 1 else one.remedy.name


_MARKED = Text("{name} ({n} changes)", "{name} (변경 {n}개)")
_BOTH = Text("{a} + {b}", "{a} + {b}")
_CUT = Text(
    "To fit the budget of {budget:.3g} s each training of the trial was cut to {steps} of {whole} steps, on as much of the data as that "
    "needs; what mends in so short a time is measured against the best that did.",
    "예산 {budget:.3g}초에 맞추려고 시험의 학습을 각각 {whole} 스텝에서 {steps} 스텝으로 줄이고 데이터도 그만큼만 썼다. "
    "그 짧은 시간에 고쳐졌는지는 그 안에서 가장 잘한 것을 기준으로 잰다.",
)
_MORE_SEEDS = Text(
    "{seeds} seed(s) cannot tell any of {n} remedies from luck; {needed} were used.",
    "시드 {seeds}개로는 처방 {n}개 가운데 어느 것도 우연과 구별할 수 없어 {needed}개를 썼다.",
)
