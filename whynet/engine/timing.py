"""How long a step takes here, alone and stacked: a few of them, timed.

In processor time, which is the same whatever else the machine is busy with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from whynet.engine.arm import Arm
from whynet.engine.device import current, seconds
from whynet.engine.network import Network
from whynet.engine.population import Population, Tier, UnstackableError
from whynet.engine.threads import one_thread

MANY = 16  # steps in one timed call of machine code
TRIED = 2  # steps that are timed, after one that is not; the fastest counts, since whatever disturbs only makes slower


@dataclass
class Timing:
    """Seconds of one step by the number of arms in it."""

    steps: dict[int, float] = field(default_factory=dict)
    ready: float = 0.0  # before the first step: tracing, where the step was traced
    stackable: bool = True
    machine: bool = False  # whether our own machine code was timed, to which the size of a stack makes no difference

    def step(self, arms: int) -> float:
        """A step of so many arms: on the straight line between the measured sizes, through the origin beyond them."""
        sizes = sorted(self.steps)
        at = bisect_left(sizes, arms)
        if at == len(sizes):
            return self.steps[sizes[-1]] * arms / sizes[-1]
        if at == 0:
            return self.steps[sizes[0]]
        low, high = sizes[at - 1], sizes[at]
        share = (arms - low) / (high - low)
        return (1 - share) * self.steps[low] + share * self.steps[high]

    def per_arm(self, arms: int) -> float:
        """A step's share of one arm in a stack of so many."""
        return self.step(arms) / arms


def time_steps(arms: Sequence[Arm], size: int, tier: Tier, into: Timing) -> None:
    """Time the step of the first ``size`` arms and note it down; that they cannot be stacked, too."""
    was = arms[0].network
    network = Network(was.template, was.precision, was.frozen)  # a module may count its calls; those here are none
    own = replace(arms[0], network=network)
    try:
        with one_thread():
            device = current()
            began = seconds(device)
            population = Population([own, *arms[1:size]], (), tier, device=device)
            batches = population.epoch(0)[: TRIED + 1]
            most = max(arm.total_steps for arm in arms[:size])
            population.make_ready(batches[0])
            into.ready = seconds(device) - began
            population.hurry()
            into.machine = population.bursts(batches[0].shape[-1])
            count = MANY if into.machine else 1  # steps in one call
            taken = []
            for i in range(TRIED + 1):
                start = seconds(device)
                if count > 1:
                    population.burst(1, [batches[0]] * min(count, most))
                else:
                    population.step(min(i + 1, most), batches[i % len(batches)])
                taken.append((seconds(device) - start) / min(count, most))
    except UnstackableError:
        into.stackable = False
        return
    into.steps[size] = min(taken[1:])
