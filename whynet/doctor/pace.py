"""How fast a network trains here, measured, and how far it may train in the time there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import median

import torch
from torch import Tensor

from whynet.data.dataset import Dataset, Examples
from whynet.engine.arm import Arm, load_data, prepare
from whynet.engine.events import Event, Finished, Measured, Outcome, Stepped
from whynet.engine.fit import groups
from whynet.engine.population import UnstackableError
from whynet.engine.splits import TRAIN_SAMPLE
from whynet.engine.train import Watching, train
from whynet.recipe import Given, Recipe, with_seed
from whynet.rng import generator

LEAST = 20  # steps below which a training shows nothing
SPARE = 0.1  # share of the time after which the pace is known well enough to decide
VALIDATION, TEST = 500, 2000  # examples that are enough to judge by: a share of 0.5 of 2,000 has a standard error of 0.011
FEW_TEST = 500  # where answering 2,000 would take as long as a good part of the training; a standard error of 0.022
SEVERAL, HALF = 8, 0.5  # steps after which the pace is known; share of the time after which there is no waiting for them
TRIED = 12  # steps of a stack that are timed


@dataclass(frozen=True)
class Pace:
    """Seconds that one training was seen to take."""

    step: float  # without tracing; steps that are taken with one call share its time
    evaluation: float  # training sample and validation set, once
    start: float  # the first steps beyond what the same number takes later: tracing
    examples: int = TRAIN_SAMPLE + VALIDATION  # answered in one evaluation

    def seconds(self, steps: float, evaluations: float) -> float:
        """A whole training."""
        return self.start + steps * self.step + evaluations * self.evaluation

    def judging(self, evaluations: int, test: int) -> float:
        """Evaluating smaller data (`smaller`) so many times, and so many test examples in the end."""
        return self.evaluation / max(1, self.examples) * (evaluations * (TRAIN_SAMPLE + VALIDATION) + test)


def follow_paced(
    arm: Arm, watching: Watching, listen: Callable[[Event], None] | None, limit: float | None
) -> tuple[Outcome | None, Pace]:
    """Train to the end and say how fast it went; stop (None) as soon as it is plain that it would take longer than ``limit`` seconds."""
    steps: list[float] = []
    evaluations: list[float] = []
    began = last = time.monotonic()
    events = train([arm], watching)
    for event in events:
        took = time.monotonic() - last
        if isinstance(event, Stepped):
            steps.append(took)
        elif isinstance(event, Measured):
            evaluations.append(took)
        if listen:
            listen(event)
        if isinstance(event, Finished):
            return event.outcomes[0], _pace(steps, evaluations, arm)
        spent = time.monotonic() - began
        known = len(steps) >= SEVERAL or spent > HALF * (
            limit or 0.0
        )  # the first steps are traced, and say nothing of the others
        if limit is not None and known and len(steps) >= 2 and spent > SPARE * limit:
            pace = _pace(steps, evaluations, arm)
            ahead = arm.total_steps - len(steps), (watching.evaluations or 1) + 1 - len(evaluations)
            if spent + ahead[0] * pace.step + ahead[1] * pace.evaluation > limit:
                return None, pace
        last = time.monotonic()
    raise RuntimeError("the training ended without saying so")  # pragma: no cover  `train` always finishes


def _pace(steps: Sequence[float], evaluations: Sequence[float], arm: Arm) -> Pace:
    later = sorted(steps[len(steps) // 2 :])  # the first ones are traced, and all of them probed
    usual = sum(later[: max(1, len(later) - 1)]) / max(1, len(later) - 1)
    first = sorted(steps)[-2:]  # with and without probes, each traced once
    answered = min(len(arm.dataset.train), TRAIN_SAMPLE) + len(arm.dataset.validation)
    return Pace(usual, median(evaluations), max(0.0, sum(first) - usual * len(first)), answered)


def stacked_pace(recipe: Recipe, seeds: int, alone: Pace) -> Pace:
    """The pace of one arm among as many as there are seeds; that of a lone one where they cannot run as one."""
    arms = [prepare(with_seed(recipe, seed), str(seed)) for seed in range(seeds)]
    if seeds < 2 or len(groups(arms)) > 1:
        return alone
    try:
        steps = _first_steps(arms)
    except UnstackableError:
        return alone
    return replace(alone, step=median(steps) / seeds) if steps else alone


def lone_pace(recipe: Recipe, known: Pace) -> Pace | None:
    """The pace of a recipe by its first steps; None where it breaks down before it can be told."""
    steps = _first_steps([prepare(recipe, "timed")])
    return replace(known, step=median(steps)) if len(steps) >= SEVERAL else None


def _first_steps(arms: list[Arm]) -> list[float]:
    """Seconds of each of the first steps."""
    steps: list[float] = []
    last = time.monotonic()
    for event in train(arms, Watching(evaluations=0, test=False)):
        if isinstance(event, Stepped):
            steps.append(time.monotonic() - last)
        if len(steps) >= TRIED:
            break
        last = time.monotonic()
    return steps


def smaller(recipe: Recipe, steps: int, batch: int, test: int = TEST) -> Recipe:
    """The recipe on no more of its data than so many steps can see and a judgement needs; itself where it has no more."""
    return recipe.change(data=_smaller(recipe.data, recipe, steps * batch, test))


def _smaller(data: object, recipe: Recipe, most: int, test: int) -> Given:
    @cache
    def load(seed: int) -> Dataset:
        return _subset(load_data(with_seed(recipe, seed)), seed, most, test)

    return Given(load, str(data))


def _subset(whole: Dataset, seed: int, most: int, judged: int) -> Dataset:
    """Randomly chosen examples in a pool of their own."""
    chosen: dict[str, Tensor] = {}
    for split, limit in (("train", max(most, VALIDATION)), ("validation", VALIDATION), ("test", judged)):
        index = getattr(whole, split).index
        order = torch.randperm(len(index), generator=generator(seed, "sample", split))[:limit] if len(index) > limit else ...
        chosen[split] = index[order]
    sets = [(getattr(whole, split), index) for split, index in chosen.items()]  # each may have a pool of its own
    x = torch.cat([examples.pool_x[index] for examples, index in sets])
    y = torch.cat([examples.pool_y[index] for examples, index in sets])
    train, validation, test = (Examples(x, y, part) for part in torch.arange(len(x)).split([len(index) for _, index in sets]))
    return replace(whole, train=train, validation=validation, test=test)
