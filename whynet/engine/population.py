"""Arms with equal graphs, trained as one: every tensor gains a leading axis A, and the step is mapped over it.

    weights (A, P) · batch (A, B, *inputs) · learning rate (A,) → losses (A,), weights (A, P)

A population of one has no such axis and costs what a plain training costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

import torch
from torch import Tensor
from torch.func import vmap
from torch.fx import GraphModule
from torch.utils import _pytree as pytree

from whynet.engine.arm import Arm
from whynet.engine.batch_norm import WrittenOut
from whynet.engine.checkpoint import Checkpoint
from whynet.engine.compiled import Inductor
from whynet.engine.cuda_graph import NOT_CAPTURED, captured
from whynet.engine.device import current, drawing, home, place
from whynet.engine.graph import Flat, UntraceableError, trace
from whynet.engine.native.compilation import Native
from whynet.engine.native.emit import UnwritableError
from whynet.engine.native.run import NativeRun
from whynet.engine.network import Buffers
from whynet.engine.noise import Tape, draw, seeded
from whynet.engine.outputs import outputs, outputs_of_many
from whynet.engine.parallel import check, ranks
from whynet.engine.probes.probe import Probe
from whynet.engine.runner import Runner
from whynet.engine.step import make_step
from whynet.engine.varied import varied
from whynet.optimizers.optimizer import State
from whynet.rng import derive
from whynet.text import Text, plain

Tier = Literal["auto", "eager", "traced", "compiled", "fast"]
SHARED = (0, 0, 0, 0, 0, None, 0, 0, 0, 0)  # which arguments of a step have an axis of arms: all but the step's number
BLOCK = 1024  # steps whose learning rates are worked out at once
WORTH_TRACING = 100  # uses; tracing takes about as long as it saves in so many steps


class Population:
    """The training state of arms that share a graph, and the step that moves it."""

    def __init__(
        self,
        arms: Sequence[Arm],
        probes: Sequence[Probe] = (),
        tier: Tier = "auto",
        probing_steps: int = 0,
        device: torch.device | None = None,
    ) -> None:
        if len({arm.graph_key for arm in arms}) != 1:
            raise ValueError("Expected arms with equal graphs; group them by graph_key first.")
        self.arms, self.tier = list(arms), tier
        self.device = device or current()  # of every tensor that a step is given
        self.ranks = ranks()  # the processes that share the training
        if self.ranks:
            check(self.arms, self.ranks)
            self.tier = (
                "auto" if tier in ("compiled", "fast") else tier
            )  # a compiler beside the training knows no other process
        self.size = len(self.arms)
        self.network = self.arms[0].network
        self.probes = list(probes)
        self.probing_steps = probing_steps  # how many steps will read the probes
        self.total_steps = max(arm.total_steps for arm in self.arms)  # those that take fewer leave when they are done
        self.untraceable: Text | None = None  # why the step runs eagerly
        first = self.arms[0]
        self.buffer_names = list(self.network.buffers)
        self.state_names = list(first.optimizer.start(self.network.initial))
        own = varied(self.arms)
        self._hyper_names = list(own)
        self._hyper = [self._join(values) for values in own.values()]
        self._block = -1  # which stretch of steps the next two are for
        self._rates = self._counts = _NOTHING  # (BLOCK,) or (A, BLOCK), and (BLOCK,)
        self._pool_x, self._pool_y, self._offsets = self._pools()
        self._runners: dict[tuple[int, bool], Runner] = {}
        starts = [Checkpoint(0, a.network.initial, a.network.buffers, a.optimizer.start(a.network.initial)) for a in self.arms]
        self._mappable = True  # whether one mapped pass can evaluate all arms
        self._leaves: list[Tensor] = []
        self.restore(starts)

    # --- state ---------------------------------------------------------------------------------------------------

    def restore(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Go on from checkpoints, one for each arm."""
        names = [("buffers", n) for n in self.buffer_names] + [("state", n) for n in self.state_names]
        self._leaves = [self._join([c.weights for c in checkpoints])]
        self._leaves += [self._join([getattr(c, kind)[name] for c in checkpoints]) for kind, name in names]

    def checkpoint(self, arm: int, step: int) -> Checkpoint:
        """One arm's state, copied."""
        own = [home(self._of(leaf, arm).clone()) for leaf in self._leaves]
        cut = 1 + len(self.buffer_names)
        buffers = dict(zip(self.buffer_names, own[1:cut], strict=True))
        return Checkpoint(step, own[0], buffers, dict(zip(self.state_names, own[cut:], strict=True)))

    def keep(self, arms: Sequence[int]) -> Population:
        """Some of the arms in a smaller population, which goes on from here."""
        smaller = Population([self.arms[i] for i in arms], self.probes, self.tier, self.probing_steps, self.device)
        smaller.restore([self.checkpoint(i, 0) for i in arms])
        smaller.untraceable, smaller._mappable = self.untraceable, self._mappable
        return smaller

    def parts(self, arm: int) -> tuple[Tensor, Buffers]:
        """One arm's weights (P,) and buffers, not copied where they are on the processor already."""
        return self.parts_of(self._leaves, arm)

    def snapshot(self) -> list[Tensor]:
        """The state as it is now, not copied; steps make new tensors, so it stays as it was."""
        return self._leaves

    def parts_of(self, leaves: Sequence[Tensor], arm: int) -> tuple[Tensor, Buffers]:
        """One arm's weights and buffers in an earlier state."""
        own = [home(self._of(leaf, arm)) for leaf in leaves[: 1 + len(self.buffer_names)]]
        return own[0], dict(zip(self.buffer_names, own[1:], strict=True))

    def _join(self, values: Sequence[Tensor]) -> Tensor:
        return place(torch.stack([home(value) for value in values]) if self.size > 1 else values[0], self.device)

    def _of(self, value: Tensor, arm: int) -> Tensor:
        return value[arm] if self.size > 1 else value

    # --- data ----------------------------------------------------------------------------------------------------

    def _pools(self) -> tuple[Tensor, Tensor, list[int]]:
        """One pool of examples for all arms, and where each arm's own begins in it."""
        pools: dict[tuple[int, int], int] = {}
        xs, ys, at = [], [], 0
        for arm in self.arms:
            train = arm.dataset.train
            key = id(train.pool_x), id(train.pool_y)
            if key not in pools:
                pools[key] = at
                at += len(train.pool_x)
                xs.append(train.pool_x)
                ys.append(train.pool_y)
        offsets = [pools[id(arm.dataset.train.pool_x), id(arm.dataset.train.pool_y)] for arm in self.arms]
        x, y = (xs[0], ys[0]) if len(xs) == 1 else (torch.cat(xs), torch.cat(ys))
        return place(x, self.device), place(y, self.device), offsets

    def epoch(self, number: int) -> list[Tensor]:
        """The batches of one epoch as positions in the pool: (B,) or (A, B) each."""
        own = [arm.positions(number) for arm in self.arms]
        together = own[0] if self.size == 1 else torch.stack([one + at for one, at in zip(own, self._offsets, strict=True)])
        return self.arms[0].batches(place(together, self.device))

    def gather(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a batch."""
        if self.size == 1:
            return self._pool_x.index_select(0, positions), self._pool_y.index_select(0, positions)
        flat = positions.reshape(-1)
        return (
            self._pool_x.index_select(0, flat).view(*positions.shape, *self._pool_x.shape[1:]),
            self._pool_y.index_select(0, flat).view(*positions.shape, *self._pool_y.shape[1:]),
        )

    # --- the step ------------------------------------------------------------------------------------------------

    def step(self, number: int, positions: Tensor, probing: bool = False) -> tuple[Tensor, Tensor]:
        """Training step ``number`` (1, 2, …) on a batch: the losses before it, 0-dim or (A,), and readings, (R,) or (A, R)."""
        x, y = self.gather(positions)
        if not self.network.module.training:  # an evaluation came between
            self.network.train()
        runner = self._runner(x, y, probing)
        if runner.compilation is not None:
            runner.look(self.total_steps - number)
        rate, count = self._schedule(number)
        arguments = [*self._leaves, *self._hyper, rate, count, x, y, *self._noise(runner.tape, number)]
        with torch.no_grad():
            if runner.tape.overlooked:
                seed = self.arms[0].seed
                with seeded(seed, "noise", number), drawing(self.device, derive(seed, "noise", number)):
                    results = runner.run(*arguments)
            else:
                results = runner.run(*arguments)
        self._leaves = list(results[1:-1])
        return results[0], results[-1]

    def hurry(self) -> None:
        """Wait for our own machine code where it is under way or could be; that takes about a second. See `Native`."""
        for runner in self._runners.values():
            if isinstance(runner.compilation, Native):
                runner.wait()

    def bursts(self, batch: int, probing: bool = False) -> bool:
        """Whether many steps on batches of this size can be taken with one call."""
        runner = self._runners.get((batch, probing))
        return runner is not None and isinstance(runner.run, NativeRun)

    def burst(self, number: int, positions: Sequence[Tensor], probing: bool = False) -> tuple[Tensor, Tensor]:
        """Training steps from ``number`` on, one for each batch, all of one size: their losses, (K,) or (K, A), and readings, (K, R) or
        (K, A, R). See `bursts`."""
        runner = self._runners[positions[0].shape[-1], probing]
        assert isinstance(runner.run, NativeRun)
        rates, counts = self._schedules(number, len(positions))
        noise = self._noises(runner.tape, number, len(positions))
        pools = self._pool_x.contiguous(), self._pool_y.contiguous()
        losses, self._leaves, readings = runner.run.burst(
            self._leaves, self._hyper, rates, counts, noise, *pools, torch.stack(list(positions))
        )
        return losses, readings

    def go_back(self, snapshot: list[Tensor]) -> None:
        """To an earlier state."""
        self._leaves = list(snapshot)

    def notes(self) -> list[Text]:
        """What the reader should hear of the tiers, once each."""
        said = [note for runner in self._runners.values() for note in runner.notes]
        for runner in self._runners.values():
            runner.notes.clear()
        return said

    def close(self) -> None:
        """Stop what still compiles; the population can be trained on."""
        for runner in self._runners.values():
            runner.close()

    def make_ready(self, positions: Tensor, probing: bool = False) -> None:
        """Make the step for batches of this size before it is first needed. Raises `UnstackableError`."""
        self.network.train()
        self._runner(*self.gather(positions), probing)

    def _runner(self, x: Tensor, y: Tensor, probing: bool) -> Runner:
        key = (len(x) if self.size == 1 else x.shape[1], probing)
        if key not in self._runners:
            with seeded(self.arms[0].seed, "noise"):  # tracing runs the step, which may draw
                self._runners[key] = self._make(x, y, probing)
        return self._runners[key]

    def _schedule(self, number: int) -> tuple[Tensor, Tensor]:
        """The learning rate of a step, () or (A,), and its number as a tensor; made for a stretch of steps at a time."""
        at = self._turn_to(number)
        return self._rates[..., at], self._counts[at]

    def _schedules(self, number: int, count: int) -> tuple[Tensor, Tensor]:
        """Learning rates and numbers of so many steps: (K,) or (K, A), and (K,)."""
        rates, counts = [], []
        while count > 0:
            at = self._turn_to(number)
            part = self._counts[at : at + count]
            rates.append(self._rates[..., at : at + count])
            counts.append(part)
            number, count = number + len(part), count - len(part)
        return torch.cat(rates, dim=-1).transpose(0, -1), torch.cat(counts)

    def _turn_to(self, number: int) -> int:
        """Make the rates and numbers of the stretch that a step lies in; where in it the step is."""
        block, at = divmod(number - 1, BLOCK)
        if block != self._block:
            start, stop = block * BLOCK, min((block + 1) * BLOCK, self.total_steps)
            self._rates = self._join([_rates_of(arm, start, stop) for arm in self.arms])
            self._counts = place(torch.arange(start + 1, stop + 1, dtype=torch.float64), self.device)
            self._block = block
        return at

    def _noises(self, tape: Tape, number: int, count: int) -> tuple[Tensor, Tensor]:
        """The random numbers of so many steps, (K, U) and (K, N), or (K, A, U) and (K, A, N)."""
        if tape.is_empty:
            nothing = torch.zeros((count, 0) if self.size == 1 else (count, self.size, 0))
            return nothing, nothing
        drawn = [self._noise(tape, n) for n in range(number, number + count)]
        return torch.stack([uniform for uniform, _ in drawn]), torch.stack([normal for _, normal in drawn])

    def _noise(self, tape: Tape, number: int) -> tuple[Tensor, Tensor]:
        if tape.is_empty:
            nothing = place(_NOTHING if self.size == 1 else _NOTHING.expand(self.size, 0), self.device)
            return nothing, nothing
        drawn = [draw(tape.asked, arm.seed, number) for arm in self.arms]
        return self._join([uniform for uniform, _ in drawn]), self._join([normal for _, normal in drawn])

    def _make(self, x: Tensor, y: Tensor, probing: bool) -> Runner:
        """The step for batches of this shape as a function of flat tensors, traced where that is possible."""
        arm = self.arms[0]
        tape = self.network.noise_wanted(home(x if self.size == 1 else x[0]))
        if (tape.overlooked or tape.counts) and self.size > 1:
            raise UnstackableError("its forward pass draws or remembers numbers in a way that cannot be told apart by arm")
        if tape.outside:
            self.untraceable = self.untraceable or _DRAWS
        elif tape.counts:
            self.untraceable = self.untraceable or _COUNTS.fill(attribute=tape.counts[0])
        step = make_step(
            self.network, arm.loss, arm.optimizer, arm.clip, self.probes if probing else (), self.ranks, tape.shapes
        )
        names = self.state_names

        def ordered(weights: Tensor, buffers: Buffers, state: State, *rest: Any) -> Any:
            value, weights, buffers, state, readings = step(weights, buffers, state, *rest)
            return value, weights, buffers, {name: state[name] for name in names}, readings

        def written_out(*arguments: Any) -> Any:
            with WrittenOut():
                return ordered(*arguments)

        mapped = ordered if self.size == 1 else vmap(written_out, in_dims=SHARED)
        cut = 1 + len(self.buffer_names)
        buffers = dict(zip(self.buffer_names, self._leaves[1:cut], strict=True))
        state = dict(zip(self.state_names, self._leaves[cut:], strict=True))
        hyper = dict(zip(self._hyper_names, self._hyper, strict=True))
        example = [self._leaves[0], buffers, state, hyper, *self._schedule(1), x, y, *self._noise(tape, 1)]
        flat = Flat(mapped, example)
        if self.untraceable is None and self._traces(len(x) if self.size == 1 else x.shape[1], probing):
            try:
                graph = trace(flat)
            except UntraceableError as error:
                self.untraceable = plain(str(error))
            else:
                return self._compiling(Runner(graph.forward, tape), graph, flat, Flat(written_out, self._one(example)), probing)
        if self.size > 1:
            try:
                flat(*flat.examples)
            except RuntimeError as error:  # an operation that has no rule for a leading axis of arms
                raise UnstackableError(str(error).strip().splitlines()[0]) from error
        return Runner(flat, tape)

    def _one(self, example: Sequence[Any]) -> list[Any]:
        """The first arm's arguments out of those of a stack."""
        if self.size == 1:
            return list(example)
        return [
            one if dim is None else pytree.tree_map(lambda tensor: tensor[0], one)
            for one, dim in zip(example, SHARED, strict=True)
        ]

    def _compiling(self, runner: Runner, graph: GraphModule, flat: Flat, one: Flat, probing: bool) -> Runner:
        """The traced step with a compiled one to come: written by ourselves where that is possible, by Inductor where it is not."""
        if self.tier in ("compiled", "fast") and self.device.type == "cuda":
            try:
                runner.run = captured(runner.run, flat.examples)
            except RuntimeError as error:
                runner.notes.append(NOT_CAPTURED.fill(why=str(error).strip().splitlines()[0]))
            return runner
        if self.tier not in ("compiled", "fast"):
            return runner
        if self.device.type == "cpu" and not runner.tape.overlooked:
            with suppress(UnwritableError, UntraceableError):
                runner.compilation = Native(trace(one), one.examples, len(self._leaves), self.size > 1)
        if runner.compilation is None:
            if probing and self.tier == "fast":
                return runner  # used too seldom for a compiler that takes so long
            runner.compilation = Inductor(graph, flat.examples)
        if self.tier == "compiled":
            runner.wait()
        return runner

    def _traces(self, batch: int, probing: bool) -> bool:
        """Whether the step for batches of this size is used often enough to be traced; the numbers are the same either way."""
        if self.tier not in ("auto", "fast"):
            return self.tier != "eager"
        arm = self.arms[0]
        rest = len(arm.dataset.train) % arm.batch_size  # the size of each epoch's last batch, where it is a smaller one
        uses = self.total_steps // arm.steps_per_epoch if batch == rest else self.total_steps
        return (min(uses, self.probing_steps) if probing else uses) >= WORTH_TRACING

    # --- looking from outside ------------------------------------------------------------------------------------

    def outputs_of(self, arms: Sequence[int], x: Sequence[Tensor]) -> list[Tensor]:
        """The outputs of some arms in evaluation mode, each on its own inputs; in one mapped pass where the inputs are alike."""
        if self._mappable and self.size > 1 and len({tuple(one.shape) for one in x}) == 1:
            double = [*arms, *arms][: max(2, len(arms))]  # one alone would round as no arm of a stack does
            x = (
                [place(one, self.device) for one in x]
                if len({id(one) for one in x}) > 1
                else [place(x[0], self.device)] * len(x)
            )
            looked_at = self._leaves[: 1 + len(self.buffer_names)]
            weights, *rest = looked_at if len(arms) == self.size else [leaf[double] for leaf in looked_at]
            buffers = dict(zip(self.buffer_names, rest, strict=True))
            try:
                answers = outputs_of_many(self.network, weights, buffers, [*x, *x][: len(double)])[: len(arms)]
                return [home(one) for one in answers]
            except RuntimeError:
                self._mappable = False
        return [
            outputs(self.network, *self.parts(arm), one, self.arms[arm].seed, self.device)
            for arm, one in zip(arms, x, strict=True)
        ]


class UnstackableError(Exception):
    """These arms cannot be run as one; run them one after another."""


def _rates_of(arm: Arm, start: int, stop: int) -> Tensor:
    """An arm's learning rates of the steps from start up to stop, (stop - start,); 0 after its last."""
    own = arm.learning_rates(start, min(stop, arm.total_steps))
    return torch.cat([own, own.new_zeros(stop - start - len(own))])


_NOTHING = torch.zeros(0)
_DRAWS = Text("it draws from Python's or NumPy's random numbers", "파이썬(Python)이나 넘파이(NumPy)의 난수를 쓴다")
_COUNTS = Text("it changes its own attribute {attribute}", "자기 속성 {attribute:을} 바꾼다")
