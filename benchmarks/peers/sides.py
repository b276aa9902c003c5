"""Who takes part: something that takes steps on request and says how long they took and what the loss is by then."""

from __future__ import annotations

import inspect
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, get_args

from benchmarks.peers.environment import HERE, ROOT, peers
from whynet.engine.arm import Arm, prepare
from whynet.engine.events import Event, Noticed, Stepped
from whynet.engine.fit import fit_all
from whynet.engine.plan import make_plan
from whynet.engine.population import Tier
from whynet.engine.train import Watching, train
from whynet.recipe import Recipe

ENOUGH = 10**6  # steps: more than any side is asked for
LEAST = 0.3  # seconds between the first and the last word of a worker, each said within a tenth of a second
QUIET = Watching(evaluations=1, test=False)  # nothing is measured while the clock runs


class BrokenError(Exception):
    """A side cannot take part; says why."""


@dataclass(frozen=True)
class Taken:
    """What came of a request: training steps, counted once for every arm, and how long they took."""

    arm_steps: float
    seconds: float
    loss: float  # of the training batches of the last epoch, averaged over the arms; NaN where it is not known

    @property
    def rate(self) -> float:
        """Arm-steps a second."""
        return self.arm_steps / self.seconds


class Side(Protocol):
    """One contestant."""

    name: str
    setting: str  # threads and processes, in words

    def take(self, steps: int) -> Taken:
        """Train every arm on by about so many steps."""

    def close(self) -> None:
        """End whatever was started."""


# --- whynet ----------------------------------------------------------------------------------------------------------


def tiers() -> list[Tier]:
    """The tiers that this whynet can be asked for, the slowest first; the others begin as one of these and end as another."""
    return [tier for tier in ("eager", "traced", "compiled") if tier in get_args(Tier)]


def arms_of(one: Recipe, rates: Sequence[float], seeds: Sequence[int], steps: int = ENOUGH) -> list[Arm]:
    """An arm for every learning rate and seed."""
    return [prepare(one.change(steps=steps, seed=seed, **{"optimizer.lr": rate})) for rate in rates for seed in seeds]


class Whynet:
    """whynet's own training of these arms, in the stacks that `fit_all` makes of them, in this process."""

    def __init__(self, arms: Sequence[Arm], tier: Tier, watching: Watching = QUIET) -> None:
        self.name, self.setting = f"whynet {tier}", "1 process, 1 thread"
        self.stacks = [[arms[i] for i in chunk.arms] for chunk in make_plan(arms, True, tier, 0).chunks]
        self.running = [_steps(stack, tier, watching) for stack in self.stacks]

    def take(self, steps: int) -> Taken:
        means, arm_steps, start = [], 0, time.perf_counter()
        for stack, running in zip(self.stacks, self.running, strict=True):
            last: deque[Any] = deque(maxlen=stack[0].steps_per_epoch)
            for _ in range(steps):
                last.append(next(running).losses)
            means.append(sum(float(losses.mean()) for losses in last) / len(last))
            arm_steps += steps * len(stack)
        return Taken(arm_steps, time.perf_counter() - start, sum(means) / len(means))

    def close(self) -> None:
        for running in self.running:
            running.close()


class Workers:
    """`fit_all` spread over processes: what one process does while it trains, once past the first steps, times the processes."""

    def __init__(self, one: Recipe, rates: Sequence[float], seeds: Sequence[int], tier: Tier, workers: int, short: int) -> None:
        if "workers" not in inspect.signature(fit_all).parameters:
            raise BrokenError("this fit_all has no workers: whynet trains in one process")
        self.name, self.setting = f"whynet {tier}, workers", f"{workers} processes, 1 thread each"
        self.one, self.rates, self.seeds, self.tier, self.workers = one, rates, seeds, tier, workers
        self.short = short  # steps after which a training is steady
        self.times = 1  # as many steps as asked for, so that there is enough to time

    def take(self, steps: int) -> Taken:
        """Train anew, by ``steps`` past the first few, or by more where that is over too soon to be timed."""
        for _ in range(10):
            taken = self._train(self.short + steps * self.times)
            if taken.seconds >= LEAST:
                return taken
            self.times *= 2
        raise BrokenError("too short to be timed")

    def _train(self, total: int) -> Taken:
        """A training in which whynet says now and then how far a stack has come, and the clock is read whenever it does."""
        arms = arms_of(self.one, self.rates, self.seeds, total)
        seen: dict[tuple[int, ...], list[tuple[int, float]]] = {}

        def listen(group: list[int], event: Event) -> None:
            _refuse_slower(self.tier, event)
            if isinstance(event, Stepped) and event.step >= self.short:
                seen.setdefault(tuple(group), []).append((event.step, time.perf_counter()))

        fitted = fit_all(arms, QUIET, listen, tier=self.tier, workers=self.workers)
        spans = [(len(group) * (when[-1][0] - when[0][0]), when[-1][1] - when[0][1]) for group, when in seen.items()]
        arm_steps, seconds = sum(n for n, _ in spans), sum(s for _, s in spans) / self.workers
        losses = [loss for one in fitted for loss in one.history.loss[-arms[0].steps_per_epoch :]]
        return Taken(arm_steps, seconds, sum(losses) / len(losses))

    def close(self) -> None:
        pass


def _steps(stack: Sequence[Arm], tier: Tier, watching: Watching) -> Generator[Stepped, None, None]:
    """A training, a step at a time."""
    for event in train(stack, watching, tier):
        _refuse_slower(tier, event)
        if isinstance(event, Stepped):
            yield event


def _refuse_slower(tier: Tier, event: Event) -> None:
    """Whynet falls back to a slower tier where it must, and says so; a figure under the faster one's name would be a lie."""
    if tier == "compiled" and isinstance(event, Noticed):
        raise BrokenError(str(event.note))


# --- the others ------------------------------------------------------------------------------------------------------


class Script:
    """A script of `scripts/` in a process of its own: the plain loop in this environment, the others in that of the peers."""

    def __init__(self, script: str, name: str, given: dict[str, Any], setting: str = "1 process, 1 thread") -> None:
        self.name, self.setting = name, setting
        self.arms = 1 if script == "plain_torch" else len(given["seeds"])
        python = sys.executable if script.startswith("plain") else str(peers())
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115  as long as the process
        self.process = subprocess.Popen(
            [python, str(HERE / "scripts" / f"{script}.py"), json.dumps(given)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True, cwd=ROOT,
        )  # fmt: skip

    def ask(self, steps: int) -> None:
        """Begin; returns at once."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps({"steps": steps}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` says why

    def answer(self) -> Taken:
        """Wait for what was begun."""
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith('{"steps"'):
                found = json.loads(line)
                return Taken(found["steps"] * self.arms, found["seconds"], found["loss"])
        self.said.seek(0)
        raise BrokenError((self.said.read().strip().splitlines() or ["it ended without a word"])[-1])

    def take(self, steps: int) -> Taken:
        self.ask(steps)
        return self.answer()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.said.close()


class Together:
    """Several processes at once, their rates added."""

    def __init__(self, name: str, setting: str, scripts: Sequence[Script]) -> None:
        self.name, self.setting, self.scripts = name, setting, scripts

    def take(self, steps: int) -> Taken:
        for script in self.scripts:
            script.ask(steps)
        taken = [script.answer() for script in self.scripts]
        seconds = max(one.seconds for one in taken)
        return Taken(sum(one.rate for one in taken) * seconds, seconds, sum(one.loss for one in taken) / len(taken))

    def close(self) -> None:
        for script in self.scripts:
            script.close()


def saved(one: Recipe, folder: Path) -> tuple[str, int]:
    """The recipe's examples in a file that the scripts read, and how many classes they have."""
    import numpy as np

    dataset = prepare(one).dataset
    path = folder / f"{one.data}".replace("/", "_").replace("(", "_").replace(")", "").replace("=", "_")
    parts = {"": dataset.train, "_validation": dataset.validation, "_test": dataset.test}
    arrays = {f"{name}{part}": getattr(examples, name).numpy() for part, examples in parts.items() for name in ("x", "y")}
    np.savez(f"{path}.npz", **arrays)
    return f"{path}.npz", dataset.task.outputs


def learnt(taken: Taken, classes: int) -> bool:
    """Whether the loss is well below that of guessing."""
    return math.isfinite(taken.loss) and taken.loss < 0.7 * math.log(classes)
