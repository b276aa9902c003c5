"""The rows of the table: each a function that says which sides meet, on what, and what is asked of whynet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers.environment import HERE, ROOT
from benchmarks.peers.sides import (
    BrokenError,
    Script,
    Side,
    Taken,
    Together,
    Whynet,
    Workers,
    arms_of,
    learnt,
    saved,
    tiers,
)
from whynet.engine.cores import cores
from whynet.engine.fit import all_probes
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.recipe import Recipe, recipe

# Sizes that batches of 64 divide, so that every batch of every side is a full one.
DIGITS, MOONS, CLOTHES = "digits(train=1024)", "moons(train=256)", "fashion_mnist(train=9984)"
RATES = [0.0003, 0.0005, 0.0008, 0.0012, 0.002, 0.003, 0.005, 0.008]
CORES = cores()
FAST = [tier for tier in tiers() if tier != "eager"]


@dataclass(frozen=True)
class Row:
    """One line: how many times as fast as the other side whynet is, or why that is not known."""

    title: str
    ours: str
    theirs: str = ""
    target: float | None = None
    at_most: bool = False  # whether the ratio is a cost that the target bounds from above
    ratios: list[float] = field(default_factory=list)  # by round
    numbers: str = ""
    why_not: str = ""

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return median(self.ratios)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is no target, or no ratio."""
        if self.target is None or not self.ratios:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


@dataclass(frozen=True)
class Effort:
    """How long a row measures: rounds, and seconds of steady training in each for each side."""

    rounds: int
    seconds: float
    arms_by_hand: int  # of 64, in the comparison end to end
    folder: Path  # for the data files
    quick: bool

    def data(self, one: Recipe) -> tuple[str, int]:
        """The recipe's examples for the scripts."""
        return saved(one, self.folder)


# --- steady training -------------------------------------------------------------------------------------------------


@contextmanager
def taking_part(makers: dict[str, Callable[[], Side]]) -> Iterator[tuple[list[Side], dict[str, str]]]:
    """The sides that can be made, and for the others why not."""
    made: list[Side] = []
    broken = {}
    try:
        for name, make in makers.items():
            try:
                made.append(make())
            except Exception as error:  # whatever keeps one side away, the others still meet
                broken[name] = _first_line(error)
        yield made, broken
    finally:
        for side in made:
            side.close()


def meet(
    sides: Sequence[Side], effort: Effort, warm: int, classes: int, broken: dict[str, str], seconds: float | None = None
) -> dict[str, list[Taken]]:
    """Let the sides train in turns, round after round, after ``warm`` steps that are not counted and in which all must learn."""
    steps, taken = {}, {}
    for side in sides:
        try:
            side.take(min(warm, 8))  # what is made at the first steps
            first = side.take(warm)
            if not learnt(first, classes):
                raise BrokenError(f"it did not learn: loss {first.loss:.3g} after {warm} steps")
            again = side.take(max(1, warm // 4))  # by now nothing is new
        except Exception as error:
            broken[side.name] = _first_line(error)
            continue
        steps[side.name] = max(1, round(max(1, warm // 4) * (seconds or effort.seconds) / again.seconds))
        taken[side.name] = []
    for _ in range(effort.rounds):
        for side in sides:
            if side.name in taken:
                taken[side.name].append(side.take(steps[side.name]))
    return taken


def against(
    title: str, ours: Side | str, theirs: str, target: float | None, taken: dict[str, list[Taken]], broken: dict[str, str],
    settings: dict[str, str],
) -> Row:  # fmt: skip
    """The row of two sides that met."""
    name = ours if isinstance(ours, str) else ours.name
    for one in (name, theirs):
        if one not in taken:
            return Row(title, name, theirs, target, why_not=f"{one}: {broken.get(one, 'it did not take part')}")
    ratios = [a.rate / b.rate for a, b in zip(taken[name], taken[theirs], strict=True)]
    mine, other = median(one.rate for one in taken[name]), median(one.rate for one in taken[theirs])
    numbers = f"{mine:,.0f} against {other:,.0f} arm-steps/s"
    return Row(title, f"{name} ({settings[name]})", f"{theirs} ({settings[theirs]})", target, False, ratios, numbers)


def best(names: Sequence[str], taken: dict[str, list[Taken]]) -> str | None:
    """The fastest of those that took part."""
    present = [name for name in names if name in taken]
    return max(present, key=lambda name: median(one.rate for one in taken[name])) if present else None


def settings_of(sides: Sequence[Side]) -> dict[str, str]:
    """What each side ran on."""
    return {side.name: side.setting for side in sides}


def given(data: str, rates: Sequence[float], seeds: Sequence[int], widths: list[int] | None, **more: Any) -> dict[str, Any]:
    """What a script is told; an arm for each pair of the two lists."""
    net = {"widths": widths} if widths else {}
    return {"data": data, "rates": list(rates), "seeds": list(seeds), "batch": 64, "threads": 1, **net, **more}


def pairs(rates: Sequence[float], seeds: Sequence[int]) -> tuple[list[float], list[int]]:
    """Every rate with every seed, as two lists of equal length."""
    return [rate for rate in rates for _ in seeds], [seed for _ in rates for seed in seeds]


def one_mlp(effort: Effort) -> list[Row]:
    """One 64-64-64-10 network on digits: the hand-written loop, and the frameworks."""
    base = recipe(DIGITS, "mlp(widths=[64, 64])")
    data, classes = effort.data(base)
    alone = partial(given, data, [0.001], [0], [64, 64])
    makers: dict[str, Callable[[], Side]] = {
        "plain torch": lambda: Script("plain_torch", "plain torch", alone()),
        **{f"whynet {tier}": partial(Whynet, arms_of(base, [0.001], [0]), tier) for tier in tiers()},
        "Lightning": lambda: Script("lightning_mlp", "Lightning", alone()),
        "Keras (torch)": lambda: Script("keras_mlp", "Keras (torch)", alone(backend="torch")),
        "Keras (jax)": lambda: Script("keras_mlp", "Keras (jax)", alone(backend="jax")),
        "skorch": lambda: Script("skorch_mlp", "skorch", alone()),
        "JAX": lambda: Script("jax_optax", "JAX", alone()),
    }  # fmt: skip
    with taking_part(makers) as (sides, broken):
        taken = meet(sides, effort, 1000, classes, broken)
        on = settings_of(sides)
        title = "one MLP 64-64-64-10, steady"
        rows = [against(title, f"whynet {tier}", "plain torch", 2.0, taken, broken, on) for tier in tiers()]
        mine = best([f"whynet {tier}" for tier in tiers()], taken) or "whynet traced"
        frameworks = ["Lightning", "Keras (torch)", "Keras (jax)", "skorch"]
        fastest = best(frameworks, taken)
        for name in frameworks:
            target = 2.0 if name == fastest else None
            rows.append(against(title, mine, name, target, taken, broken, on))
        return [*rows, against(title, mine, "JAX", None, taken, broken, on)]


def many(
    effort: Effort, title: str, base: Recipe, widths: list[int], rates: Sequence[float], seeds: Sequence[int], warm: int,
    by_hand: float, by_jax: float | None,
) -> list[Row]:  # fmt: skip
    """Many arms of one small network, against a plain loop and against JAX on all cores."""
    data, classes = effort.data(base)
    all_rates, all_seeds = pairs(rates, seeds)
    one = given(data, [0.001], [0], widths)
    threaded = given(data, all_rates, all_seeds, widths) | {"threads": CORES}
    parts = [given(data, all_rates[i::CORES], all_seeds[i::CORES], widths) for i in range(CORES)]
    split = f"{CORES} processes, 1 thread each"
    arms = arms_of(base, rates, seeds)
    makers: dict[str, Callable[[], Side]] = {
        "plain torch": lambda: Script("plain_torch", "plain torch", one),
        **{f"whynet {tier}": partial(Whynet, arms, tier) for tier in FAST},
        **{f"whynet {tier}, workers": partial(Workers, base, rates, seeds, tier, CORES, short=100) for tier in FAST},
        "JAX": lambda: Script("jax_optax", "JAX", threaded, f"1 process, {CORES} threads"),
        "JAX split": lambda: Together("JAX split", split, [Script("jax_optax", "JAX", part) for part in parts]),
    }  # fmt: skip
    with taking_part(makers) as (sides, broken):
        taken = meet(sides, effort, warm, classes, broken)
        on = settings_of(sides)
        ours = [f"whynet {tier}{where}" for where in ("", ", workers") for tier in FAST]
        rows = [against(title, name, "plain torch", by_hand, taken, broken, on) for name in ours]
        mine = best(ours, taken)
        jax = best(["JAX", "JAX split"], taken) or "JAX"
        return [*rows, against(title, mine or ours[0], jax, by_jax, taken, broken, on)]


def arms_64(effort: Effort) -> list[Row]:
    """Eight learning rates × eight seeds of the same network."""
    base = recipe(DIGITS, "mlp(widths=[64, 64])")
    return many(effort, "64 arms of that MLP, steady", base, [64, 64], RATES, range(8), 500, 10.0, 1.0)


def arms_256(effort: Effort) -> list[Row]:
    """Sixteen learning rates × sixteen seeds of a 2-8-8-2 network."""
    base = recipe(MOONS, "mlp(widths=[8, 8])")
    rates = [0.003 * 1.15**i for i in range(16)]
    return many(effort, "256 arms of a 2-8-8-2 MLP on moons, steady", base, [8, 8], rates, range(16), 500, 40.0, None)


def lenet(effort: Effort) -> list[Row]:
    """Sixteen LeNet-5 on 28×28 pictures, against as many plain loops at once as there are cores."""
    title = "16 arms of LeNet-5 on 28×28, steady"
    base = recipe(CLOTHES, "lenet5")
    data, classes = effort.data(base)
    rates, seeds = [0.0005, 0.001, 0.002, 0.003], range(4)
    ours = [f"whynet {tier}, workers" for tier in FAST]
    split = f"{CORES} processes, 1 thread each"
    plain = partial(Script, "plain_torch", "plain torch")
    loops = [partial(plain, given(data, [0.001], [i], None)) for i in range(CORES)]
    makers: dict[str, Callable[[], Side]] = {
        "plain torch split": lambda: Together("plain torch split", split, [make() for make in loops]),
        **{name: partial(Workers, base, rates, seeds, tier, CORES, short=10) for name, tier in zip(ours, FAST, strict=True)},
    }
    with taking_part(makers) as (sides, broken):
        taken = meet(sides, effort, 120, classes, broken, seconds=2 * effort.seconds)
        on = settings_of(sides)
        return [against(title, name, "plain torch split", 1.2, taken, broken, on) for name in ours]


# --- end to end ------------------------------------------------------------------------------------------------------


def whole(effort: Effort) -> list[Row]:
    """The comparison of the 64 arms from nothing to its verdict, 1,000 steps an arm, against plain loops one after another."""
    title = "64 arms of that MLP, 1,000 steps each, end to end"
    data, _ = effort.data(recipe(DIGITS, "mlp(widths=[64, 64])"))
    all_rates, all_seeds = pairs(RATES, range(8))
    turns = 1 if effort.quick else 2
    share = effort.arms_by_hand // turns  # arms of each turn, spread over the rates
    by_hand: list[dict[str, Any]] = []
    ours: dict[str, list[dict[str, Any]]] = {}
    for turn in range(turns):
        own = slice(turn, None, 64 // share)
        loops = given(data, all_rates[own], all_seeds[own], [64, 64], total=1000)
        by_hand.append(_ask([str(HERE / "scripts" / "plain_whole.py"), json.dumps(loops)]))
        for tier in ("auto", "fast"):  # as it is by default, and compiled beside the training
            for state, found in _cold_and_warm(tier, effort.folder).items():
                ours.setdefault(f"whynet compare, tier {tier}, {state} cache ({CORES} cores)", []).append(found)
    theirs = f"plain torch, {effort.arms_by_hand} of the 64 timed (1 process, 1 thread)"
    rows = []
    for name, found in ours.items():
        target = 5.0 if "warm" in name else 2.0
        if abs(by_hand[0]["score"] - found[0]["score"]) > 0.05:
            why = f"the two do not come to the same: accuracy {found[0]['score']:.3f}, by hand {by_hand[0]['score']:.3f}"
            rows.append(Row(title, name, theirs, target, why_not=why))
            continue
        seconds = [one["seconds"] * 64 / share for one in by_hand]
        ratios = [a / b["seconds"] for a, b in zip(seconds, found, strict=True)]
        numbers = f"{median(one['seconds'] for one in found):.1f} s against {median(seconds):.1f} s"
        rows.append(Row(title, name, theirs, target, False, ratios, numbers))
    return rows


def _cold_and_warm(tier: str, folder: Path) -> dict[str, dict[str, Any]]:
    """A comparison where nothing was compiled before, and one where everything was."""
    wanted = {"data": DIGITS, "model": "mlp(widths=[64, 64])", "rates": RATES, "seeds": 8, "total": 1000}
    wanted |= {} if tier == "auto" else {"tier": tier}
    with tempfile.TemporaryDirectory(dir=folder) as empty:
        cold = _ask(["-m", "benchmarks.peers.whole", json.dumps(wanted)], empty)
        if tier != "auto":  # the first may have been over before its steps were compiled
            _ask(["-m", "benchmarks.peers.whole", json.dumps(wanted | {"tier": "compiled"})], empty)
        return {"warm": _ask(["-m", "benchmarks.peers.whole", json.dumps(wanted)], empty), "cold": cold}


def _ask(arguments: list[str], cache: str | None = None) -> dict[str, Any]:
    """What a fresh process prints last, given a cache folder of its own."""
    folders = {"XDG_CACHE_HOME": cache, "TORCHINDUCTOR_CACHE_DIR": f"{cache}/inductor"} if cache else {}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **folders}, check=False
    )
    if done.returncode:
        raise BrokenError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


# --- whynet against itself -------------------------------------------------------------------------------------------


MAKING = 20  # steps; of 4,000 the first that is not probed is the fifteenth


class Course:
    """Trainings of a given length one after another, so that the probes keep the schedule of that length."""

    def __init__(self, base: Recipe, tier: Tier, watching: Watching, name: str, total: int) -> None:
        self.name, self.setting = name, "1 process, 1 thread"
        self.make = lambda: Whynet(arms_of(base, [0.001], [0], total), tier, watching)
        self.total = total
        self.running = self.make()

    def take(self, steps: int) -> Taken:
        """One whole training but for its first steps, in which both kinds of step are made, probed and not."""
        self.running.close()
        self.running = self.make()
        self.running.take(MAKING)
        return self.running.take(self.total - MAKING)

    def close(self) -> None:
        self.running.close()


def probes(effort: Effort) -> list[Row]:
    """What looking inside costs: the time of a training with probes over the time without."""
    base = recipe(DIGITS, "mlp(widths=[64, 64])")
    total, tier, rows = 4000, tiers()[-1], []
    every = frozenset(range(1, total + 1))
    cases = [
        ("probes on the default schedule, 4,000 steps", Watching(all_probes(), evaluations=1, test=False), 1.05),
        ("every probe at every step", Watching(all_probes(), at=every, evaluations=1, test=False), 1.3),
    ]
    for title, watching, target in cases:
        name = f"whynet {tier} with probes"
        makers: dict[str, Callable[[], Side]] = {
            name: partial(Course, base, tier, watching, name, total),
            "without": partial(Course, base, tier, Watching(evaluations=1, test=False), "without", total),
        }
        rows.append(_cost(title, name, "without", makers, target, effort))
    return rows


def growth(effort: Effort) -> list[Row]:
    """Whether an arm-step of 1,024 arms takes as long as one of 64."""
    rows = []
    for tier in reversed(FAST):  # the fastest that these stacks can have
        rows.append(_growth(tier, effort))
        if rows[-1].ratios:
            break
    return rows


def _growth(tier: Tier, effort: Effort) -> Row:
    base = recipe(DIGITS, "mlp(widths=[64, 64])")
    few, lots = f"whynet {tier}, 64 arms", f"whynet {tier}, 1,024 arms"

    def make(name: str, rates: Sequence[float], seeds: int) -> Side:
        side = Whynet(arms_of(base, rates, range(seeds)), tier)
        side.name = name
        return side

    makers: dict[str, Callable[[], Side]] = {
        lots: partial(make, lots, [0.0005 * 1.09**i for i in range(32)], 32),
        few: partial(make, few, RATES, 8),
    }
    return _cost("time of an arm-step, 1,024 arms over 64", lots, few, makers, 1.2, effort, warm=32)


def _cost(
    title: str, ours: str, theirs: str, makers: dict[str, Callable[[], Side]], target: float, effort: Effort,
    warm: int = 100,
) -> Row:  # fmt: skip
    """A row whose ratio is a time over a time: how much more the first side takes for an arm-step."""
    with taking_part(makers) as (sides, broken):
        taken = meet(sides, effort, warm, 10, broken)
        row = against(title, ours, theirs, target, taken, broken, settings_of(sides))
    if row.why_not:
        return Row(title, ours, theirs, target, True, why_not=row.why_not)
    mine, other = (1e6 / median(one.rate for one in taken[name]) for name in (ours, theirs))
    costs = [1 / ratio for ratio in row.ratios]
    return Row(title, row.ours, row.theirs, target, True, costs, f"{mine:.1f} µs against {other:.1f} µs an arm-step")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


ROWS: dict[str, Callable[[Effort], list[Row]]] = {
    "mlp": one_mlp,
    "arms64": arms_64,
    "whole": whole,
    "arms256": arms_256,
    "lenet": lenet,
    "probes": probes,
    "growth": growth,
}
