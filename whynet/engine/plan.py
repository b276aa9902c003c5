"""Which networks train as one, and where: measured on the networks themselves, in a small share of the time it is about.

    plan = make_plan(arms)
    for sentence in plan.explain(): print(sentence)

Results do not depend on the plan beyond rounding. An arm rounds differently alone than in a stack, by no more than the bound in
``tests/engine/test_engine_populations.py``; in stacks of whatever size, here or in a worker, it comes out the same. The same seed
and the same plan give the same bits. Since times vary, a network for which stacking hardly matters may be planned otherwise another
day; within one process a network that was measured is planned alike each time, and ``stack=False`` leaves nothing to measure.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heapreplace
from math import ceil
from typing import Literal

from whynet.engine.arm import Arm
from whynet.engine.cluster import Cluster, reach
from whynet.engine.cores import cores
from whynet.engine.cores import free_memory as machine_memory
from whynet.engine.device import current, free_memory, title
from whynet.engine.footprint import footprint
from whynet.engine.grouping import LARGEST_POPULATION, alike, cut
from whynet.engine.parallel import SEVERAL, launched
from whynet.engine.population import WORTH_TRACING, Tier
from whynet.engine.threads import has_convolutions, one_thread
from whynet.engine.timing import Timing, time_steps
from whynet.engine.workers import allowed, crew
from whynet.errors import OptionError
from whynet.text import Text

Workers = int | Literal["auto"]

FEW = 200  # steps of one arm, over all arms, below which nothing is measured
SHORT = 1.0  # seconds of training in which no choice matters
LONG = 8.0  # seconds from which on it is worth tracing a step to know the time better
SHARE = 0.03  # of the time of a training that may go into planning it
WORSE = 1.1  # times the cost of an arm alone, from which on stacking is no use
BETTER = 0.4  # below which even convolutions stack; timed eagerly, which flatters stacks, since tracing helps lone arms most
GAIN = 0.9  # of the cost of an arm, at which a smaller stack is preferred: its numbers fit the processor's memory
STARTING = 2.5  # seconds until a worker is ready, before one was seen to start
TIMES = 3  # times that long a training has to be for workers to be started
SLACK = 0.1  # of a worker's share of the time, by which one chunk may exceed it
MEMORY = 1 / 4  # of the free memory may be taken by all stacks that train at the same time
WORKER = 400 * 2**20  # bytes of a process that has imported torch


@dataclass(frozen=True)
class Chunk:
    """Arms that train as one."""

    arms: tuple[int, ...]  # positions among all
    seconds: float  # predicted; 0 where nothing was measured


@dataclass(frozen=True)
class Plan:
    """What trains together, in which order, and in how many further processes (0: in this one) or tasks on a cluster."""

    chunks: tuple[Chunk, ...]
    workers: int
    found: tuple[Text, ...] = ()
    cluster: Cluster | None = None  # None: on this machine

    def explain(self) -> list[Text]:
        """What was measured, and what was chosen because of it."""
        return list(self.found)


@dataclass
class _Group:
    """Arms with equal graphs, and what is known of them."""

    arms: list[int]
    steps: dict[int, int]  # of each arm
    first: Arm
    timing: Timing
    largest: int = 1  # arms in a stack at most
    size: int = 1  # as chosen
    factor: float = 1.0  # a step as it will be run over one run eagerly
    ready: float = 0.0  # seconds before the first step of a chunk

    def seconds(self, arms: Sequence[int]) -> float:
        """The training of a chunk."""
        work = sum(self.steps[i] for i in arms)
        return self.ready + self.factor * work * self.timing.per_arm(len(arms)) if self.timing.steps else 0.0

    def chunks(self, parts: int = 1) -> list[Chunk]:
        """The group cut as chosen, arms that train as long as each other side by side."""
        order = sorted(self.arms, key=lambda i: -self.steps[i])
        return [Chunk(tuple(arms), self.seconds(arms)) for arms in cut(order, self.size, parts)]

    @property
    def alone(self) -> float:
        """Seconds of all arms one after another, run eagerly."""
        return sum(self.steps.values()) * self.timing.step(1)

    @property
    def total(self) -> float:
        return sum(chunk.seconds for chunk in self.chunks())

    @property
    def label(self) -> str:
        return self.first.label or str(self.first.recipe.model)


def make_plan(
    arms: Sequence[Arm], stack: bool = True, tier: Tier = "auto", workers: Workers = "auto", on: str | None = None
) -> Plan:
    """Measure and choose.

    stack: whether arms may run as one at all. workers: further processes to train in, 0 for none; "auto": one for each core where the
    work is long enough to pay for starting them. on: a Ray cluster to train on instead, "ray" or "ray:HOST:PORT"; then workers are tasks
    at a time, as many as the cluster has CPUs.

    Raises `OptionError` where workers is neither a whole number from 0 nor "auto", or 0 on a cluster; and what `reach` raises.
    """
    if workers != "auto" and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 0):
        raise OptionError(_WORKERS, received=repr(workers))
    if on is not None and workers == 0:
        raise OptionError(_NOWHERE, on=on)
    if launched() > 1 and len(arms) > 1:
        raise OptionError(SEVERAL, world=launched())
    cluster = reach(on) if on is not None and allowed() else None
    gpu = None if current().type == "cpu" or cluster else current()  # which several processes would only slow down
    with one_thread():
        plan = _Planner(arms, stack, tier, 0 if gpu else workers, cluster).plan()
    return replace(plan, found=(*plan.found, _GPU.fill(device=title(gpu)))) if gpu else plan


@dataclass
class _Planner:
    arms: Sequence[Arm]
    stack: bool
    tier: Tier
    workers: Workers
    cluster: Cluster | None = None
    found: list[Text] = field(default_factory=list)

    def plan(self) -> Plan:
        self.most = self._most_workers()
        share = self.cluster.memory if self.cluster else free_memory(current()) // max(1, self.most)  # of one worker
        budget = int(share * MEMORY)
        groups = [self._group(indices, budget) for indices in alike(self.arms)]
        self._time(groups)
        chunks, count = self._divide(groups)
        sizes = [len(chunk.arms) for chunk in chunks]
        lone = sizes.count(1)
        words = _CHOSEN.fill(arms=len(self.arms), graphs=len(groups), stacks=len(sizes) - lone, largest=max(sizes, default=0))
        self.found.insert(0, words.fill(lone=lone))
        return Plan(tuple(chunks), count, tuple(self.found), self.cluster)

    def _most_workers(self) -> int:
        """Processes that may be used, before it is known whether they are worth it."""
        if not allowed():
            return 0
        if self.cluster:
            return self.cluster.cpus if self.workers == "auto" else min(self.workers, self.cluster.cpus)
        if self.workers != "auto":
            return self.workers
        return max(1, min(cores(), len(self.arms), machine_memory() // 2 // WORKER))

    # --- what is known of a group --------------------------------------------------------------------------------

    def _group(self, indices: list[int], budget: int) -> _Group:
        """A group as it is without measuring: stacked as far as memory allows, convolutions alone."""
        first = self.arms[indices[0]]
        steps = {i: self.arms[i].total_steps for i in indices}
        group = _Group(indices, steps, first, _timings.setdefault(_key(first), Timing()))
        if self.stack and len(indices) > 1:
            each = max(1, footprint(first))
            most = max(1, budget // each)
            group.largest = min(LARGEST_POPULATION, most)
            if most < min(len(indices), LARGEST_POPULATION):
                words = _MEMORY.fill(label=group.label, most=most, each=each / 2**20, budget=budget / 2**20)
                self.found.append(words)
            group.size = 1 if has_convolutions(first.network.module) else group.largest
        return group

    def _time(self, groups: list[_Group]) -> None:
        """Time steps, as far as that pays, and choose the sizes of stacks."""
        work = sum(sum(group.steps.values()) for group in groups)
        if work < FEW:
            self.found.append(_FEW.fill(steps=work))
            return
        for group in groups:
            self._try(group, 1, group.timing)
        alone = sum(group.alone for group in groups)
        if alone < SHORT:
            self.found.append(_SHORT.fill(seconds=alone))
            return
        if alone > LONG and self.tier in ("compiled", "fast"):
            groups = [group for group in groups if not self._runs_as_machine_code(group)]
        began = time.perf_counter()
        for group in sorted(groups, key=lambda group: -group.alone):
            if group.largest > 1 and (time.perf_counter() - began < SHARE * alone or len(group.timing.steps) > 1):
                self._choose(group)
        if groups and alone > LONG and self.tier != "eager":
            self._refine(groups)

    def _try(self, group: _Group, size: int, timing: Timing, tier: Tier = "eager") -> None:
        if size not in timing.steps and timing.stackable:
            time_steps([self.arms[i] for i in group.arms[:size]], size, tier, timing)

    def _runs_as_machine_code(self, group: _Group) -> bool:
        """Make our own machine code now, in about a second, and time it; the training then finds it done."""
        timing = _timings.setdefault((_key(group.first), 1, "machine"), Timing())
        self._try(group, 1, timing, "fast")
        if timing.machine:
            group.size = group.largest
            group.factor, group.ready = timing.step(1) / group.timing.step(1), timing.ready
            self.found.append(_MACHINE.fill(label=group.label, factor=1 / group.factor, ready=timing.ready))
        return timing.machine

    def _choose(self, group: _Group) -> None:
        """Alone, or in a stack of which size."""
        timing, big = group.timing, min(len(group.arms), group.largest)
        for size in (big, big // 4) if big >= 8 else (big,):
            self._try(group, size, timing)
        if not timing.stackable:
            group.size = group.largest = 1
            self.found.append(_UNSTACKABLE.fill(label=group.label))
            return
        best = min((size for size in timing.steps if 1 < size <= big), key=lambda size: timing.per_arm(size) / size**0.05)
        if timing.per_arm(best) > GAIN * timing.per_arm(big):
            best = group.largest
        share = timing.per_arm(min(best, big)) / timing.step(1)
        limit = BETTER if has_convolutions(group.first.network.module) else WORSE
        group.size = best if share < limit else 1
        words = _STACKED if group.size > 1 else _ALONE
        self.found.append(
            words.fill(
                label=group.label, alone=1e3 * timing.step(1), each=1e3 * timing.per_arm(min(best, big)), size=min(best, big)
            )
        )

    def _refine(self, groups: list[_Group]) -> None:
        """How much faster a traced step is than an eager one, seen on the group that takes longest."""
        slowest = max(groups, key=lambda group: group.total)
        size = len(cut(slowest.arms, slowest.size)[0])
        traced = _timings.setdefault((_key(slowest.first), size, "traced"), Timing())
        self._try(slowest, size, traced, "traced")
        if not traced.steps:
            return
        factor = traced.step(size) / slowest.timing.step(size)
        for group in groups:
            if self.tier not in ("auto", "fast") or max(group.steps.values()) >= WORTH_TRACING:
                group.factor, group.ready = factor, traced.ready
        self.found.append(_TRACED.fill(label=slowest.label, factor=1 / factor, ready=traced.ready))

    # --- where -----------------------------------------------------------------------------------------------------

    def _divide(self, groups: list[_Group]) -> tuple[list[Chunk], int]:
        """The chunks in the order in which they are trained, and the number of workers."""
        whole = [chunk for group in groups for chunk in group.chunks()]
        if self.workers == 0 or not allowed():
            return whole, 0
        serial = sum(chunk.seconds for chunk in whole)
        share = serial / max(1, self.most)
        parts = [self._parts(group, share) for group in groups]
        spread = [chunk for group, n in zip(groups, parts, strict=True) for chunk in group.chunks(n)]
        spread.sort(key=lambda chunk: (-chunk.seconds, -len(chunk.arms)))
        if self.cluster:
            count = min(self.most, len(spread))
            self._tell_cluster(self.cluster, spread, count)
            return spread, count
        if self.workers != "auto":
            count = min(self.workers, len(spread))
            self.found.append(_ASKED.fill(count=count))
            return spread, count
        count = min(self.most, len(spread))
        start = 0.0 if crew.warm() >= count else crew.start_seconds or STARTING
        parallel = start + _longest([chunk.seconds for chunk in spread], count)
        words = {"serial": serial, "parallel": parallel, "count": count, "start": start}
        if count < 2 or serial < max(SHORT, TIMES * start) or parallel > GAIN * serial:
            if serial:
                self.found.append((_NOT_SPREAD if count > 1 else _ONE).fill(**words))
            return whole, 0
        self.found.append(_SPREAD.fill(**words))
        return spread, count

    def _tell_cluster(self, cluster: Cluster, spread: Sequence[Chunk], count: int) -> None:
        self.found.append(_CLUSTER.fill(address=cluster.address, cpus=cluster.cpus, nodes=cluster.nodes, count=count))
        seconds = _longest([chunk.seconds for chunk in spread], count)
        if seconds:
            self.found.append(_PREDICTED.fill(seconds=seconds))

    def _parts(self, group: _Group, share: float) -> int:
        """Into how many chunks a group is cut so that none takes much longer than a worker's share of the time."""
        if not share:
            return self.most if len(self.arms) == len(group.arms) else 1
        return max(1, ceil(group.total / share - SLACK))


def _longest(seconds: Sequence[float], workers: int) -> float:
    """When the last of so many workers is done, each taking the next chunk as soon as it is free."""
    busy = [0.0] * workers
    heapify(busy)
    for one in seconds:
        heapreplace(busy, busy[0] + one)
    return max(busy)


_timings: dict[Hashable, Timing] = {}  # of this process


def _key(arm: Arm) -> Hashable:
    """Networks with equal keys take as long for a step, whatever they are trained with."""
    kinds = tuple(type(module) for module in arm.network.module.modules())
    return kinds, tuple(arm.network.shapes), arm.dataset.task.inputs, arm.batch_size, type(arm.optimizer), arm.recipe.precision


_WORKERS = Text(
    'Expected a whole number of workers from 0 (train in this process), or "auto". Received: {received}',
    'workers는 0(이 프로세스에서 학습) 이상의 정수나 "auto"여야 한다. 받은 것: {received}',
)
_CHOSEN = Text(
    "{arms} networks with {graphs} different graphs: {stacks} stacks of up to {largest}, and {lone} networks alone.",
    "네트워크 {arms}개, 서로 다른 그래프 {graphs}개: 많게는 {largest}개씩 쌓은(stack) 묶음 {stacks}개, 따로 학습하는 네트워크 {lone}개.",
)
_FEW = Text(
    "Nothing was measured: {steps} steps in all are done sooner.",
    "재어 보지 않았다. 모두 {steps} 스텝이라 그냥 학습하는 편이 빠르다.",
)
_SHORT = Text(
    "Only a single step was timed: trained one after another, without stacking or tracing, all would take {seconds:.1f} s.",
    "스텝 하나의 시간만 쟀다. 쌓거나 추적(trace)하지 않고 차례로 학습해도 모두 {seconds:.1f}초면 된다.",
)
_STACKED = Text(
    "{label}: a step takes {alone:.2f} ms alone, {each:.2f} ms a network in a stack of {size}, so they are stacked.",
    "{label}: 한 스텝이 혼자서는 {alone:.2f} ms, {size}개를 쌓으면 네트워크마다 {each:.2f} ms라서 쌓는다.",
)
_ALONE = Text(
    "{label}: a step takes {alone:.2f} ms alone, {each:.2f} ms a network in a stack of {size}; stacking gains too little, so each "
    "trains alone.",
    "{label}: 한 스텝이 혼자서는 {alone:.2f} ms, {size}개를 쌓으면 네트워크마다 {each:.2f} ms다. 쌓아서 얻는 것이 적어 따로 학습한다.",
)
_UNSTACKABLE = Text("{label}: it cannot be stacked, so each trains alone.", "{label}: 쌓을 수 없는 네트워크라서 따로 학습한다.")
_MEMORY = Text(
    "{label}: memory limits a stack to {most} networks, {each:.3g} MiB each out of {budget:,.0f} MiB.",
    "{label}: 메모리 때문에 많게는 {most}개까지만 쌓는다. {budget:,.0f} MiB 가운데 네트워크마다 {each:.3g} MiB가 든다.",
)
_TRACED = Text(
    "Traced, a step is {factor:.1f} times as fast (seen on {label}); tracing it takes {ready:.2f} s.",
    "추적(trace)하면 한 스텝이 {factor:.1f}배 빠르다({label}에서 쟀다). 추적하는 데 {ready:.2f}초 걸린다.",
)
_MACHINE = Text(
    "As machine code a step is {factor:.1f}x as fast (seen on {label}), {ready:.2f} s to make ready once it is compiled.",
    "기계어로는 한 스텝이 {factor:.1f}배 빠르다({label}에서 쟀다). 컴파일해 두면 준비하는 데 {ready:.2f}초 걸린다.",
)
_NOWHERE = Text(
    "Training on a cluster takes one worker at least, and workers=0 keeps everything in this process. Leave one out. Received: {on}",
    "클러스터에서 학습하려면 workers가 1 이상이어야 한다. workers=0은 모두 이 프로세스에서 학습한다는 뜻이다. 둘 중 하나를 뺀다. "
    "받은 것: {on}",
)
_CLUSTER = Text(
    "The Ray cluster at {address} offers {cpus} CPUs (nodes: {nodes}); networks train in {count} tasks at a time, one CPU each.",
    "{address}의 Ray 클러스터에 CPU가 {cpus}개 있다(노드 {nodes}개). 한 번에 태스크(task) {count}개가 CPU를 하나씩 쓰며 학습한다.",
)
_PREDICTED = Text(
    "On CPUs as fast as this one that is predicted to take {seconds:.1f} s.",
    "이 컴퓨터만큼 빠른 CPU라면 {seconds:.1f}초 걸릴 것으로 예측된다.",
)
_GPU = Text("All of it trains on {device}, in this process.", "모두 이 프로세스에서 {device:로} 학습한다.")
_ASKED = Text("As asked, {count} processes train.", "요청한 대로 프로세스 {count}개에서 학습한다.")
_ONE = Text(
    "All of it is predicted to take {serial:.1f} s, in this process: there is nothing to spread.",
    "모두 {serial:.1f}초 걸릴 것으로 예측되며 이 프로세스에서 학습한다. 나눌 것이 없다.",
)
_NOT_SPREAD = Text(
    "All of it is predicted to take {serial:.1f} s in this process, {parallel:.1f} s in {count} of which each takes {start:.1f} s to "
    "start: it stays here.",
    "이 프로세스에서는 모두 {serial:.1f}초, 프로세스 {count}개에서는 시작하는 데 드는 {start:.1f}초를 더해 {parallel:.1f}초로 예측되어 "
    "여기서 학습한다.",
)
_SPREAD = Text(
    "All of it is predicted to take {serial:.1f} s in this process, {parallel:.1f} s in {count} of which each takes {start:.1f} s to "
    "start: it is spread.",
    "이 프로세스에서는 모두 {serial:.1f}초, 프로세스 {count}개에서는 시작하는 데 드는 {start:.1f}초를 더해 {parallel:.1f}초로 예측되어 "
    "나누어 학습한다.",
)
