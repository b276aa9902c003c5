"""Many arms, interrupted and gone on with, end bit for bit where those that were not end."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from whynet.engine.arm import Arm, prepare
from whynet.engine.events import Checkpointed, Event, Finished, Outcome, Started, Stepped
from whynet.engine.fit import Fitted, all_probes, fit_all
from whynet.engine.plan import Chunk, Plan
from whynet.engine.reached import Reached
from whynet.engine.train import Watching
from whynet.recipe import recipe

WATCHING = Watching(all_probes(), evaluations=4, checkpoint_every=0)
PLAN = Plan((Chunk((0, 2, 4), 1.0), Chunk((1, 3), 1.0), Chunk((5,), 1.0)), 0)


def made() -> list[Arm]:
    base = recipe("moons(n=60)", "mlp(widths=[4])", optimizer="sgd(lr=0.1, momentum=0.9)", batch_size=16, epochs=4)
    arms = [prepare(base.change(seed=i, **{"optimizer.lr": 1e30 if i == 2 else 0.1}), str(i)) for i in range(5)]
    return [*arms, prepare(base.change(model="mlp(widths=[5])"), "5")]


def same(a: Fitted, b: Fitted) -> None:
    assert a.arm.label == b.arm.label
    assert repr(a.history) == repr(b.history)
    assert (a.outcome.status, a.outcome.step, str(a.outcome.why)) == (b.outcome.status, b.outcome.step, str(b.outcome.why))
    assert torch.equal(a.outcome.weights.view(torch.int32), b.outcome.weights.view(torch.int32))


class Memory:
    """Remembers what a keeper would write, and stops the training after so many events."""

    def __init__(self, patience: int, reached: Reached) -> None:
        self.outcomes: dict[int, Outcome] = dict(reached.outcomes)
        self.saved: dict[tuple[int, ...], Checkpointed] = dict(reached.saved)
        self.patience = patience
        self.steps: list[tuple[int, int]] = []
        self.starts: dict[tuple[int, ...], int] = {}

    def __call__(self, group: list[int], event: Event) -> None:
        if isinstance(event, Checkpointed):
            self.saved[tuple(group)] = event
        elif isinstance(event, Finished):
            self.outcomes.update(zip(group, event.outcomes, strict=True))
            self.saved.pop(tuple(group), None)
        elif isinstance(event, Started):
            self.starts[tuple(group)] = event.step
        elif isinstance(event, Stepped):
            self.steps.append((group[0], event.step))
        self.patience -= 1
        if self.patience < 0:
            raise KeyboardInterrupt


def gone_on_with(plan: Plan, each: int) -> tuple[list[Fitted], int]:
    """The arms, trained by a process that is interrupted again and again; and how often."""
    reached, stops = Reached(), 0
    while True:
        memory = Memory(each, reached)
        try:
            return fit_all(made(), WATCHING, memory, tier="eager", plan=plan, reached=reached), stops
        except KeyboardInterrupt:
            reached, stops = Reached(memory.outcomes, memory.saved), stops + 1


@pytest.mark.parametrize("each", [5, 17, 60])
def test_interrupted_again_and_again(each: int) -> None:
    whole = fit_all(made(), WATCHING, tier="eager", plan=PLAN)
    again, stops = gone_on_with(PLAN, each)
    assert stops >= 1
    assert [one.outcome.status for one in whole].count("diverged") == 1
    for a, b in zip(again, whole, strict=True):
        same(a, b)


def test_what_has_ended_is_not_trained_again() -> None:
    whole = fit_all(made(), WATCHING, tier="eager", plan=PLAN)
    memory = Memory(10**6, Reached({i: whole[i].outcome for i in (0, 2, 4, 5)}))
    again = fit_all(made(), WATCHING, memory, tier="eager", plan=PLAN, reached=Reached(memory.outcomes))
    assert {first for first, _ in memory.steps} == {1}
    for a, b in zip(again, whole, strict=True):
        same(a, b)


def test_of_arms_that_could_not_be_stacked_the_rest_trains_apart_too() -> None:
    """They began alone, so that in a stack they would go on in other bits."""
    ended: Any = object()
    jobs = Reached({2: ended}).jobs(PLAN.chunks)
    assert [job.arms for job in jobs] == [[0], [4], [1, 3], [5]]
    assert [job.arms for job in Reached({}, {(3,): ended}).jobs(PLAN.chunks)] == [[0, 2, 4], [1], [3], [5]]


def test_workers_go_on_from_a_checkpoint_too() -> None:
    plan = Plan(PLAN.chunks, 2)
    whole = fit_all(made(), WATCHING, tier="eager", plan=plan)
    here = Memory(17, Reached())
    with pytest.raises(KeyboardInterrupt):
        fit_all(made(), WATCHING, here, tier="eager", plan=PLAN)
    [(group, saved)] = here.saved.items()
    memory = Memory(10**6, Reached())
    again = fit_all(made(), WATCHING, memory, tier="eager", plan=plan, reached=Reached(here.outcomes, here.saved))
    assert memory.starts[group] == saved.step > 0
    for a, b in zip(again, whole, strict=True):
        same(a, b)
