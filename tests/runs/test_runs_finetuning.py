"""Runs that begin with weights from a file: kept, opened, compared and resumed, whatever becomes of the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sqlalchemy import update

from whynet.engine.events import Checkpointed, Event
from whynet.errors import StoreError, WeightsError
from whynet.experiment.compare import compare
from whynet.experiment.resuming import resume_comparison
from whynet.models.build import build
from whynet.recipe import Recipe
from whynet.runs import schema
from whynet.runs.fit import fit
from whynet.runs.resume import resume
from whynet.runs.run import Run
from whynet.runs.store import Store
from whynet.text import plain


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file of weights for the small recipe's network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = build("mlp(widths=[4])", (2,), 2)
    torch.save(module.state_dict(), tmp_path / "start.pt")
    return tmp_path / "start.pt"


@pytest.fixture
def tuned(small: Recipe, weights: Path) -> Recipe:
    part = next(iter(torch.load(weights))).partition(".")[0]
    return small.change(pretrained=weights, freeze=[part], rates={"head": 0.5})


class Stop(Exception):
    """What ends a training early."""


def test_an_earlier_run_is_a_beginning(store: Store, small: Recipe, same: Callable[[Run, Run], None]) -> None:
    first = fit(small, store)
    second = fit(small.change(pretrained=first.weights, steps=1, optimizer="sgd(lr=1e-30)"), store)
    assert torch.equal(second.fitted.arm.network.initial, first.fitted.outcome.weights)
    same(store.open(second.id), second)
    store.delete(first.id)
    again = store.open(second.id)
    assert torch.equal(again.fitted.outcome.weights, second.fitted.outcome.weights)


def test_a_stored_run_opens_when_its_file_is_gone_or_another(store: Store, tuned: Recipe, weights: Path) -> None:
    run = fit(tuned, store)
    start = run.fitted.arm.network.initial
    for change in (lambda: torch.save({"0.weight": torch.ones(2)}, weights), weights.unlink):
        change()
        opened = store.open(run.id)
        assert opened.recipe == tuned
        assert torch.equal(opened.fitted.arm.network.initial, start)
        assert opened.fitted.score() == run.score


@pytest.mark.parametrize("every", [0.0, 1e9])  # after a checkpoint, and before the first
def test_it_resumes_when_its_file_is_gone(
    store: Store, tuned: Recipe, weights: Path, same: Callable[[Run, Run], None], every: float
) -> None:
    whole = fit(tuned, store)
    seen: list[Event] = []

    def stop(event: Event) -> None:
        seen.append(event)
        if (isinstance(event, Checkpointed) and event.step >= 3) or len(seen) > 8:
            raise Stop

    with pytest.raises(Stop):
        fit(tuned, store, stop, checkpoint_every=every)
    weights.unlink()
    same(resume(store, "last"), whole)


def test_without_its_copy_it_says_what_is_missing(store: Store, tuned: Recipe, weights: Path) -> None:
    run = fit(tuned, store)
    weights.unlink()
    for copy in run.folder.glob("pretrained-*"):
        copy.unlink()
    with pytest.raises(WeightsError, match="There is no file of weights at"):
        store.open(run.id).fitted.score()


def test_nothing_is_left_of_a_run_whose_weights_cannot_be_kept(
    store: Store, tuned: Recipe, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError(plain("no room"))

    monkeypatch.setattr("whynet.runs.beginnings.write_tensors", full)
    with pytest.raises(StoreError, match="no room"):
        fit(tuned, store)
    assert store.runs() == []


def test_a_run_that_has_not_ended_has_no_weights(store: Store, small: Recipe) -> None:
    def stop(_: Event) -> None:
        raise Stop

    with pytest.raises(Stop):
        fit(small, store, stop)
    with pytest.raises(StoreError, match="no trained network yet"):
        store.open("last").weights  # noqa: B018


def test_two_runs_differ_in_what_was_frozen(store: Store, small: Recipe, tuned: Recipe) -> None:
    a, b = fit(small, store), fit(tuned, store)
    assert [d.path for d in store.compare(a.id, b.id)] == ["pretrained", "freeze", "rates.head"]


def test_a_run_of_a_version_without_these_settings_opens(store: Store, small: Recipe) -> None:
    run = fit(small, store)
    older = {k: v for k, v in json.loads(run.row["recipe"]).items() if k not in ("pretrained", "freeze", "rates")}
    with store.database.write() as connection:
        connection.execute(update(schema.runs).values(recipe=json.dumps(older)))
    assert store.open(run.id).recipe == small


def test_compared_factors(store: Store, small: Recipe, weights: Path) -> None:
    """Freezing and rates with the same start, weights from a file against none; all kept, and open without the file."""
    part = next(iter(torch.load(weights))).partition(".")[0]
    base = small.change(pretrained=weights, epochs=1)
    frozen = compare(base, {"freeze": [None, part]}, seeds=2, store=store, workers=0)
    assert [level.name for level in frozen.levels] == ["freeze=None", f"freeze={part}"]
    rated = compare(base, {f"rates.{part}": [0.0, 0.1, 1.0]}, seeds=2, store=store, workers=0)
    assert [level.recipe.rates[part] for level in rated.levels] == [0.0, 0.1, 1.0]
    compare(base, {"pretrained": [None, str(weights)]}, seeds=2, store=store, workers=0)
    weights.unlink()
    assert frozen.kept
    assert resume_comparison(store, frozen.kept.name).values == frozen.values
