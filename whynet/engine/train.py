"""Training as a generator of events.

    for event in train(arms):
        match event:
            case Measured(): ...

Whoever holds the generator holds the training: not asking for the next event pauses it, asking for one takes one step, closing it
cancels. Nothing is lost by that: a `Checkpointed` event carries all that is needed to go on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from whynet.data.dataset import Examples
from whynet.engine.arm import Arm
from whynet.engine.checkpoint import Best, Checkpoint
from whynet.engine.diverged import locate
from whynet.engine.events import ArmLeft, Checkpointed, Event, Finished, Measured, Noticed, Outcome, Started, Status, Stepped
from whynet.engine.history import Evaluation, History, Reading, SplitName
from whynet.engine.metrics import score
from whynet.engine.network import clone
from whynet.engine.population import Population, Tier
from whynet.engine.probes.probe import Probe
from whynet.engine.threads import one_thread
from whynet.text import Text

TRAIN_SAMPLE = 1024  # training examples evaluated beside the validation set, so that the two can be told apart cheaply


@dataclass(frozen=True)
class Watching:
    """What is measured while training, and when."""

    probes: tuple[Probe, ...] = ()
    at: frozenset[int] | None = None  # the steps at which probes are read; None: dense at first, then sparse
    evaluations: int | None = None  # how many times the splits are evaluated; None: after every epoch
    test: bool = True  # evaluate the test split at the end
    checkpoint_every: float | None = None  # seconds between checkpoints; None: never


def train(
    arms: Sequence[Arm],
    watching: Watching | None = None,
    tier: Tier = "auto",
    resume: Sequence[tuple[Checkpoint, History]] | None = None,
) -> Iterator[Event]:
    """Train arms with equal graphs (one, or a population) to the end, saying what happens.

    Raises `UnstackableError` before the first event where several arms cannot run as one.
    """
    with one_thread():
        events = _Training(arms, watching or Watching(), tier, resume).run()
    while True:
        with one_thread():  # for one event at a time: whoever listens, or pauses, has all threads back
            event = next(events, None)
        if event is None:
            return
        yield event


def probe_steps(total: int, count: int = 64) -> frozenset[int]:
    """The steps at which probes are read: every one of the first eight, then ever more sparsely, ending with the last."""
    dense = range(1, min(total, 8) + 1)
    sparse = [round(8 * (total / 8) ** (i / count)) for i in range(count + 1)] if total > 8 else []
    return frozenset([*dense, *sparse])


@dataclass
class _State:
    """What is remembered of one arm."""

    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    left: Outcome | None = None


class _Training:
    def __init__(
        self, arms: Sequence[Arm], watching: Watching, tier: Tier, resume: Sequence[tuple[Checkpoint, History]] | None
    ) -> None:
        self.arms, self.watching = list(arms), watching
        first = self.arms[0]
        self.total, self.per_epoch = first.total_steps, first.steps_per_epoch
        self.probe_at = watching.at if watching.at is not None else self._full_batches(probe_steps(self.total))
        self.population = Population(self.arms, watching.probes, tier, len(self.probe_at))
        self.states = [_State() for _ in self.arms]
        self.done = 0
        if resume:
            self.population.restore([checkpoint for checkpoint, _ in resume])
            self.states = [_State(history.copy(), checkpoint.best) for checkpoint, history in resume]
            self.done = resume[0][0].step
        self.measure_at = self._measure_steps()
        self.saved_at = time.monotonic()
        self.pending: list[Tensor] = []  # losses not yet in the histories
        self.readings: list[tuple[int, Tensor]] = []

    def _full_batches(self, steps: frozenset[int]) -> frozenset[int]:
        """The steps moved back by one where they fall on an epoch's smaller last batch, whose few examples tell little of a layer."""
        arm = self.arms[0]
        smaller = len(arm.dataset.train) % arm.batch_size > 1 and self.per_epoch > 1
        return frozenset(step - 1 if smaller and step % self.per_epoch == 0 else step for step in steps)

    def _measure_steps(self) -> frozenset[int]:
        count = self.watching.evaluations
        if count is None:
            return frozenset([*range(self.per_epoch, self.total + 1, self.per_epoch), self.total])
        return frozenset([self.total] + [round(self.total * (i + 1) / count) for i in range(count)] if count else [self.total])

    # --- the loop ------------------------------------------------------------------------------------------------

    def run(self) -> Iterator[Event]:
        if self.population.size > 1 and self.done < self.total:
            epoch, at = divmod(self.done, self.per_epoch)
            self.population.make_ready(self.population.epoch(epoch)[at], self._probes(self.done + 1))  # or it raises, unheard
        yield Started([arm.label for arm in self.arms], self.done, self.total, self.per_epoch)
        if self.done == 0:
            yield self._measure(["train", "validation"])
        said = False
        while self.done < self.total and not all(state.left for state in self.states):
            epoch, at = divmod(self.done, self.per_epoch)
            for positions in self.population.epoch(epoch)[at:]:
                before = self.population.snapshot()
                number = self.done + 1
                probing = self._probes(number)
                losses, readings = self.population.step(number, positions, probing)
                if self.population.untraceable and not said:
                    said = True
                    yield Noticed(_EAGER.fill(reason=self.population.untraceable))
                self.done = number
                self.pending.append(losses)
                if probing:
                    self.readings.append((number, readings))
                yield Stepped(number, losses)
                if not bool(torch.isfinite(losses).all()):
                    yield from self._diverged(losses, positions, before)
                if number in self.measure_at:
                    yield self._measure(["train", "validation"])
                    yield from self._stop_early()
                yield from self._save()
                if self.done >= self.total or all(state.left for state in self.states):
                    break
        self._flush()
        for i, state in enumerate(self.states):
            state.left = state.left or self._end(i)
        if self.watching.test:
            yield self._test()
        yield Finished(self.done, [state.left for state in self.states if state.left])

    def _probes(self, step: int) -> bool:
        return bool(self.watching.probes) and step in self.probe_at

    # --- measuring -----------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Move losses and readings into the histories of the arms that are still training."""
        if self.pending:
            table = torch.stack(self.pending).reshape(len(self.pending), -1).tolist()  # (steps, A)
            for i, state in enumerate(self.states):
                if not state.left:
                    state.history.loss.extend(row[i] for row in table)
            self.pending = []
        names = [(probe.name, layer) for probe in self.watching.probes for layer in probe.layers(self.population.network)]
        for step, values in self.readings:
            rows = values.reshape(len(self.states), len(names)).tolist()
            for state, row in zip(self.states, rows, strict=True):
                if not state.left:
                    state.history.readings += [Reading(step, p, layer, v) for (p, layer), v in zip(names, row, strict=True)]
        self.readings = []

    def _measure(self, splits: list[SplitName]) -> Measured:
        self._flush()
        epoch = self.done / self.per_epoch
        taken: list[list[Evaluation]] = [[] for _ in self.arms]
        for split in splits:
            chosen = self._split(split)
            if not all(len(inputs) for inputs, _ in chosen):
                continue
            x = [inputs for inputs, _ in chosen]
            for i, outputs in enumerate(self.population.outputs_of_all(x)):
                if self.states[i].left:
                    continue
                arm, (_, targets) = self.arms[i], chosen[i]
                loss, metric = score(outputs, targets, arm.loss, arm.dataset.task)
                taken[i].append(Evaluation(self.done, epoch, split, loss, metric))
        for state, evaluations in zip(self.states, taken, strict=True):
            state.history.evaluations += evaluations
        return Measured(self.done, epoch, taken)

    def _split(self, split: SplitName) -> list[tuple[Tensor, Tensor]]:
        """Each arm's inputs and targets of one split; gathered once for all arms that share a data set."""
        gathered: dict[int, tuple[Tensor, Tensor]] = {}
        for arm in self.arms:
            if id(arm.dataset) not in gathered:
                examples: Examples = getattr(arm.dataset, split)
                index = examples.index[:TRAIN_SAMPLE] if split == "train" else examples.index
                gathered[id(arm.dataset)] = examples.pool_x.index_select(0, index), examples.pool_y.index_select(0, index)
        return [gathered[id(arm.dataset)] for arm in self.arms]

    def _test(self) -> Measured:
        """The test split, with the weights each arm ended with."""
        taken: list[list[Evaluation]] = []
        for i, (arm, state) in enumerate(zip(self.arms, self.states, strict=True)):
            if not len(arm.dataset.test) or not state.left:
                taken.append([])
                continue
            outputs = self.population.outputs(i, arm.dataset.test.x, state.left.weights, state.left.buffers)
            loss, metric = score(outputs, arm.dataset.test.y, arm.loss, arm.dataset.task)
            taken.append([Evaluation(state.left.step, state.left.step / self.per_epoch, "test", loss, metric)])
            state.history.evaluations += taken[-1]
        return Measured(self.done, self.done / self.per_epoch, taken)

    # --- leaving early -------------------------------------------------------------------------------------------

    def _diverged(self, losses: Tensor, positions: Tensor, before: list[Tensor]) -> Iterator[ArmLeft]:
        fresh = [i for i, loss in enumerate(losses.reshape(-1).tolist()) if not math.isfinite(loss) and not self.states[i].left]
        if fresh:
            self._flush()
        for i in fresh:
            weights, buffers = self.population.parts_of(before, i)
            x, y = self.population.gather(positions)
            if self.population.size > 1:
                x, y = x[i], y[i]
            why = locate(self.population.network, self.arms[i].loss, weights, buffers, x, y, self.done)
            yield self._leave(i, "diverged", why)

    def _stop_early(self) -> Iterator[ArmLeft]:
        for i, (arm, state) in enumerate(zip(self.arms, self.states, strict=True)):
            patience, keep = arm.recipe.early_stopping, arm.recipe.keep
            if state.left or not len(arm.dataset.validation) or (patience is None and keep == "last"):
                continue
            loss = state.history.final("validation", "loss")
            if loss < state.best.loss:
                weights, buffers = self.population.parts(i)
                state.best = Best(loss, self.done, 0, weights.clone(), clone(buffers))
            else:
                state.best = replace(state.best, waited=state.best.waited + 1)
            epochs = (self.done - state.best.step) / self.per_epoch  # however often the splits are evaluated
            if patience is not None and epochs >= patience and self.done < self.total:
                yield self._leave(i, "stopped early", _STOPPED.fill(step=state.best.step, epochs=epochs))

    def _leave(self, i: int, status: Status, why: Text) -> ArmLeft:
        self.states[i].left = self._outcome(i, status, why)
        return ArmLeft(i, self.done, status, why)

    def _end(self, i: int) -> Outcome:
        """The outcome of an arm that took all of its steps; no loss tells what the last of them did to the weights."""
        finite = bool(torch.isfinite(self.population.parts(i)[0]).all())
        return self._outcome(i, "finished", None) if finite else self._outcome(i, "diverged", _LAST.fill(step=self.done))

    def _outcome(self, i: int, status: Status, why: Text | None) -> Outcome:
        state = self.states[i]
        if self.arms[i].recipe.keep == "best" and state.best.weights is not None:
            return Outcome(status, state.history, state.best.weights, state.best.buffers, state.best.step, why)
        weights, buffers = self.population.parts(i)
        return Outcome(status, state.history, weights.clone(), clone(buffers), self.done, why)

    def _save(self) -> Iterator[Checkpointed]:
        every = self.watching.checkpoint_every
        if every is None or time.monotonic() - self.saved_at < every or any(state.left for state in self.states):
            return
        self.saved_at = time.monotonic()
        self._flush()
        checkpoints = [
            replace(self.population.checkpoint(i, self.done), best=state.best) for i, state in enumerate(self.states)
        ]
        yield Checkpointed(self.done, checkpoints, [state.history.copy() for state in self.states])


_EAGER = Text(
    "This network runs eagerly, because its forward pass cannot be traced: {reason}",
    "이 네트워크의 순전파(forward)는 그래프로 추적할 수 없어 즉시 실행(eager)으로 학습한다: {reason}",
)
_LAST = Text(
    "The last update, at step {step}, made weights infinite or NaN.",
    "마지막인 {step}번째 스텝의 갱신에서 가중치가 무한대나 NaN이 되었다.",
)
_STOPPED = Text(
    "The validation loss was lowest at step {step} and did not fall in the {epochs:.3g} epochs since.",
    "검증 손실이 {step}번째 스텝에서 가장 낮았고 그 뒤 {epochs:.3g}에포크 동안 더 낮아지지 않았다.",
)
