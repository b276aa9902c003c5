"""A training that goes on from a checkpoint ends bit for bit where the one that never stopped ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from whynet.engine.arm import Arm, prepare
from whynet.engine.checkpoint import restore
from whynet.engine.events import ArmLeft, Checkpointed, Outcome, Started, Stepped
from whynet.engine.fit import all_probes, follow, resume
from whynet.engine.history import History
from whynet.engine.train import Watching, train
from whynet.recipe import Recipe, recipe

RECIPES = {
    "adam": {"model": "mlp(widths=[8])"},
    "batch norm and dropout": {"model": 'mlp(widths=[8], norm="batch", dropout=0.4)'},
    "noise": {"model": "sequential([noise(0.3), linear(3)])", "optimizer": "sgd(lr=0.1, momentum=0.9)"},
    "no state": {"model": "softmax_regression", "optimizer": "sgd(lr=0.1)"},
    "schedule": {"model": "mlp(widths=[8])", "optimizer": "rmsprop", "schedule": "warmup(then=cosine)"},
    "memory of the best": {
        "model": "mlp(widths=[32])",
        "optimizer": "sgd(lr=1.0)",
        "epochs": 30,
        "early_stopping": 4,
        "keep": "best",
    },
}


def made(points: Any, name: str) -> Recipe:
    return recipe(points, **{"batch_size": 10, "epochs": 5, **RECIPES[name]})


def checkpoints(one: Recipe, watching: Watching, tier: str) -> Iterator[Checkpointed]:
    return (event for event in train([prepare(one)], watching, tier) if isinstance(event, Checkpointed))  # type: ignore[arg-type]


def same(a: Outcome, b: Outcome) -> None:
    assert (a.status, a.step, str(a.why)) == (b.status, b.step, str(b.why))
    assert repr(a.history) == repr(b.history)
    assert torch.equal(a.weights, b.weights)
    assert a.buffers.keys() == b.buffers.keys()
    assert all(torch.equal(a.buffers[name], b.buffers[name]) for name in a.buffers)


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("name", RECIPES)
def test_from_any_checkpoint(points: Any, name: str, tier: str) -> None:
    one = made(points, name)
    total = prepare(one).total_steps
    watching = Watching(all_probes(), evaluations=total // 3, checkpoint_every=0)  # both also in the middle of an epoch
    [whole] = follow(train([prepare(one)], watching, tier))  # type: ignore[arg-type]
    taken = list(checkpoints(one, watching, tier))
    assert [event.step for event in taken] == list(range(1, whole.history.steps + 1))
    for event in [taken[0], taken[len(taken) // 2], taken[-1]]:
        [kept], [history] = event.checkpoints, event.histories
        tensors = {key: value.clone() for key, value in kept.tensors().items()}
        written = restore(tensors, json.loads(json.dumps(kept.numbers())))  # as a new process would read it
        before = repr(history)
        [resumed] = follow(resume(prepare(one), written, history, watching, tier))  # type: ignore[arg-type]
        same(resumed, whole)
        assert repr(history) == before  # so that it can be resumed again
        assert all(torch.equal(tensors[key], value) for key, value in kept.tensors().items())


def test_a_population_resumes_too(points: Any) -> None:
    arms = [prepare(made(points, "batch norm and dropout").change(seed=seed)) for seed in range(3)]
    watching = Watching(evaluations=6, checkpoint_every=0)
    whole = follow(train(arms, watching, "eager"))
    kept = [event for event in train(arms, watching, "eager") if isinstance(event, Checkpointed)][12]
    pairs = list(zip(kept.checkpoints, kept.histories, strict=True))
    for a, b in zip(follow(train(arms, watching, "eager", pairs)), whole, strict=True):
        same(a, b)


MIXED = [  # what becomes of the arms of one stack
    {},
    {"optimizer.lr": 1e30},  # diverges in its second step
    {"steps": 7},
    {"early_stopping": 1, "keep": "best", "optimizer.lr": 3.0},
    {"optimizer.lr": 1e15, "seed": 3},
]


@pytest.mark.parametrize("tier", ["eager", "traced"])
def test_a_population_resumes_from_anywhere_whoever_has_left(points: Any, tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it went on in a smaller population, and where only one arm is left in it."""
    monkeypatch.setattr("whynet.engine.train.WORTH_COMPACTING", 3)

    def arms() -> list[Arm]:
        base = recipe(points, "mlp(widths=[8])", optimizer="sgd(lr=0.5, momentum=0.9)", batch_size=10, epochs=6)
        return [prepare(base.change(**changes), str(i)) for i, changes in enumerate(MIXED)]

    watching = Watching(all_probes(), evaluations=10, checkpoint_every=0)
    told = list(train(arms(), watching, tier))  # type: ignore[arg-type]
    whole = follow(iter(told))
    assert {outcome.status for outcome in whole} == {"finished", "diverged", "stopped early"}
    taken = [event for event in told if isinstance(event, Checkpointed)]
    assert [event.step for event in taken] == list(range(1, 31))
    ends = [(event.arm, event.step, event.status, str(event.why)) for event in told if isinstance(event, ArmLeft)]
    for event in taken[::3]:
        saved = [
            restore({name: value.clone() for name, value in one.tensors().items()}, json.loads(json.dumps(one.numbers())))
            for one in event.checkpoints
        ]
        again = list(train(arms(), watching, tier, list(zip(saved, event.histories, strict=True))))  # type: ignore[arg-type]
        for a, b in zip(follow(iter(again)), whole, strict=True):
            assert torch.equal(a.weights.view(torch.int32), b.weights.view(torch.int32))  # NaN equals NaN of the same bits
            same(replace(a, weights=torch.zeros(())), replace(b, weights=torch.zeros(())))
        left = [(e.arm, e.step, e.status, str(e.why)) for e in again if isinstance(e, ArmLeft)]
        assert sorted(left) == sorted(ends)  # whoever listens for the first time hears of all


def test_it_starts_where_it_was(points: Any) -> None:
    one = made(points, "adam")
    kept = next(event for event in checkpoints(one, Watching(checkpoint_every=0), "eager") if event.step == 12)
    events = list(resume(prepare(one), kept.checkpoints[0], kept.histories[0], Watching()))
    assert events[0] == Started([""], 12, 25, 5)
    assert [event.step for event in events if isinstance(event, Stepped)] == list(range(13, 26))


def test_from_the_end_only_the_test_is_left(points: Any) -> None:
    one = made(points, "adam")
    *_, last = checkpoints(one, Watching(checkpoint_every=0), "eager")
    [outcome] = follow(resume(prepare(one), last.checkpoints[0], last.histories[0], Watching()))
    assert outcome.status == "finished"
    assert outcome.history.steps == 25
    assert outcome.history.final("test") == outcome.history.final("test")


def test_a_checkpoint_is_a_copy(points: Any) -> None:
    one = made(points, "batch norm and dropout")
    events = train([prepare(one)], Watching(checkpoint_every=0), "eager")
    first = next(event for event in events if isinstance(event, Checkpointed))
    before = {name: value.clone() for name, value in first.checkpoints[0].tensors().items()}
    follow(events)
    assert all(torch.equal(before[name], value) for name, value in first.checkpoints[0].tensors().items())


def test_tensors_and_numbers_are_read_back(points: Any) -> None:
    for event in checkpoints(made(points, "memory of the best"), Watching(checkpoint_every=0), "eager"):
        [kept] = event.checkpoints
        again = restore(kept.tensors(), kept.numbers())
        assert again.numbers() == kept.numbers()
        assert again.tensors().keys() == kept.tensors().keys()
        losses = [e.loss for e in event.histories[0].evaluations[2:] if e.split == "validation"]  # without the one at step 0
        assert again.best.loss == kept.best.loss == min(losses, default=float("inf"))
        assert (kept.best.weights is None) == (not losses)


def test_history_copies_stand_alone() -> None:
    one = History([1.0])
    other = one.copy()
    one.loss.append(2.0)
    assert other.loss == [1.0]
