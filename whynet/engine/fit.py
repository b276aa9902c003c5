"""Train one recipe to the end, or many, each stacked with those whose graph it shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

import whynet.engine.probes  # noqa: F401  registers the probes
from whynet import registry
from whynet.data.dataset import Dataset
from whynet.engine.arm import Arm, prepare
from whynet.engine.checkpoint import Checkpoint
from whynet.engine.cluster_task import cluster_crew
from whynet.engine.device import use_device
from whynet.engine.events import Event, Finished, Outcome
from whynet.engine.grouping import LARGEST_POPULATION, groups
from whynet.engine.history import History, SplitName
from whynet.engine.plan import Plan, Workers, make_plan
from whynet.engine.population import Tier, UnstackableError
from whynet.engine.probes.probe import Probe
from whynet.engine.reached import Reached
from whynet.engine.train import Watching, train
from whynet.engine.workers import crew
from whynet.losses.loss import Loss
from whynet.recipe import Recipe

__all__ = ["LARGEST_POPULATION", "Fitted", "all_probes", "fit", "fit_all", "follow", "groups", "resume"]

Listener = Callable[[Event], None]


@dataclass(frozen=True)
class Fitted:
    """A trained recipe."""

    arm: Arm
    outcome: Outcome

    @property
    def recipe(self) -> Recipe:
        """What was trained."""
        return self.arm.recipe

    @property
    def dataset(self) -> Dataset:
        """What it was trained on."""
        return self.arm.dataset

    @property
    def loss(self) -> Loss:
        """What it was trained for."""
        return self.arm.loss

    @property
    def history(self) -> History:
        """Everything measured on the way."""
        return self.outcome.history

    @property
    def module(self) -> nn.Module:
        """The trained network as an ordinary ``nn.Module`` in evaluation mode, yours to keep."""
        return self.arm.network.load(self.outcome.weights, self.outcome.buffers)

    def score(self, split: SplitName = "test") -> float:
        """The task's metric on a split, as measured last."""
        return self.history.final(split)

    @cached_property
    def recall(self) -> Tensor:
        """The share of each class that is found in the test set, (K,); NaN for a class that it does not hold."""
        test, classes = self.dataset.test, self.dataset.task.outputs
        found = self.predict(test.x).reshape(-1) == test.y
        counts = test.y.bincount(minlength=classes).double()
        return test.y.bincount(found.double(), minlength=classes) / counts  # 0 / 0 is NaN

    def predict(self, x: Tensor) -> Tensor:
        """Answers for inputs (N, *task.inputs), scaled as the data set scales them: classes (N,), or values (N, n)."""
        module = self.module
        with torch.no_grad():
            outputs = torch.cat([module(part) for part in torch.as_tensor(x).split(1024)])
        return self.loss.decide(outputs, self.dataset.task)


def all_probes() -> tuple[Probe, ...]:
    """Every registered probe."""
    return tuple(info.make() for info in registry.infos("probe"))


def fit(
    recipe: Recipe,
    listen: Listener | None = None,
    watching: Watching | None = None,
    tier: Tier = "auto",
    device: str = "auto",
) -> Fitted:
    """Train one recipe to the end. ``listen`` is told every event. device: see `use_device`."""
    arm = prepare(recipe)
    with use_device(device):
        outcome = follow(train([arm], watching or Watching(all_probes()), tier), listen)
    return Fitted(arm, outcome[0])


def follow(events: Iterator[Event], listen: Listener | None = None) -> list[Outcome]:
    """Run a training to its end and return what came out."""
    for event in events:
        if listen:
            listen(event)
        if isinstance(event, Finished):
            return event.outcomes
    raise RuntimeError("the training ended without saying so")  # pragma: no cover  `train` always finishes


def fit_all(
    arms: Sequence[Arm],
    watching: Watching | None = None,
    listen: Callable[[list[int], Event], None] | None = None,
    stack: bool = True,
    tier: Tier = "auto",
    workers: Workers = "auto",
    plan: Plan | None = None,
    reached: Reached | None = None,
    on: str | None = None,
) -> list[Fitted]:
    """Train many arms, those with equal graphs stacked where that pays, on all cores where that pays; the results are the same.

    ``listen`` is told which arms an event speaks of, and the event; of arms that train in another process not every step. workers:
    processes to train in beside this one, 0 for none. plan: one made before by `make_plan`, instead of a new one.
    on: "ray" or "ray:HOST:PORT" trains on the CPUs of a Ray cluster.
    reached: how far an interrupted training by that plan had come, to go on from there.
    """
    plan, reached = plan or make_plan(arms, stack, tier, workers, on), reached or Reached()
    done: dict[int, Outcome] = dict(reached.outcomes)
    jobs = reached.jobs(plan.chunks)
    waiting = [job.arms for job in jobs]
    if plan.workers and jobs:
        hands = cluster_crew() if plan.cluster else crew
        result = hands.train(jobs, arms, watching or Watching(), tier, plan.workers, listen)
        done, waiting = {**done, **result.outcomes}, result.remaining
    while waiting:
        group = waiting.pop(0)
        tell: Listener | None = (lambda event, group=group: listen(group, event)) if listen else None
        saved = reached.saved.get(tuple(group))
        start = list(zip(saved.checkpoints, saved.histories, strict=True)) if saved else None
        try:
            outcomes = follow(train([arms[i] for i in group], watching, tier, start), tell)
        except UnstackableError:
            waiting[:0] = [[i] for i in group]
            continue
        done.update(zip(group, outcomes, strict=True))
    return [Fitted(arm, done[i]) for i, arm in enumerate(arms)]


def resume(arm: Arm, checkpoint: Checkpoint, history: History, watching: Watching, tier: Tier = "auto") -> Iterator[Event]:
    """The events of a training that goes on from a checkpoint."""
    return train([arm], watching, tier, [(checkpoint, history)])
