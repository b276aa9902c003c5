"""Train one recipe to the end, or many, each stacked with those whose graph it shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import whynet.engine.probes  # noqa: F401  registers the probes
from whynet import registry
from whynet.data.dataset import Dataset
from whynet.engine.arm import Arm, prepare
from whynet.engine.checkpoint import Checkpoint
from whynet.engine.events import Event, Finished, Outcome
from whynet.engine.history import History, SplitName
from whynet.engine.population import Tier, UnstackableError
from whynet.engine.probes.probe import Probe
from whynet.engine.threads import has_convolutions
from whynet.engine.train import Watching, train
from whynet.losses.loss import Loss
from whynet.recipe import Recipe

Listener = Callable[[Event], None]
LARGEST_POPULATION = 64  # arms in one stack


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
) -> Fitted:
    """Train one recipe to the end. ``listen`` is told every event."""
    arm = prepare(recipe)
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


def groups(arms: Sequence[Arm], stack: bool = True) -> list[list[int]]:
    """Which arms run together: those with equal graphs, in stacks that are worth it.

    Convolutions gain nothing from stacking on a CPU (their kernels are already busy), so networks with them run one by one.
    """
    by_key: dict[object, list[int]] = {}
    for i, arm in enumerate(arms):
        alone = not stack or has_convolutions(arm.network.module)
        by_key.setdefault(i if alone else arm.graph_key, []).append(i)
    return [group[at : at + LARGEST_POPULATION] for group in by_key.values() for at in range(0, len(group), LARGEST_POPULATION)]


def fit_all(
    arms: Sequence[Arm],
    watching: Watching | None = None,
    listen: Callable[[list[int], Event], None] | None = None,
    stack: bool = True,
    tier: Tier = "auto",
) -> list[Fitted]:
    """Train many arms, those with equal graphs stacked, the others one after another; the results are the same either way.

    ``listen`` is told which arms an event speaks of, and the event.
    """
    done: dict[int, Outcome] = {}
    waiting = groups(arms, stack)
    while waiting:
        group = waiting.pop(0)
        tell: Listener | None = (lambda event, group=group: listen(group, event)) if listen else None
        try:
            outcomes = follow(train([arms[i] for i in group], watching, tier), tell)
        except UnstackableError:
            waiting[:0] = [[i] for i in group]
            continue
        done.update(zip(group, outcomes, strict=True))
    return [Fitted(arm, done[i]) for i, arm in enumerate(arms)]


def resume(arm: Arm, checkpoint: Checkpoint, history: History, watching: Watching, tier: Tier = "auto") -> Iterator[Event]:
    """The events of a training that goes on from a checkpoint."""
    return train([arm], watching, tier, [(checkpoint, history)])
