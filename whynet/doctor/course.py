"""How long each training of a trial may be, so that all of them fit the time there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from whynet.doctor.examination import Examination
from whynet.doctor.pace import FEW_TEST, LEAST, SEVERAL, SPARE, TEST, TRIED, Pace, lone_pace, smaller, stacked_pace
from whynet.doctor.plan import Plan
from whynet.engine.plan import STARTING
from whynet.recipe import Part, Recipe

OTHERS = 4  # changes that may be timed in place of an original that breaks down
FEW_EVALUATIONS = 3  # where evaluating would take most of the time
EACH = 0.8  # of a core's speed, where all are busy: assumed, and corrected by what the first rung takes
ONE_EVALUATION = 1  # where even those would take a tenth of it


@dataclass
class Course:
    """How long each training of a trial is, and on how much of the data."""

    seen: Examination
    pace: Pace  # of one arm among its seeds
    evaluations: int
    steps: int | None = None  # of a training as long as the original's, where the time does not allow the whole
    test: int = TEST  # examples each training is judged by in the end, where the data are cut
    _smaller: dict[Part, Part] = field(default_factory=dict)

    @classmethod
    def within(
        cls,
        seen: Examination,
        plans: Sequence[Plan],
        seeds: int,
        budget: float | None,
        evaluations: int,
        known: Pace | None = None,
        cores: int = 1,
    ) -> Course:
        """The longest that fits. A stack of arms is timed only where lone ones would not fit, unless its pace is ``known``.

        budget: seconds. cores: on which arms are trained at the same time, where that pays.
        """
        course = cls(seen, seen.pace, evaluations)
        if budget is None or (not seen.cut and course.seconds(plans, seeds) <= budget):
            return course
        course.pace = known or _timed(seen, plans, seeds)
        budget = max(budget, (budget - STARTING) * cores * EACH) if cores > 1 else budget  # in seconds of one core
        if not seen.cut and course.seconds(plans, seeds) <= budget:
            return course
        course.evaluations = FEW_EVALUATIONS
        if course.seconds(plans, seeds, share=0.0) > SPARE * budget:
            course.evaluations, course.test = ONE_EVALUATION, FEW_TEST
        whole, fixed = course.seconds(plans, seeds), course.seconds(plans, seeds, share=0.0)
        share = max(0.0, budget - fixed) / max(whole - fixed, 1e-9)
        if share < 1:
            course.steps = max(LEAST, int(share * seen.whole_steps))
        return course

    def seconds(self, plans: Sequence[Plan], seeds: int, share: float = 1.0) -> float:
        """What the original and these changes take, predicted from the measured pace."""
        lengths = [self.seen.whole_steps, *(self._whole(one.recipe) for one in plans)]
        arms = sum(seeds * (self.pace.seconds(share * steps, 0) + self._judging()) for steps in lengths)
        return arms - (seeds - 1) * len(lengths) * self.pace.start  # the seeds of a level are traced once

    def _judging(self) -> float:
        """Seconds that one arm is evaluated for: along the way, and by the test set in the end."""
        if self.evaluations > FEW_EVALUATIONS:  # of all the data
            return (self.evaluations + 2) * self.pace.evaluation
        return self.pace.judging(self.evaluations, self.test)

    def apply(self, recipe: Recipe) -> Recipe:
        """A recipe at this length. Remedies that train longer stay longer in proportion."""
        if self.steps is None and not self.seen.cut:
            return recipe
        steps = self.length(recipe)
        if recipe.data not in self._smaller:
            batch = self.seen.fitted.arm.batch_size
            self._smaller[recipe.data] = smaller(recipe, self.steps or self.seen.whole_steps, batch, self.test).data
        return recipe.change(data=self._smaller[recipe.data], steps=steps)

    def length(self, recipe: Recipe) -> int:
        """The steps it takes at this length."""
        whole = self._whole(recipe)
        return whole if self.steps is None else max(1, round(self.steps * whole / self.seen.whole_steps))

    def _whole(self, recipe: Recipe) -> int:
        own = self.seen.recipe
        if recipe.steps is not None or own.steps is not None:
            return recipe.steps or self.seen.whole_steps
        return self.seen.whole_steps * recipe.epochs // own.epochs


def _timed(seen: Examination, plans: Sequence[Plan], seeds: int) -> Pace:
    """The pace of a stack of the original; of a change that trains, where the original broke down before it could be timed."""
    batch = seen.fitted.arm.batch_size  # a step takes as long however many examples there are
    if len(seen.losses) >= min(SEVERAL, seen.steps):
        return stacked_pace(smaller(seen.recipe, TRIED, batch), seeds, seen.pace)
    found = (lone_pace(smaller(one.recipe, TRIED, batch), seen.pace) for one in plans[:OTHERS])
    return next((pace for pace in found if pace is not None), seen.pace)
