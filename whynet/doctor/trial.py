"""The trial: every remedy of every suspect, trained beside the original, paired, under the same seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from whynet.doctor.cause import Cause, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.surgery import tried
from whynet.engine.probes.gradient_norm import GradientNorm
from whynet.engine.train import Watching
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.progress import Progress
from whynet.experiment.statistics import LevelSummary, Recovery, recovery
from whynet.recipe import Recipe, diff
from whynet.text import Text

ORIGINAL = "original"
AT_START = Watching((GradientNorm(),), at=frozenset({1}), evaluations=10)  # what a remedy does to the gradient shows at once


@dataclass(frozen=True)
class Tried:
    """One remedy after its trial."""

    cause: Cause
    remedy: Remedy
    recipe: Recipe
    summary: LevelSummary
    recovery: Recovery

    @property
    def mends(self) -> bool:
        """Whether learning came back on at least half of the seeds, and the difference to the original is no accident."""
        return self.recovery.effect != "no" and self.summary.outcome == "better"


@dataclass(frozen=True)
class Trial:
    """The comparison behind a diagnosis, with what each of its levels stands for."""

    comparison: Comparison
    tried: list[Tried]
    reference: float  # the metric that counts as healthy: the best seen of simple models and remedies

    @property
    def original(self) -> LevelSummary:
        """The recipe as it was given."""
        return self.comparison.summary(ORIGINAL)

    def of(self, cause: Cause) -> list[Tried]:
        """The remedies of one cause."""
        return [one for one in self.tried if one.cause.name == cause.name]


def run_trial(
    seen: Examination,
    suspicions: Sequence[Suspicion],
    seeds: int,
    steps: int | None = None,
    listen: Callable[[Progress], None] | None = None,
) -> Trial | None:
    """Train the original and every remedy of every suspect. None where no remedy applies.

    ``steps``: train no arm longer than this, where the time does not allow the full length.
    """
    plans: list[tuple[Cause, Remedy, Recipe]] = []
    for suspicion in suspicions:
        for remedy in suspicion.cause.remedies(seen):
            changed = tried(remedy.apply, seen.recipe)
            if changed is not None and all(diff(changed, other) for _, _, other in plans) and diff(changed, seen.recipe):
                plans.append((suspicion.cause, remedy, changed))
    if not plans:
        return None
    levels = [Level(ORIGINAL, _cut(seen.recipe, seen, steps))]
    levels += [
        Level(f"{cause.name}/{remedy.name.en.format(**remedy.name.values)}", _cut(r, seen, steps)) for cause, remedy, r in plans
    ]
    paths = sorted({d.path.partition(".")[0] for level in levels[1:] for d in diff(levels[0].recipe, level.recipe)})
    comparison = compare_levels(levels, paths, seeds, listen=listen, watching=AT_START)
    best = max(float(np.mean(values)) for values in _finite(comparison).values())
    reference = max(seen.baseline.metric, best)
    if reference <= comparison.chance:
        reference = comparison.chance + 1.0  # nothing beat chance: nothing can count as recovered
    outcomes = [
        Tried(
            cause, remedy, changed, comparison.summary(level.name),
            recovery(comparison.values[level.name], comparison.chance, reference),
        )
        for (cause, remedy, changed), level in zip(plans, levels[1:], strict=True)
    ]  # fmt: skip
    return Trial(comparison, outcomes, reference)


def _cut(recipe: Recipe, seen: Examination, steps: int | None) -> Recipe:
    """The recipe, trained for at most so many steps for each that the original takes; longer remedies stay longer in proportion."""
    whole = seen.fitted.arm.total_steps
    if steps is None or steps >= whole:
        return recipe
    own = recipe.steps or recipe.epochs * seen.fitted.arm.steps_per_epoch
    return recipe.change(steps=max(1, round(steps * own / whole)))


def _finite(comparison: Comparison) -> dict[str, list[float]]:
    kept = {name: [v if np.isfinite(v) else comparison.chance for v in values] for name, values in comparison.values.items()}
    return {name: values for name, values in kept.items() if values}


def label(one: Tried) -> Text:
    """A remedy's name for the reader, marked where it is more than one change."""
    return _MARKED.fill(name=one.remedy.name, n=one.remedy.changes) if one.remedy.changes > 1 else one.remedy.name


_MARKED = Text("{name} ({n} changes)", "{name} (변경 {n}개)")
