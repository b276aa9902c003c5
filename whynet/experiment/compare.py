"""The comparison: every level of one factor under every seed, everything else paired, and what the numbers allow one to say.

compare(recipe("digits", "mlp"), {"model.activation": ["sigmoid", "relu"]}, seeds=5)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from whynet.engine.arm import prepare
from whynet.engine.device import use_device
from whynet.engine.fit import Fitted
from whynet.engine.plan import Plan, Workers
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.errors import ComparisonError, StoreError, nearest
from whynet.experiment.asked import Asked, Means
from whynet.experiment.factor import Level, check_controlled, check_paired, levels_of
from whynet.experiment.progress import Meter, Progress
from whynet.experiment.statistics import LevelSummary, summarise
from whynet.experiment.statistics.interval import Bounds
from whynet.experiment.training import train_arms
from whynet.experiment.tuning import RATES, Tuned, tune
from whynet.recipe import Recipe, with_seed
from whynet.runs.beginnings import as_begun, keep_beginnings
from whynet.runs.comparison import COMPARING
from whynet.runs.store import Store
from whynet.runs.underway import StoppedComparisonError, Underway
from whynet.spec import Spec
from whynet.task import Task
from whynet.text import Text, plain

# R² has no floor of its own: a network about to explode reaches -10⁸, and one such seed would drown all others. Errors of twice the
# spread of the targets are as bad as it gets here.
BOUNDS: Mapping[str, Bounds] = {"accuracy": (0.0, 1.0), "r2": (-1.0, 1.0), "mean_iou": (0.0, 1.0), "map50": (0.0, 1.0)}


@dataclass(frozen=True)
class Comparison:
    """What came out: the trained arms, and the statistics over seeds."""

    paths: tuple[str, ...]  # the factor: the fields of the recipe in which levels may differ
    levels: list[Level]
    seeds: tuple[int, ...]
    baseline: str
    arms: dict[str, list[Fitted]]  # by level, in the order of the seeds
    tuned: list[Tuned]
    notes: list[Text]
    seconds: float
    plan: Plan | None = None  # how the arms were trained: stacked, spread, and why
    kept: Path | None = None  # its folder in the store, whose name is its id there

    @property
    def task(self) -> Task:
        """What the networks were trained for."""
        return self.arms[self.baseline][0].dataset.task

    @property
    def metric(self) -> str:
        """The number compared, measured on the test set; higher is better."""
        return self.task.metric

    @cached_property
    def values(self) -> dict[str, list[float]]:
        """The metric by level, a value for each seed; NaN where training diverged. An R² below -1 counts as -1."""
        least = BOUNDS.get(self.metric, (None, None))[0]
        worst = -np.inf if least is None else least
        return {
            name: [np.nan if one.outcome.status == "diverged" else float(np.maximum(one.score("test"), worst)) for one in arms]
            for name, arms in self.arms.items()
        }

    @property
    def chance(self) -> float:
        """The metric of ignoring the input, averaged over the seeds' test sets."""
        return float(np.mean([one.dataset.task.chance for one in self.arms[self.baseline]]))

    @cached_property
    def summaries(self) -> list[LevelSummary]:
        """A row for each level: mean, interval, paired difference to the baseline, superiority, verdict."""
        return summarise(self.values, self.baseline, BOUNDS.get(self.metric), chance=self.chance)

    def summary(self, level: str) -> LevelSummary:
        """One level's row."""
        return next(row for row in self.summaries if row.level == level)

    @cached_property
    def verdict(self) -> Text:
        """The whole comparison in one sentence."""
        rows = [row for row in self.summaries if row.level != self.baseline]
        better = sorted((r for r in rows if r.outcome == "better"), key=lambda r: -r.mean.mean)
        worse = [r for r in rows if r.outcome == "worse"]
        if better:
            top = better[0]
            return _BETTER.fill(level=top.level, baseline=self.baseline, words=top.verdict, rest=self._rest(better, rows))
        if worse and len(worse) == len(rows):
            one = _SAME.fill(baseline=self.baseline, words=worse[0].verdict)
            return one if len(rows) == 1 else _ALL_WORSE.fill(baseline=self.baseline, n=len(rows))
        if worse:
            return _SOME_WORSE.fill(baseline=self.baseline, worse=", ".join(r.level for r in worse))
        if any(r.outcome == "unknown" for r in rows):
            return next(r.verdict for r in rows if r.outcome == "unknown")
        return (
            _SAME.fill(baseline=self.baseline, words=rows[0].verdict) if len(rows) == 1 else _NONE.fill(baseline=self.baseline)
        )

    @staticmethod
    def _rest(better: Sequence[LevelSummary], rows: Sequence[LevelSummary]) -> Text:
        return _REST.fill(count=len(better), n=len(rows)) if len(rows) > 1 else plain("")

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain data: recipes, values, statistics."""
        return {
            "factor": list(self.paths), "seeds": list(self.seeds), "baseline": self.baseline, "metric": self.metric,
            "chance": number(self.chance), "seconds": self.seconds, "verdict": self.verdict.both, "notes": [n.both for n in self.notes],
            "plan": [n.both for n in self.plan.explain()] if self.plan else [],
            "tuned": {
                t.level: {"rate": t.rate, "validation_loss": {f"{r:g}": number(v) for r, v in t.losses.items()}} for t in self.tuned
            },
            "levels": [
                {
                    "name": row.level,
                    "recipe": next(level.recipe.written() for level in self.levels if level.name == row.level),
                    "values": [number(v) for v in self.values[row.level]],
                    "mean": number(row.mean.mean), "interval": [number(row.mean.low), number(row.mean.high)],
                    "difference": None if row.difference is None else [
                        number(row.difference.mean), number(row.difference.low), number(row.difference.high),
                    ],
                    "p": row.p, "adjusted_p": row.adjusted_p,
                    "superiority": None if row.superiority is None else number(row.superiority.mean),
                    "outcome": row.outcome, "verdict": row.verdict.both,
                }
                for row in self.summaries
            ],
        }  # fmt: skip


def compare(
    base: Recipe,
    factor: Mapping[str, Sequence[Any]],
    seeds: int | Sequence[int] = 5,
    *,
    baseline: str | None = None,
    tune_rates: bool | None = None,
    listen: Callable[[Progress], None] | None = None,
    watching: Watching | None = None,
    stack: bool = True,
    workers: Workers = "auto",
    tier: Tier = "auto",
    on: str | None = None,
    device: str = "auto",
    store: Store | None = None,
) -> Comparison:
    """Train every value of one factor under every seed and compare them, paired.

    factor: one path and its values, ``{"optimizer.lr": [0.01, 0.1]}``. A factor that is the whole optimizer has each level's learning
    rate tuned first with the same budget, unless ``tune_rates=False``. baseline: the level the others are compared with; the first.
    workers: processes to train in, 0 for this one alone; "auto" uses all cores where the work is long enough. tier: "compiled", or
    "fast" to compile beside the training where that pays; the last bits may then differ from one time to the next.
    on: "ray" or "ray:HOST:PORT" trains on the CPUs of a Ray cluster. device: "cpu", "cuda", "mps"; see `use_device`. store: keeps
    the comparison and all its histories; interrupted at any moment, it then goes on with `whynet.resume`.
    Raises `ComparisonError` where arms would differ in more than the factor.
    """
    path, levels = levels_of(base, factor)
    tunes = path == "optimizer" if tune_rates is None else tune_rates
    with use_device(device):
        return compare_levels(
            levels, [path], seeds, baseline=baseline, tune_rates=tunes, listen=listen, watching=watching, stack=stack,
            workers=workers, tier=tier, on=on, store=store,
        )  # fmt: skip


def compare_levels(
    levels: Sequence[Level],
    paths: Sequence[str],
    seeds: int | Sequence[int] = 5,
    *,
    baseline: str | None = None,
    tune_rates: bool = False,
    rates: Sequence[float] = RATES,
    listen: Callable[[Progress], None] | None = None,
    watching: Watching | None = None,
    stack: bool = True,
    workers: Workers = "auto",
    tier: Tier = "auto",
    on: str | None = None,
    store: Store | None = None,
) -> Comparison:
    """The comparison of recipes that may differ in the declared ``paths`` only; see `compare`."""
    which = _seeds(seeds)
    names = [level.name for level in levels]
    base = names[0] if baseline is None else baseline
    if base not in names:
        raise ComparisonError(_BASELINE, name=base, near=nearest(base, names))
    check_controlled(levels, paths)
    if tune_rates and "optimizer.lr" in paths:
        raise ComparisonError(_RATE_IS_FACTOR)
    checked = [_tunable(level) for level in levels] if tune_rates else levels
    asked = Asked(
        tuple(checked), tuple(paths), which, base, tuple(rates) if tune_rates else None,
        watching or Watching(evaluations=20), Means(stack, workers, tier, on),
    )  # fmt: skip
    if store is None:
        return carried_out(asked, listen)
    return kept(asked, store.begin_comparison(asked.title, asked.to_dict()), listen, store)


def kept(
    asked: Asked, keep: Underway, listen: Callable[[Progress], None] | None = None, begun_in: Store | None = None
) -> Comparison:
    """Carry out a comparison that is written down, from the start or from where it was interrupted.

    begun_in: where nothing of it is to stay if it cannot even begin. Raises `StoppedComparisonError` for Ctrl-C, once there is
    something to go on with.
    """
    try:
        recipes = [level.recipe for level in asked.levels]
        keep_beginnings(recipes, keep.folder)
        with as_begun(recipes, keep.folder):
            made = replace(carried_out(asked, listen, keep), kept=keep.folder)
    except BaseException as error:
        keep.interrupt(error)
        if not keep.total:
            if begun_in:
                begun_in.delete(keep.id)
            raise
        if isinstance(error, KeyboardInterrupt):
            raise StoppedComparisonError(keep, asked.is_written) from None
        raise
    try:
        keep.finish(made.to_dict())
    except StoreError as error:  # what came out is in memory still
        made.notes.append(_NOT_KEPT.fill(run=keep.id, reason=error.message))
    return made


def carried_out(asked: Asked, listen: Callable[[Progress], None] | None = None, keep: Underway | None = None) -> Comparison:
    """Tune where that was asked for, train all arms, and gather them."""
    started = time.monotonic()
    levels, which, means = list(asked.levels), asked.seeds, asked.means
    tuned: list[Tuned] = []
    notes: list[Text] = []
    if asked.rates is not None:
        levels, tuned = tune(
            levels, asked.rates, listen, means.stack, which, means.workers, means.tier, means.on, keep
        )  # fmt: skip
        notes = tuning_notes(tuned, asked.rates)
    arms = [prepare(with_seed(level.recipe, seed), level.name) for level in levels for seed in which]
    for i in range(len(which)):
        check_paired(arms[i :: len(which)], [*asked.paths, "optimizer.lr"] if tuned else asked.paths)
    meter = Meter(arms, _TRAINING.fill(levels=len(levels), seeds=len(which)), listen)
    fitted, plan = train_arms(COMPARING, arms, asked.watching, meter, means, keep)
    by_level = {level.name: fitted[i * len(which) : (i + 1) * len(which)] for i, level in enumerate(levels)}
    seconds = time.monotonic() - started + (keep.spent if keep else 0.0)
    return Comparison(asked.paths, levels, which, asked.baseline, by_level, tuned, notes + meter.notes, seconds, plan)


def tuning_notes(tuned: Sequence[Tuned], rates: Sequence[float]) -> list[Text]:
    """What has to be known of learning rates that were tuned."""
    chosen = ", ".join(f"{t.level}: {t.rate:g}" for t in tuned)
    notes = [_TUNED.fill(n=len(rates), low=min(rates), high=max(rates), rates=chosen)]
    return notes + [
        (_EDGE if t.found else _NO_RATE).fill(level=t.level, rate=t.rate) for t in tuned if t.at_edge or not t.found
    ]


def number(value: float) -> float | None:
    """A number as JSON knows it: NaN and infinity, which it lacks, are null."""
    return float(value) if np.isfinite(value) else None


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    which = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not which or len(set(which)) != len(which) or not all(isinstance(one, int) and one >= 0 for one in which):
        raise ComparisonError(_SEEDS, seeds=seeds)
    return which


def _tunable(level: Level) -> Level:
    if not isinstance(level.recipe.optimizer, Spec):
        raise ComparisonError(_NOT_TUNABLE, level=level.name)
    return level


_TRAINING = Text("training {levels} levels × {seeds} seeds, paired", "수준 {levels}개 × 시드 {seeds}개를 짝지어 학습하는 중")
_SEEDS = Text(
    "Expected a number of seeds, 1 at least, or a list of different whole numbers from 0. Received: {seeds}",
    "1 이상인 시드의 개수나, 0 이상의 서로 다른 정수 리스트가 필요하다. 받은 것: {seeds}",
)
_BASELINE = Text("There is no level {name!r} to compare with. {near}", "기준으로 삼을 {name!r} 수준이 없다. {near}")
_NOT_TUNABLE = Text(
    "The learning rate of {level} cannot be tuned: its optimizer is not a spec. Use one such as sgd(lr=0.1), or tune_rates=False.",
    "{level}의 학습률은 조정할 수 없다. 옵티마이저가 스펙이 아니다. sgd(lr=0.1)처럼 쓰거나 tune_rates=False로 한다.",
)
_TUNED = Text(
    "Each level's learning rate was tuned with the same budget: {n} rates from {low:g} to {high:g}, two seeds apart from the "
    "compared ones, lowest validation loss. Chosen: {rates}",
    "수준마다 같은 예산으로 학습률을 조정했다: {low:g}에서 {high:g}까지 {n}개, 비교에 쓰지 않는 시드 두 개, 가장 낮은 검증 손실. "
    "고른 값: {rates}",
)
_EDGE = Text(
    "{level}: the best rate {rate:g} lies at the edge of those tried; a better one may lie beyond.",
    "{level}: 가장 좋은 학습률 {rate:g은} 시도한 범위의 끝에 있다. 더 좋은 값이 그 밖에 있을 수 있다.",
)
_NO_RATE = Text(
    "{level}: training diverged at every learning rate tried; it was compared at {rate:g}.",
    "{level}: 시도한 모든 학습률에서 학습이 발산했다. {rate:g}에서 비교했다.",
)
_NOT_KEPT = Text(
    "The end of comparison {run} could not be stored. {reason} Once there is room: whynet resume {run}",
    "비교 {run}의 끝을 저장하지 못했다. {reason} 공간이 생기면: whynet resume {run}",
)
_RATE_IS_FACTOR = Text(
    "The learning rate is the factor here, so it cannot be tuned for each level as well. Leave tune_rates out.",
    "학습률(learning rate)이 요인이므로 수준마다 따로 조정할 수 없다. tune_rates를 뺀다.",
)
_BETTER = Text("{level} against {baseline}: {words}{rest}", "{baseline}에 견주어 {level}: {words}{rest}")
_REST = Text(". {count} of {n} levels are better", ". 수준 {n}개 가운데 {count}개가 더 좋다")
_ALL_WORSE = Text("{baseline} is better than all {n} others.", "{baseline:이} 다른 {n}개보다 모두 낫다.")
_SOME_WORSE = Text(
    "No level beats {baseline}; worse: {worse}.",
    "{baseline}보다 나은 수준은 없다. 더 나쁜 것: {worse}.",
)
_SAME = Text("Against {baseline}: {words}", "{baseline:과} 비교하면: {words}")
_NONE = Text(
    "No difference from {baseline} was detected for any level.",
    "어느 수준에서도 {baseline:과}의 차이가 드러나지 않았다.",
)
