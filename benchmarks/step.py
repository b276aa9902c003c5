"""Training steps a second: whynet against a plain PyTorch loop over the same network, data and optimizer.

    WHYNET_DATA=../shared/data python -m benchmarks.step [--rounds 9] [--steps 400] [digits lenet titanic]

Both train on one thread in one process and take turns, plain, whynet, plain, whynet, …, so that what else the machine does hits
both alike; a figure is the median ratio of the rounds with the least and the greatest, and above 1 whynet is the faster.

- *steps*: training steps alone (gathering the batch, forward, gradient, update), both sides warm, tracing done.
- *probes*: the same with every probe read on the default schedule of a training of that length.
- *whole*: from the recipe to the end of `fit`, with loading left out but tracing, probes and the evaluations after every epoch
  in, against a plain loop that evaluates the same examples as often.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.machine import facts
from whynet.engine.arm import Arm, prepare
from whynet.engine.events import Stepped
from whynet.engine.fit import all_probes, follow
from whynet.engine.splits import gathered
from whynet.engine.train import Watching, train
from whynet.recipe import Recipe, recipe

TITANIC = Path(os.environ.get("WHYNET_DATA", ".")) / "tabular" / "titanic.csv"
CASES: dict[str, tuple[Callable[[], Recipe], float]] = {  # with a share of the steps: convolutions take that much longer
    "digits": (lambda: recipe("digits", "mlp(widths=[64, 64])"), 1.0),
    "lenet": (lambda: recipe("fashion_mnist(train=10000)", "lenet5", epochs=2), 0.1),
    "titanic": (lambda: recipe(f'csv("{TITANIC}", "Survived", drop={DROPPED})', "mlp(widths=[64, 64])"), 1.0),
}
DROPPED = '["PassengerId", "Name", "Ticket", "Cabin"]'
ENOUGH = 10**6  # steps: more than any round asks for


@dataclass(frozen=True)
class Ratio:
    """Plain time over whynet time, by round."""

    rounds: list[float]

    def __str__(self) -> str:
        return f"{statistics.median(self.rounds):5.2f} ({min(self.rounds):.2f}–{max(self.rounds):.2f})"


# --- the plain way ---------------------------------------------------------------------------------------------------


def plain(arm: Arm, evaluate: bool = False) -> Iterator[Tensor]:
    """The loop that one would write by hand, a step at a time: in-memory tensors, one shuffle an epoch, torch's own Adam."""
    torch.manual_seed(0)
    module = arm.network.load(arm.network.initial, arm.network.buffers).train()
    optimizer = torch.optim.Adam(module.parameters(), lr=arm.optimizer.lr)
    x, y = arm.dataset.train.x, arm.dataset.train.y
    splits = [gathered([arm], "train")[0], gathered([arm], "validation")[0]]
    n, size = len(x), arm.batch_size
    if evaluate:
        measure(module, splits)
    while True:
        order = torch.randperm(n)
        for start in range(0, n, size):
            batch = order[start : start + size]
            loss = cross_entropy(module(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.detach()
        if evaluate:
            measure(module, splits)


def measure(module: nn.Module, splits: list[tuple[Tensor, Tensor]]) -> None:
    """Loss and accuracy of the splits, as one does after an epoch."""
    module.eval()
    with torch.no_grad():
        for x, y in splits:
            outputs = module(x)
            cross_entropy(outputs, y).item()
            (outputs.argmax(dim=1) == y).float().mean().item()
    module.train()


# --- whynet ----------------------------------------------------------------------------------------------------------


def stepping(one: Recipe, watching: Watching) -> Iterator[Stepped]:
    """whynet's training, a step at a time."""
    return (event for event in train([prepare(one)], watching) if isinstance(event, Stepped))


# --- taking turns ----------------------------------------------------------------------------------------------------


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def advance(steps: Iterator[object], count: int) -> Callable[[], None]:
    """Take so many steps."""

    def work() -> None:
        for _ in range(count):
            next(steps)

    return work


def in_turns(theirs: Iterator[object], ours: Iterator[object], count: int, turns: int = 5) -> tuple[float, float]:
    """The seconds that each side takes for ``count`` steps, a few at a time in turn."""
    pairs = [(seconds(advance(theirs, count // turns)), seconds(advance(ours, count // turns))) for _ in range(turns)]
    return sum(a for a, _ in pairs), sum(b for _, b in pairs)


def steps_ratio(one: Recipe, rounds: int, count: int) -> tuple[Ratio, float]:
    """Steps alone, both sides warm; and whynet's microseconds a step."""
    ours = stepping(one.change(steps=ENOUGH), Watching((), evaluations=1))
    theirs = plain(prepare(one))
    in_turns(theirs, ours, count)  # to be warm
    pairs = [in_turns(theirs, ours, count) for _ in range(rounds)]
    return Ratio([a / b for a, b in pairs]), statistics.median(b for _, b in pairs) / count * 1e6


def probes_ratio(one: Recipe, rounds: int, count: int) -> Ratio:
    """A training of ten rounds' steps with probes, from its second step on."""
    found = []
    for _ in range(rounds):
        ours = stepping(one.change(steps=10 * count + 1), Watching(all_probes(), evaluations=1))
        theirs = plain(prepare(one))
        advance(ours, 1)(), advance(theirs, 1)()
        a, b = in_turns(theirs, ours, 10 * count, turns=50)
        found.append(a / b)
    return Ratio(found)


def whole_ratio(one: Recipe, rounds: int) -> Ratio:
    """Whole trainings as `fit` does them by default, against plain ones that evaluate as often."""
    found = []
    for _ in range(rounds):
        arm = prepare(one)
        a = seconds(advance(plain(arm, evaluate=True), arm.total_steps + 1))  # the last step's evaluation comes before the next
        b = seconds(partial(follow, train([arm], Watching(all_probes(), test=False))))
        found.append(a / b)
    return Ratio(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=400)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(" · ".join(f"{name} {value}" for name, value in facts().items()))
    print(f"ratio of speeds, whynet / plain PyTorch: median (least–greatest) of {given.rounds} rounds")
    for name in given.cases:
        make, share = CASES[name]
        one, count = make(), max(20, round(given.steps * share))
        steps, micros = steps_ratio(one, given.rounds, count)
        print(f"{name:8} steps {steps} at {micros:.0f} µs", end="", flush=True)
        print(f" · probes {probes_ratio(one, max(3, given.rounds // 3), count)}", end="", flush=True)
        print(f" · whole {whole_ratio(one, max(3, given.rounds // 3))}", flush=True)


if __name__ == "__main__":
    main()
