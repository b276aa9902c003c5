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
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from whynet.engine.arm import Arm
from whynet.engine.checkpoint import Best, Checkpoint, Left, Status
from whynet.engine.device import current, faithful, home
from whynet.engine.diverged import locate
from whynet.engine.events import ArmLeft, Checkpointed, Event, Finished, Measured, Noticed, Outcome, Started, Stepped
from whynet.engine.history import Evaluation, History, SplitName
from whynet.engine.memory import memory_kept
from whynet.engine.metrics import score
from whynet.engine.network import clone
from whynet.engine.outputs import outputs
from whynet.engine.parallel import told
from whynet.engine.population import Population, Tier
from whynet.engine.splits import gathered
from whynet.engine.threads import one_thread
from whynet.engine.watching import Watching, probe_steps
from whynet.text import Text

__all__ = ["Watching", "probe_steps", "train"]

FIRST, SHORT = 8, 0.02  # steps of the first burst; seconds below which the next may be twice as long
WORTH_COMPACTING = 100  # steps ahead; a smaller population is traced anew, which takes about as long as it saves in so many


def train(
    arms: Sequence[Arm],
    watching: Watching | None = None,
    tier: Tier = "auto",
    resume: Sequence[tuple[Checkpoint, History]] | None = None,
) -> Iterator[Event]:
    """Train arms with equal graphs (one, or a population) to the end, saying what happens.

    Each arm takes its own number of steps, and is probed, evaluated and stopped in the steps in which it would be alone.

    Raises `UnstackableError` before the first event where several arms cannot run as one.
    """
    with memory_kept():
        with one_thread(), faithful(current()):
            training = _Training(arms, watching or Watching(), tier, resume)
        events = training.run()
        try:
            while True:
                with one_thread(), faithful(training.population.device):  # whoever listens, or pauses, has all threads back
                    event = next(events, None)
                if event is None:
                    return
                if isinstance(event, list):
                    yield from event
                else:
                    yield event
        finally:
            training.population.close()


@dataclass
class _State:
    """What is remembered of one arm."""

    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    left: Outcome | None = None
    end: Checkpoint | None = None  # its state when it left


class _Training:
    def __init__(
        self, arms: Sequence[Arm], watching: Watching, tier: Tier, resume: Sequence[tuple[Checkpoint, History]] | None
    ) -> None:
        self.arms, self.watching = list(arms), watching
        self.totals, self.per_epoch = [arm.total_steps for arm in self.arms], self.arms[0].steps_per_epoch
        lengths = {arm.total_steps: arm for arm in self.arms}  # arms as long as each other are looked at in the same steps
        self.probed = {total: watching.probed(arm) for total, arm in lengths.items()}
        self.evaluated = {total: watching.evaluated(arm) for total, arm in lengths.items()}
        self.probe_at = frozenset().union(*self.probed.values())
        self.measure_at = frozenset().union(*self.evaluated.values())
        self.population = Population(self.arms, watching.probes, tier, len(self.probe_at))
        self.inside = list(range(len(self.arms)))  # which arms the population holds
        self.live = list(self.inside)  # which of them still train
        self.states = [_State() for _ in self.arms]
        self.done = 0
        self.pending: list[Tensor] = []  # losses not yet in the histories, (steps,) or (steps, arms inside) each
        self.coming: list[Tensor] = []  # the next batches
        self.length = FIRST  # steps that one call takes at most
        self.alone = -1  # a step that one call must not hide among others
        self.said = False  # whether it was said that the network runs eagerly
        self.readings: list[tuple[int, Tensor]] = []  # of steps from one on, (steps, …) each
        if resume:
            self._go_on(resume)
        self.saved_at = time.monotonic()

    def _go_on(self, resume: Sequence[tuple[Checkpoint, History]]) -> None:
        """Take up the state of checkpoints; arms that had left by then leave in the order in which they did."""
        self.population.restore([checkpoint for checkpoint, _ in resume])
        self.states = [_State(history.copy(), checkpoint.best) for checkpoint, history in resume]
        steps, left = [checkpoint.step for checkpoint, _ in resume], [checkpoint.left for checkpoint, _ in resume]
        done = max(steps)
        if any(not gone and step != min(done, total) for gone, step, total in zip(left, steps, self.totals, strict=True)):
            raise ValueError("Expected checkpoints of one moment. Received steps: " + str(steps))
        for step in sorted(set(steps)):
            self.done = step
            for i, gone in enumerate(left):
                if gone and steps[i] == step:
                    self._leave(i, gone.status, gone.why)
            list(self._end())
            self._compact()
        self.done = done

    # --- the loop ------------------------------------------------------------------------------------------------

    def run(self) -> Iterator[Event | list[Stepped]]:
        if self.population.size > 1 and self.live:
            epoch, at = divmod(self.done, self.per_epoch)
            first = self.population.epoch(epoch)[at]
            self.population.make_ready(first, self.done + 1 in self.probe_at)  # or it raises, unheard
        yield Started([arm.label for arm in self.arms], self.done, max(self.totals), self.per_epoch)
        if self.done == 0:
            yield from (Noticed(note) for note in _distinct([note for arm in self.arms for note in arm.notes]))
        for i, state in enumerate(self.states):
            if state.left and state.left.why:
                yield ArmLeft(i, state.left.history.steps, state.left.status, state.left.why)
        if self.done == 0:
            yield self._measure(["train", "validation"], self.live)
        while self.live:
            ahead = self._burst()
            if ahead:
                taken = yield from self._take_many(ahead)
            else:
                yield from self._take_one(self.coming[0])
                taken = 1
            del self.coming[:taken]
            if taken and self.done in self.measure_at:
                due = [i for i in self.live if self.done in self.evaluated[self.totals[i]]]
                yield self._measure(["train", "validation"], due)
                yield from self._stop_early(due)
                yield from self._end()
            yield from self._save()
            if self._compact():
                self.coming = []
        if self.watching.test:
            yield self._test()
        yield Finished(self.done, [state.left for state in self.states if state.left])

    def _take_one(self, positions: Tensor) -> Iterator[Event]:
        """A step, probed where one is due."""
        before = self.population.snapshot()
        number = self.done + 1
        probing = number in self.probe_at
        losses, readings = self.population.step(number, positions, probing)
        if self.population.untraceable and not self.said:
            self.said = True
            yield Noticed(_EAGER.fill(reason=self.population.untraceable))
        for note in self.population.notes():
            yield Noticed(note)
        self.done, self.alone = number, -1
        self.pending.append(losses.unsqueeze(0))
        if probing:
            self.readings.append((number, readings.unsqueeze(0)))
        yield Stepped(number, self._of_all(losses))
        if not bool(torch.isfinite(losses).all()):
            yield from self._diverged(losses, positions, before)

    def _come(self, count: int) -> Sequence[Tensor]:
        """The next batches, at least so many; those of an epoch are drawn together."""
        while len(self.coming) < count:
            epoch, at = divmod(self.done + len(self.coming), self.per_epoch)
            self.coming += self.population.epoch(epoch)[at:]
        return self.coming

    def _burst(self) -> Sequence[Tensor]:
        """The next batches that one call can take: as large as each other, all probed or none, up to where the splits are evaluated."""
        size, probing = self._come(1)[0].shape[-1], self.done + 1 in self.probe_at
        if not self.population.bursts(size, probing) or self.done + 1 == self.alone:
            return []
        count, end = 0, max(self.totals)
        while count < self.length:
            number = self.done + 1 + count
            if (number in self.probe_at) != probing or number > end or self._come(count + 1)[count].shape[-1] != size:
                break
            count += 1
            if number in self.measure_at:
                break
        return self.coming[:count]

    def _take_many(self, ahead: Sequence[Tensor]) -> Generator[list[Stepped], None, int]:
        """Steps with one call; how many were taken. One that diverges is left to `_take_one`, which looks into it."""
        before, began, first = self.population.snapshot(), time.perf_counter(), self.done + 1
        probing = first in self.probe_at
        losses, readings = self.population.burst(first, ahead, probing)
        if time.perf_counter() - began < SHORT and len(ahead) == self.length:
            self.length *= 2
        slots = [self.inside.index(i) for i in self.live]
        wrong = (~torch.isfinite(losses.reshape(len(ahead), -1)[:, slots]).all(dim=1)).nonzero()
        if len(wrong):
            self.population.go_back(before)
            sound = int(wrong[0])
            self.alone = first + sound
            if sound == 0:
                return 0
            losses, readings = self.population.burst(first, ahead[:sound], probing)
        self.pending.append(losses)
        if probing:
            self.readings.append((first, readings))
        self.done += len(losses)
        yield [Stepped(first + i, self._of_all(row)) for i, row in enumerate(losses.unbind())]
        return len(losses)

    def _of_all(self, losses: Tensor) -> Tensor:
        """The losses of the arms inside as those of all arms."""
        if len(self.inside) == len(self.arms):
            return losses
        everyone = losses.new_full((len(self.arms),), math.nan)
        everyone[self.inside] = losses
        return everyone

    # --- measuring -----------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Move losses and readings into the histories of the arms that are still training."""
        if self.pending:
            table = torch.cat(self.pending).reshape(-1, len(self.inside)).tolist()  # (steps, arms inside)
            for slot, i in enumerate(self.inside):
                if not self.states[i].left:
                    self.states[i].history.loss.extend(row[slot] for row in table)
            self.pending = []
        names = [(probe.name, layer) for probe in self.watching.probes for layer in probe.layers(self.population.network)]
        if self.readings and names:
            steps = [step for first, values in self.readings for step in range(first, first + len(values))]
            taken = torch.cat([v.reshape(len(v), len(self.inside), len(names)) for _, v in self.readings]).numpy()
            for slot, i in enumerate(self.inside):
                due = [at for at, step in enumerate(steps) if step in self.probed[self.totals[i]]]
                if not self.states[i].left:
                    self.states[i].history.readings.add([steps[at] for at in due], names, taken[due, slot])
        self.readings = []

    def _measure(self, splits: list[SplitName], which: Sequence[int]) -> Measured:
        self._flush()
        epoch = self.done / self.per_epoch
        taken = told(lambda: self._evaluate(splits, which))
        for state, evaluations in zip(self.states, taken, strict=True):
            state.history.evaluations += evaluations
        return Measured(self.done, epoch, taken)

    def _evaluate(self, splits: list[SplitName], which: Sequence[int]) -> list[list[Evaluation]]:
        """Each arm's evaluations on these splits, for those whose turn it is."""
        epoch = self.done / self.per_epoch
        taken: list[list[Evaluation]] = [[] for _ in self.arms]
        for split in splits:
            there = [i for i in which if len(getattr(self.arms[i].dataset, split))]
            examples = gathered([self.arms[i] for i in there], split)
            slots = [self.inside.index(i) for i in there]
            all_answers = self.population.outputs_of(slots, [inputs for inputs, _ in examples])
            for i, answers, (_, targets) in zip(there, all_answers, examples, strict=True):
                loss, metric = score(answers, targets, self.arms[i].loss, self.arms[i].dataset.task)
                taken[i].append(Evaluation(self.done, epoch, split, loss, metric))
        return taken

    def _test(self) -> Measured:
        """The test split, with the weights each arm ended with."""
        taken = told(self._evaluate_test)
        for state, evaluations in zip(self.states, taken, strict=True):
            state.history.evaluations += evaluations
        return Measured(self.done, self.done / self.per_epoch, taken)

    def _evaluate_test(self) -> list[list[Evaluation]]:
        taken: list[list[Evaluation]] = []
        for arm, state in zip(self.arms, self.states, strict=True):
            if not len(arm.dataset.test) or not state.left:
                taken.append([])
                continue
            weights, buffers, device = state.left.weights, state.left.buffers, self.population.device
            answers = outputs(arm.network, weights, buffers, arm.dataset.test.x, arm.seed, device)
            loss, metric = score(answers, arm.dataset.test.y, arm.loss, arm.dataset.task)
            taken.append([Evaluation(state.left.step, state.left.step / self.per_epoch, "test", loss, metric)])
        return taken

    # --- leaving early -------------------------------------------------------------------------------------------

    def _diverged(self, losses: Tensor, positions: Tensor, before: list[Tensor]) -> Iterator[ArmLeft]:
        values = dict(zip(self.inside, losses.reshape(-1).tolist(), strict=True))
        fresh = [i for i in self.live if not math.isfinite(values[i])]
        if fresh:
            self._flush()
        for i in fresh:
            slot = self.inside.index(i)
            weights, buffers = self.population.parts_of(before, slot)
            x, y = map(home, self.population.gather(positions))
            if self.population.size > 1:
                x, y = x[slot], y[slot]
            why = locate(self.arms[i].network, self.arms[i].loss, weights, buffers, x, y, self.done)
            self._leave(i, "diverged", why)
            yield ArmLeft(i, self.done, "diverged", why)

    def _stop_early(self, which: Sequence[int]) -> Iterator[ArmLeft]:
        for i in which:
            arm, state = self.arms[i], self.states[i]
            patience, keep = arm.recipe.early_stopping, arm.recipe.keep
            if not len(arm.dataset.validation) or (patience is None and keep == "last"):
                continue
            loss = state.history.final("validation", "loss")
            if loss < state.best.loss:
                weights, buffers = self.population.parts(self.inside.index(i))
                state.best = Best(loss, self.done, 0, weights.clone(), clone(buffers))
            else:
                state.best = replace(state.best, waited=state.best.waited + 1)
            epochs = (self.done - state.best.step) / self.per_epoch  # however often the splits are evaluated
            if patience is not None and epochs >= patience and self.done < self.totals[i]:
                why = _STOPPED.fill(step=state.best.step, epochs=epochs)
                self._leave(i, "stopped early", why)
                yield ArmLeft(i, self.done, "stopped early", why)

    def _leave(self, i: int, status: Status, why: Text | None) -> None:
        checkpoint = self.population.checkpoint(self.inside.index(i), self.done)
        self.states[i].end = replace(checkpoint, best=self.states[i].best, left=Left(status, why))
        self.states[i].left = self._outcome(i, status, why)
        self.live.remove(i)

    def _end(self) -> Iterator[ArmLeft]:
        """Let the arms go that took all of their steps; no loss tells what the last of them did to the weights."""
        for i in [i for i in self.live if self.totals[i] == self.done]:
            slot = self.inside.index(i)
            if bool(torch.isfinite(self.population.parts(slot)[0]).all()):
                self._leave(i, "finished", None)
            else:
                why = _LAST.fill(step=self.done)
                self._leave(i, "diverged", why)
                yield ArmLeft(i, self.done, "diverged", why)

    def _outcome(self, i: int, status: Status, why: Text | None) -> Outcome:
        state = self.states[i]
        if self.arms[i].recipe.keep == "best" and state.best.weights is not None:
            return Outcome(status, state.history, state.best.weights, state.best.buffers, state.best.step, why)
        weights, buffers = self.population.parts(self.inside.index(i))
        return Outcome(status, state.history, weights.clone(), clone(buffers), self.done, why)

    def _compact(self) -> bool:
        """Go on in a smaller population, once at least half of the arms inside may go and enough steps are ahead.

        The last arm keeps one that has left beside it: alone it would round otherwise, and its numbers tell with whom it trained.
        """
        ahead = max((self.totals[i] for i in self.live), default=0) - self.done
        gone = [i for i in self.inside if i not in self.live]
        stay = sorted([*self.live, *gone[: 2 - len(self.live)]] if len(self.live) < 2 else self.live)
        if 2 * len(stay) > len(self.inside) or ahead < WORTH_COMPACTING:
            return False
        self._flush()
        self.population.close()
        self.population = self.population.keep([self.inside.index(i) for i in stay])
        self.inside = stay
        return True

    def _save(self) -> Iterator[Checkpointed]:
        every = self.watching.checkpoint_every
        if every is None or time.monotonic() - self.saved_at < every:
            return
        self.saved_at = time.monotonic()
        self._flush()
        checkpoints = [
            state.end or replace(self.population.checkpoint(self.inside.index(i), self.done), best=state.best)
            for i, state in enumerate(self.states)
        ]
        yield Checkpointed(self.done, checkpoints, [state.history.copy() for state in self.states])


def _distinct(notes: Sequence[Text]) -> list[Text]:
    return [note for i, note in enumerate(notes) if note not in notes[:i]]


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
