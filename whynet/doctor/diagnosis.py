"""The diagnosis: which causes the trial confirmed, which it cleared, and the fix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from whynet.doctor.as_data import as_dict, as_text
from whynet.doctor.cause import PLACES, Cause, Suspicion
from whynet.doctor.controls.shuffled_labels import Shuffled
from whynet.doctor.examination import Examination
from whynet.doctor.fix import fix_lines
from whynet.doctor.health import STRONG, Health, health
from whynet.doctor.plan import suspected
from whynet.doctor.second import Second
from whynet.doctor.trial import Trial, Tried
from whynet.doctor.tried import mean, worth
from whynet.doctor.verdict import NOTHING, fixed, measured, verdict
from whynet.doctor.yardstick import RECOVERED
from whynet.recipe import Recipe
from whynet.text import Text

State = Literal["healthy", "mended", "improved", "faulty", "not mended", "nothing to learn"]
CLOSE = 0.05  # of the way from chance to the reference: remedies that differ by less are equally good
NEEDED = 0.1  # of that way: remedies that differ by less do about as well


@dataclass(frozen=True)
class Diagnosis:
    """Everything the doctor can say of one recipe.

    A cause is confirmed (asserted) where its own signs point to it and its one change restores the metric, alone or as a necessary member
    of the smallest set of changes that does; or where it is proved by how the thing is built, unless mending it does harm. What mends
    without a sign is told (`also_mends`) and not asserted. A suspect whose remedy does nothing is cleared.
    """

    examination: Examination
    suspicions: list[Suspicion]  # strongest first
    trial: Trial | None  # None for a healthy network
    notes: list[Text]
    seconds: float
    shuffled: Shuffled | None = None  # the control with shuffled labels, where nothing was learned
    partial: bool = False  # whether it was interrupted
    later: tuple[Second, ...] = ()  # looks at the mended network, where there was more to gain

    @property
    def recipe(self) -> Recipe:
        """What was examined."""
        return self.examination.recipe

    @property
    def reference(self) -> float:
        """The metric that counts as healthy."""
        return self.trial.reference if self.trial else max(self.examination.baseline.metric, self.examination.metric)

    @cached_property
    def health(self) -> Health:
        """What the examination alone says."""
        return health(self.examination, self.suspicions)

    @cached_property
    def sick(self) -> bool:
        """Whether it does not learn, or far less than it could, over all seeds that were seen."""
        return self.health == "sick" if self.trial is None else self.trial.sick

    @cached_property
    def state(self) -> State:
        """Healthy; it learns in spite of a fault; sick, and a remedy mends it, or improves it, or none does; nothing to learn."""
        if self.nothing_to_learn:
            return "nothing to learn"
        if self.mending:
            return "improved" if self.trial and self.trial.improves and not self._mended_later else "mended"
        if any(second.gains for second in self.later):
            return "mended" if self._mended_later else "improved"
        if self.sick:
            return "not mended"
        return "faulty" if self.confirmed else "healthy"

    @property
    def restored(self) -> bool:
        """Whether the fix leaves the network where a healthy one is: it mends, or the network learns as it is and does so with the fix.

        That is at 0.8 of the way from chance to the reference or beyond, and not worse than without.
        """
        if self.state != "faulty":
            return self.state == "mended"
        one, trial = self.remedy, self.later[-1].trial if self.later and self.later[-1].gains else self.trial
        if one is None or trial is None or (one.worse and not one.cause.judging):
            return False
        return trial.stick.way(mean(one.values, trial.chance), self.reference) >= RECOVERED

    @property
    def _mended_later(self) -> bool:
        """Whether what a second look found brings learning back."""
        return any(one.mends for second in self.later for one in second.gains[:1])

    @cached_property
    def nothing_to_learn(self) -> bool:
        """Whether neither the network, nor a simple model, nor any remedy does better than luck."""
        seen = self.examination
        if self.health != "sick" or self.trial is None or self.trial.partial:
            return False
        if any(one.proved and one.cause.place == "data" for one in self.suspicions):
            return False  # the data say less than they did before something was done to them
        values = [self.trial.original.mean.mean, *(one.summary.mean.mean for one in self.trial.tried)]
        return max([seen.baseline.metric, *values]) - seen.chance <= seen.noise and not self._as_far_as_data

    # --- the causes ------------------------------------------------------------------------------------------------

    @cached_property
    def confirmed(self) -> list[Cause]:
        """The asserted causes, the first on the way from data to weights first.

        A cause explains the signs of those behind it: unscaled inputs make steps long, a doubled softmax makes gradients small. One whose
        own signs are weak comes after those with strong ones.
        """
        names = self.curing - self._explained
        names |= {NOTHING} if self.nothing_to_learn else set()
        found = [s for s in self.suspicions if self._proved(s) or (suspected(s) and s.cause.name in names)]
        alone, good = bool(self.mending_alone), self._good
        found.sort(
            key=lambda s: (alone and s.cause.name not in good, s.strength < STRONG, PLACES.index(s.cause.place), -s.strength)
        )
        causes = [s.cause for s in found] + [cause for second in self.later for cause in second.causes]
        asserted = {cause.name: cause for cause in causes}
        return [cause for cause in asserted.values() if not asserted.keys() & set(cause.follows)]

    @cached_property
    def _explained(self) -> set[str]:
        """The causes whose remedies mend as well, but whose signs a proved fault explains that mends alone.

        A fault that is proved stands whatever the trial shows, and what it does to outputs, gradients and losses looks like other faults.
        Where mending it is enough, the others are not needed, unless a second look finds that they gain more.
        """
        enough = {s.cause.name for s in self.suspicions if s.proved} & self._good
        shared = {
            s.cause.name for s in self.suspicions if set(s.unless) & self._good
        }  # whose signs are those of another that is enough
        return shared | ({s.cause.name for s in self.suspicions if not s.proved} if enough else set())

    @property
    def undecided(self) -> list[Suspicion]:
        """What signs point to and the fix does not mend: what a second look has to ask."""
        if self._as_far_as_data or self.nothing_to_learn:
            return []
        first = self.mending[0] if self.mending else replace(self, later=()).remedy
        done = {cause.name for cause in first.causes} if first else set()
        done |= {cause.name for second in self.later for cause in second.causes}
        return [s for s in self.suspicions if suspected(s) and s.cause.name not in done]

    @cached_property
    def equivalent(self) -> list[Cause]:
        """The asserted causes besides the first, each of which mended alone restores the metric as well."""
        alone = {one.cause.name for one in self.mending_alone}
        rest = self.confirmed[1:] if self.confirmed and self.confirmed[0].name in alone else []
        return [cause for cause in rest if cause.name in alone]

    @cached_property
    def also_mends(self) -> list[Cause]:
        """The causes of which a remedy mends as well, though nothing points to them."""
        names = {cause.name for cause in self.confirmed}
        return list({c.name: c for one in self.mending for c in one.causes if c.name not in names}.values())

    @cached_property
    def cleared(self) -> list[Cause]:
        """The causes whose remedies were tried and did nothing."""
        if not self.trial:
            return []
        names = {cause.name for cause in self.confirmed}
        return [
            s.cause
            for s in self.suspicions
            if s.cause.name not in names
            and (remedies := [one for one in self.trial.of(s.cause) if not one.others])
            and not any(one.mends or one.unsure or one.helps or (one.share < 1 and not one.left) for one in remedies)
            and not any(one.mends for one in self.trial.of(s.cause))
        ]

    @cached_property
    def not_checked(self) -> list[Cause]:
        """The causes of which no remedy was tried though nothing ruled them out: none applies, or the time did not allow it."""
        told = {c.name for c in (*self.confirmed, *self.cleared, *self.also_mends)}
        tried = {c.name for one in (self.trial.tried if self.trial else []) for c in one.causes}
        return (
            [s.cause for s in self.suspicions if s.strength > 0 and s.speaks != "against" and s.cause.name not in told | tried]
            if self.sick
            else []
        )

    def _proved(self, one: Suspicion) -> bool:
        """Whether a fault is certain by how the thing is built, and mending it does no harm."""
        remedies = [t for t in (self.trial.of(one.cause) if self.trial else []) if not t.others]
        return one.proved and (one.cause.judging or not (remedies and all(t.worse for t in remedies)))

    @cached_property
    def _mends(self) -> list[Tried]:
        """The remedies that restore the metric. Of a network that is not sick only those that signs ask for."""
        if self.trial is None or self.nothing_to_learn:
            return []
        signs = {s.cause.name for s in self.suspicions if suspected(s)}
        found = [one for one in self.trial.tried if one.mends and (self.trial.sick or one.cause.name in signs)]
        return found or self._as_far_as_data

    @cached_property
    def _as_far_as_data(self) -> list[Tried]:
        """The remedies of suspects that bring a network from below guessing up to it, where no simple model gets further.

        A fault that makes answers worse than ignoring the input is mended by that: more is not in the data.
        """
        if self.trial is None or not self.examination.finds_nothing:
            return []
        signs = {s.cause.name for s in self.suspicions if suspected(s)}
        return [one for one in self.trial.tried if not one.others and one.cause.name in signs and self.trial.levels(one)]

    @cached_property
    def _good(self) -> set[str]:
        """The causes whose one change does about as well as the best one change."""
        assert self.trial or not self._mends
        ways = {one.cause.name: self.trial.way(one) for one in reversed(self.mending_alone) if self.trial}
        return {name for name, way in ways.items() if way >= max(ways.values()) - NEEDED}

    @cached_property
    def mending_alone(self) -> list[Tried]:
        """The single changes that restore the metric, the one that brings it furthest first."""
        return sorted(
            (one for one in self._mends if not one.others), key=lambda one: -self.trial.way(one) if self.trial else 0.0
        )

    @cached_property
    def curing(self) -> set[str]:
        """The causes whose remedy restores the metric alone; where none does, the necessary members of the smallest sets that do."""
        alone = {one.cause.name for one in self.mending_alone}
        if alone or not self._mends:
            return alone
        fewest = min(len(one.causes) for one in self._mends)
        return {c.name for one in self._mends if len(one.causes) == fewest for c in one.causes if self._necessary(one, c)}

    def _necessary(self, one: Tried, cause: Cause) -> bool:
        """Leave one out: whether the change gains what is worth mentioning over the rest of the set alone."""
        assert self.trial
        rest = {c.name for c in one.causes if c.name != cause.name}
        own = set(one.parts)
        without = [
            t for t in self.trial.tried if {c.name for c in t.causes} == rest and set(t.parts or (t.summary.level,)) <= own
        ]
        trial, gained = self.trial, mean(one.values, self.trial.chance)
        return all(not t.mends and worth(trial.stick, mean(t.values, trial.chance), gained, trial.reference) for t in without)

    # --- the fix -----------------------------------------------------------------------------------------------------

    @cached_property
    def mending(self) -> list[Tried]:
        """The remedies that mend, best first.

        Those of the causes that are confirmed before others; then on all seeds before on most, one change before two, as good as the
        best (within a twentieth of the way from chance to healthy) before less good; then nearest to the cause.
        """
        if not self.trial or not self._mends:
            return []
        trial, found = self.trial, self._mends
        ranks = {cause.name: i for i, cause in enumerate(self.confirmed)}

        def rank(one: Tried) -> tuple[int, int]:
            places = [ranks[cause.name] for cause in one.causes if cause.name in ranks]
            return len(one.causes) - len(places), min(places, default=0)

        best = {t.cause.name: max(trial.way(o) for o in found if o.cause.name == t.cause.name) for t in found}
        return sorted(
            found,
            key=lambda t: (
                len(t.causes),
                rank(t),
                t.recovery.effect != "restores",
                t.remedy.changes,
                trial.way(t) < best[t.cause.name] - CLOSE,
            ),  # in the order of the cause's remedies where all else is equal
        )

    @cached_property
    def remedy(self) -> Tried | None:
        """What to do: the best remedy that mends, with what gains more upon it; else what removes a fault that is certain."""
        for second in reversed(self.later):
            if second.gains:
                return second.gains[0]
        if self.mending:
            return self.mending[0]
        certain = {s.cause.name for s in self.suspicions if s.proved}
        proved = [
            t
            for cause in self.confirmed
            for t in (self.trial.of(cause) if self.trial else [])
            if (not t.worse or cause.judging) and all(one.name in certain for one in t.causes)
        ]
        return max(proved, key=lambda t: (t.helps, len(t.causes)), default=None)  # of as many as there are the first

    @cached_property
    def fix(self) -> list[str]:
        """The best remedy as changed lines; empty where there is none."""
        return fix_lines(self.recipe, self.remedy.recipe) if self.remedy else []

    # --- in words ----------------------------------------------------------------------------------------------------

    @property
    def fixed(self) -> Text:
        """What the fix did in the trial, in plain words."""
        return fixed(self)

    @property
    def verdict(self) -> Text:
        """The diagnosis in one or two sentences, every asserted cause named."""
        return verdict(self)

    @property
    def measured(self) -> Text:
        """The numbers under the verdict: metric with interval, chance, loss."""
        return measured(self)

    def __str__(self) -> str:
        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        return as_dict(self)
