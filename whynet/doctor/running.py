"""Carrying out a trial: who is tried, for how long, who may leave early, and what several changes do together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from whynet.doctor.baseline import LINEAR
from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.combine import COMBINED, candidates, certain, of_certain, sets
from whynet.doctor.course import Course
from whynet.doctor.examination import Examination
from whynet.doctor.health import any_signs
from whynet.doctor.pace import LEAST, Pace
from whynet.doctor.plan import Plan, plan, runs, suspected
from whynet.doctor.rungs import RUNG, hopeless
from whynet.doctor.seen_pace import Seen
from whynet.doctor.trial import ORIGINAL, POOR, Trial
from whynet.doctor.tried import Entry, Tried, judged, mean
from whynet.engine.compilation import compiler
from whynet.engine.cores import cores
from whynet.engine.fit import Fitted
from whynet.engine.plan import Workers
from whynet.engine.population import Tier
from whynet.engine.probes.gradient_norm import GradientNorm
from whynet.engine.train import Watching
from whynet.experiment.compare import BOUNDS, Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.progress import Progress
from whynet.experiment.statistics import seeds_needed, summarise
from whynet.recipe import diff
from whynet.task import METRICS
from whynet.text import Text

AT_START = Watching((GradientNorm(),), at=frozenset({1}), evaluations=10)  # what a remedy does to the gradient shows at once
SHORT = 3.0  # seconds of training in which nobody needs to leave early
STAY = 0.5  # of the remedies, about, that are expected to stay after the rung
SINGLES = 0.6  # of the time, for changes one by one where signs point to several causes, which may have to be mended together
UNSURE = 3  # undecided remedies that are given more seeds
AHEAD = 4.0  # times the steps that were planned, at most, where trainings turn out faster than was foreseen
BEYOND = 1.5  # times the time that is left, which a trial may take where trainings cannot be any shorter
HALF = 0.5  # of the steps: rather than cutting below, remedies without any sign are left out


def run_trial(
    seen: Examination,
    suspicions: Sequence[Suspicion],
    seeds: int,
    budget: float | None = None,
    listen: Callable[[Progress], None] | None = None,
    workers: Workers = "auto",
    tier: Tier = "auto",
    combine: bool = True,
) -> Trial | None:
    """Train the original and every remedy of every suspect. None where no remedy applies.

    ``budget``: seconds. Where the whole takes long, arms that go nowhere leave after a quarter of their steps (`rungs`); where it still
    would take longer, every training is cut to the same share of its steps, and remedies to whose causes no sign points are left out; where
    faults are proved, those of suspects as well, who are asked about once the certain ones are mended (`second`), and second remedies
    of what is certain anyway.
    Where no single change mends, the most promising are combined, time allowing. Interrupted (Ctrl-C) it tells what is known so far, and
    only where nothing is it raises `KeyboardInterrupt`.

    Statistics: the remedies of causes that signs point to, the others, and combinations are three families, each corrected (Holm) for all
    of its members, those that left early included: whoever leaves can no longer be found to help, so leaving adds no false positive.
    """
    running = _Running(seen, suspicions, budget, listen, workers, tier)
    plans = [one for one in plan(seen, suspicions, running.notes) if runs(one)]
    if not plans:
        return None
    running.certain = certain(suspicions)
    running.prepare(of_certain(plans, suspicions, seen) + plans, seeds)
    try:
        running.singles()
        running.undecided()
        if combine:
            running.together()
            running.undecided()
    except KeyboardInterrupt:
        if not running.original:
            raise
        running.partial = True
    return running.told()


@dataclass
class _Running:
    """A trial under way: what is told of it can be asked for at any moment."""

    seen: Examination
    suspicions: Sequence[Suspicion]
    budget: float | None
    listen: Callable[[Progress], None] | None
    workers: Workers
    tier: Tier
    started: float = field(default_factory=time.monotonic)
    plans: list[Plan] = field(default_factory=list)
    seeds: int = 0
    pace: Pace | None = None  # of one arm among its seeds, once it was timed
    certain: set[str] = field(default_factory=set)  # names of the causes that are proved
    entries: list[Entry] = field(default_factory=list)
    original: list[Fitted] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    left_out: tuple[Cause, ...] = ()
    partial: bool = False
    notes: list[Text] = field(default_factory=list)

    @property
    def left(self) -> float | None:
        """Seconds that are left."""
        return None if self.budget is None else self.budget - (time.monotonic() - self.started)

    # --- before ------------------------------------------------------------------------------------------------------

    def prepare(self, plans: list[Plan], seeds: int) -> None:
        """How many seeds, how many steps, and who is tried at all."""
        every = plans
        family = max(sum(one.suspected for one in plans), sum(not one.suspected for one in plans))
        self.seeds = max(seeds, seeds_needed(family))
        if seeds < self.seeds:
            self.notes.append(_MORE_SEEDS.fill(seeds=seeds, n=len(plans), needed=self.seeds))
        self.course = self._course(plans)
        least = HALF * self.seen.whole_steps
        known = any(self._is_certain(one) for one in plans)
        while self._too_short(least):
            loose = [one for one in plans if not one.suspected]
            loose = loose or [one for one in plans if known and not self._is_certain(one)]
            loose = loose or [one for i, one in enumerate(plans) if known and one.causes in [o.causes for o in plans[:i]]]
            if not loose or len(loose) == len(plans):
                break
            gone = loose[-max(1, len(loose) // 4) :]
            plans = [one for one in plans if one not in gone]
            self.course = self._course(plans)
        if self._too_short(least):  # early on, any longer training is better than a shorter one: that says nothing of its end
            plans = [one for one in plans if not self._is_longer(one)] or plans
            self.course = self._course(plans)
        while len(plans) > 1 and self._beyond(plans):
            plans = plans[:-1]  # what signs point to comes first
        kept = {cause.name for one in plans for cause in one.causes}
        dropped = {cause.name: cause for one in every for cause in one.causes if cause.name not in kept}
        self.left_out, self.plans = tuple(dropped.values()), plans
        if self.course.steps is not None:
            self.notes.append(_CUT.fill(budget=self.budget, steps=self.course.steps, whole=self.seen.whole_steps))

    def _is_longer(self, one: Plan) -> bool:
        """Whether all that a change does is to train longer."""
        own = self.seen.recipe
        return one.recipe.change(epochs=own.epochs, steps=own.steps) == own

    def _is_certain(self, one: Plan) -> bool:
        return all(cause.name in self.certain for cause in one.causes)

    def _too_short(self, least: float) -> bool:
        return self.course.steps is not None and self.course.steps < least

    def _beyond(self, plans: Sequence[Plan]) -> bool:
        """Whether even the shortest trainings of these would take much longer than there is time for."""
        if self.course.steps is None or self.course.steps > LEAST or self.left is None:
            return False
        serial = self.course.seconds(plans, self.seeds, self.course.steps / self.seen.whole_steps)
        return serial / self._cores > BEYOND * max(self.left, 0.0)

    def _course(self, plans: Sequence[Plan]) -> Course:
        """The longest training that fits, when arms that go nowhere leave early."""
        time_ = None if self.left is None else self.left * (SINGLES if self._several else 1.0) / (RUNG + STAY)
        course = Course.within(self.seen, plans, self.seeds, time_, AT_START.evaluations or 1, self.pace, self._cores)
        self.pace = course.pace if course.steps is not None else None
        return course

    @property
    def _is_cut(self) -> bool:
        """Whether the time does not allow whole trainings: then how far they get depends on the clock, and faster steps are more steps."""
        return self.course.steps is not None or self.seen.cut

    @property
    def _cores(self) -> int:
        """Cores that trainings may take."""
        return cores() if self.workers == "auto" else max(1, min(self.workers, cores()))

    @property
    def _several(self) -> bool:
        """Whether signs point to several causes, which may have to be mended together."""
        return sum(suspected(one) for one in self.suspicions) > 1

    # --- the training ------------------------------------------------------------------------------------------------

    def singles(self) -> None:
        """Every remedy alone: a quarter of the steps for all, the whole for those that may still do something."""
        stay = self._rung(self.plans)
        comparison = self._compare(self.course, stay)
        self.original = comparison.arms[ORIGINAL]
        done = {one.plan.name for one in self.entries if not one.left}
        self.entries = [one for one in self.entries if one.plan.name not in done]
        self.entries += [Entry(one, comparison.arms[one.name], self.original) for one in stay]

    def undecided(self) -> None:
        """As many seeds again for what brought learning back on most seeds but was not told from luck."""
        now = self.told(strictly=True)
        unsure = [one for one in now.tried if one.unsure and len(one.values) == self.seeds]
        if any(one.mends for one in now.tried):  # then only what signs point to is of interest
            signs = {one.plan.name for one in self.entries if one.plan.suspected}
            unsure = [one for one in unsure if one.summary.level in signs]
        if not unsure or not now.sick:
            return
        names = {one.summary.level for one in sorted(unsure, key=lambda one: -now.way(one))[:UNSURE]}
        plans = [one.plan for one in self.entries if one.plan.name in names]
        if self.left is not None and self._seconds(plans) > self.left:
            return
        more = self._compare(self.course, plans, range(self.seeds, 2 * self.seeds))
        self.entries = [
            replace(one, arms=one.arms + more.arms[one.plan.name], beside=one.beside + more.arms[ORIGINAL])
            if one.plan.name in names
            else one
            for one in self.entries
        ]

    def together(self) -> None:
        """Where no single change mends: pairs, and all at once; then what lies between."""
        now = self.told(strictly=True)
        if any(one.mends for one in now.tried) or not now.sick:
            return
        if self.seen.finds_nothing and any(now.levels(one) for one in now.tried):
            return  # as far as such data allow: what several changes gain upon it is learned by heart
        chosen = candidates(now.tried, self.suspicions, now.chance)
        for sizes in ([2, len(chosen)] if len(chosen) > 2 else [2], range(3, min(len(chosen), COMBINED))):
            known = {one.plan.name for one in self.entries}
            plans = [one for one in sets(chosen, sizes, self.seen) if one.name not in known and runs(one)]
            while plans and self.left is not None and self._seconds(plans) > self.left:
                plans.pop()  # the most promising sets come first
            if not plans:
                return
            comparison = self._compare(self.course, plans)
            self.entries += [Entry(one, comparison.arms[one.name], self.original) for one in plans]
            mending = [one for one in self.told(strictly=True).tried if one.mends and one.others]
            if not mending or min(len(one.causes) for one in mending) == 2:
                return

    def _rung(self, plans: list[Plan]) -> list[Plan]:
        """Those who stay after a quarter of the steps. The rest of the training is cut where it would take too long."""
        whole = self.course.steps or self.seen.whole_steps
        steps = int(RUNG * whole)
        if steps < 2 * LEAST or self._seconds(plans) < SHORT:
            return plans
        short = replace(self.course, steps=steps, _smaller={})
        comparison = self._compare(short, plans)
        self.original = beside = comparison.arms[ORIGINAL]
        stick, share = self.seen.yardstick, steps / whole
        best = max(mean([stick.value(one) for one in arms], self.seen.chance) for arms in comparison.arms.values())
        healthy = max(self.seen.baseline.metric, best)
        theirs = [stick.value(one) for one in beside]
        stay = []
        for one in plans:
            arms = comparison.arms[one.name]
            losses = [fitted.history.loss for fitted in arms]
            gone = hopeless([stick.value(fitted) for fitted in arms], theirs, losses, stick, healthy)
            self.entries.append(Entry(one, arms, beside, share, gone))
            stay += [] if gone else [one]
        if self.left is not None and stay:
            time_ = max(self.left, 0.0) * (SINGLES if self._several else 1.0)
            seen = Seen.of(comparison, steps)
            while stay and seen.seconds(1 + len(stay), whole) > time_ and not stay[-1].suspected:
                stay.pop()  # rather than cutting all, and leaving no time for several together; those without any sign come last
            self._set(min(self.seen.whole_steps, max(steps, seen.steps(1 + len(stay), time_, AHEAD * whole))))
        return stay

    def _set(self, steps: int) -> None:
        """Train this long from here on."""
        if steps == (self.course.steps or self.seen.whole_steps):
            return
        self.course = replace(self.course, steps=steps, _smaller={})
        self.notes = [note for note in self.notes if note.en != _CUT.en]
        if steps < self.seen.whole_steps:
            self.notes.append(_CUT.fill(budget=self.budget, steps=steps, whole=self.seen.whole_steps))

    def _seconds(self, plans: Sequence[Plan]) -> float:
        """What these take beside the original; from what trainings took here so far, where some did."""
        steps = self.course.steps or self.seen.whole_steps
        share = steps / self.seen.whole_steps
        guess = self.course.seconds(plans, self.seeds, share)
        if not self.comparisons:
            return guess
        last = self.comparisons[-1]
        arms = [one for arms in last.arms.values() for one in arms]
        rate = last.seconds / max(1, sum(one.arm.total_steps for one in arms))
        lengths = sum(self.course.length(one.recipe) for one in plans) + steps
        return rate * self.seeds * lengths

    def _compare(self, course: Course, plans: Sequence[Plan], seeds: Sequence[int] | None = None) -> Comparison:
        levels = [Level(ORIGINAL, course.apply(self.seen.recipe))]
        levels += [Level(one.name, course.apply(one.recipe)) for one in plans]
        paths = sorted({d.path.partition(".")[0] for level in levels[1:] for d in diff(levels[0].recipe, level.recipe)})
        watching = replace(AT_START, evaluations=course.evaluations)
        comparison = compare_levels(
            levels,
            paths,
            self.seeds if seeds is None else seeds,
            listen=self.listen,
            watching=watching,
            workers=self.workers,
            tier="fast" if self.tier == "auto" and self._is_cut and compiler() else self.tier,
        )
        self.comparisons.append(comparison)
        return comparison

    # --- what came out -----------------------------------------------------------------------------------------------

    def told(self, strictly: bool = False) -> Trial:
        """The trial as far as it has come; ``strictly``: what falls short of the reference is never called mended."""
        stick, chance = self.seen.yardstick, self._chance()
        own = [stick.value(one) for one in self.original]
        stayed = [one for one in self.entries if not one.left]
        best = max([mean([stick.value(arm) for arm in one.arms], chance) for one in stayed] + [mean(own, chance)])
        reference = self._reference(best, chance)
        tried, improves = self._judged(chance, reference), False
        gain = stick.way(best, reference) - stick.way(mean(own, chance), reference)
        if not strictly and not any(one.mends for one in tried) and gain >= POOR and best - chance > stick.noise:
            nearer = self._judged(chance, best)
            improves = any(one.mends for one in nearer)
            tried = nearer if improves else tried
        values = {ORIGINAL: own} | {one.summary.level: one.values for one in tried}
        row = summarise({ORIGINAL: own}, ORIGINAL, BOUNDS[METRICS[stick.kind]], chance=chance)[0]
        merged = self._merged()
        notes = [*self.notes, *(note for one in self.comparisons for note in one.notes)]
        base = self.seen.baseline
        line = base.metric if base.name is LINEAR and any_signs(self.suspicions) else -math.inf
        return Trial(
            merged, tried, row, values, stick, chance, reference, self.course.steps, improves, self.left_out, self.partial,
            [note for i, note in enumerate(notes) if note not in notes[:i]], line,
        )  # fmt: skip

    def _judged(self, chance: float, healthy: float) -> list[Tried]:
        families = (
            [one for one in self.entries if one.plan.suspected and not one.plan.parts],
            [one for one in self.entries if not one.plan.suspected],
            [one for one in self.entries if one.plan.parts],
        )
        found = [one for family in families for one in judged(family, family, self.seen.yardstick, chance, healthy, self.seeds)]
        place = {one.plan.name: i for i, one in enumerate(self.entries)}
        return sorted(found, key=lambda one: place[one.summary.level])

    def _chance(self) -> float:
        if self.seen.yardstick.split == "train" or self.seen.yardstick.balanced:
            return self.seen.chance
        return float(np.mean([one.dataset.task.chance for one in self.original]))

    def _reference(self, best: float, chance: float) -> float:
        """The best of simple models and of all that was trained; of the latter alone where time was short and it learned something."""
        noise = self.seen.noise
        reference = max(self.seen.baseline.metric, best)
        if reference - chance <= noise:
            return 1.0  # nothing beat chance: nothing can count as recovered
        if (self.course.steps is not None or self.seen.cut) and best - chance > max(noise, POOR * (reference - chance)):
            return best
        return reference

    def _merged(self) -> Comparison:
        """All comparisons as one: of each level the longest training."""
        last = self.comparisons[-1]
        arms = {name: arms for one in self.comparisons for name, arms in one.arms.items()} | {ORIGINAL: self.original}
        arms |= {one.plan.name: one.arms[: self.seeds] for one in self.entries}
        levels = {level.name: level for one in self.comparisons for level in one.levels}
        return replace(
            last,
            seeds=tuple(range(self.seeds)),
            paths=tuple(sorted({path for one in self.comparisons for path in one.paths})),
            levels=list(levels.values()),
            arms={name: arms[name] for name in levels},
            seconds=sum(one.seconds for one in self.comparisons),
            plan=max(self.comparisons, key=lambda one: one.seconds).plan,
        )


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
