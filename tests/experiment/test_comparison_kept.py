"""A comparison that is kept outlives any interruption: what comes out is what would have come out, bit for bit."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import whynet
from whynet.engine.events import Event
from whynet.engine.fit import Fitted, all_probes
from whynet.engine.train import Watching
from whynet.errors import RecipeError, StoreError
from whynet.experiment.compare import Comparison, compare
from whynet.experiment.progress import Progress
from whynet.experiment.resuming import resume, resume_comparison
from whynet.recipe import Recipe, recipe
from whynet.runs.store import Store
from whynet.runs.underway import Phase, StoppedComparisonError

BASE = recipe("moons(n=60)", "mlp(widths=[4])", optimizer="sgd(lr=0.1)", steps=30, batch_size=16)
FACTOR = {"optimizer.lr": [0.1, 1e30, 0.5]}  # the second diverges
WATCHING = Watching(all_probes(), evaluations=4)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def saving_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every step, so that an interruption finds one."""
    for method in ("begin_comparison", "take_up"):
        kind: Any = getattr(Store, method)
        monkeypatch.setattr(Store, method, lambda self, *given, kind=kind: kind(self, *given, every=0.0))


def made(store: Store | None, factor: Any = FACTOR, **how: Any) -> Comparison:
    how = {"workers": 0, "watching": WATCHING, **how}
    return compare(BASE, factor, 3, store=store, **how)


def same(one: Comparison, other: Comparison) -> None:
    """Equal to the last bit, in all but how long it took."""
    a, b = ({**made.to_dict(), "seconds": 0.0, "plan": []} for made in (one, other))
    assert json.dumps(a) == json.dumps(b)
    assert one.arms.keys() == other.arms.keys()
    for level in one.arms:
        for ours, theirs in zip(one.arms[level], other.arms[level], strict=True):
            assert fingerprint(ours) == fingerprint(theirs)


def fingerprint(one: Fitted) -> tuple[Any, ...]:
    """Everything that is known of an arm; NaN equals NaN of the same bits."""
    history, outcome = one.history, one.outcome
    return (
        one.arm.label, one.recipe, outcome.status, outcome.step, str(outcome.why), bits(history.loss),
        [(e.step, e.split, bits([e.epoch, e.loss, e.metric])) for e in history.evaluations],
        [(r.step, r.probe, r.layer, bits([r.value])) for r in history.readings],
        outcome.weights.numpy().tobytes(), {name: value.numpy().tobytes() for name, value in outcome.buffers.items()},
    )  # fmt: skip


def bits(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def stop_after(events: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after so many events that the store has kept."""
    keep, seen = Phase._keep, iter(range(events))

    def stopping(self: Phase, group: list[int], event: Event) -> None:
        keep(self, group, event)
        if next(seen, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(Phase, "_keep", stopping)


# --- interrupted ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("saving_always")
@pytest.mark.parametrize(("events", "stack"), [(3, True), (40, True), (150, False)])
def test_after_ctrl_c_it_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch, events: int, stack: bool) -> None:
    with monkeypatch.context() as patch:
        stop_after(events, patch)
        with pytest.raises(StoppedComparisonError) as stopped:
            made(store, stack=stack)
    assert store.find("last").status == "interrupted"
    assert f"whynet resume {stopped.value.run}" in str(stopped.value)
    same(resume_comparison(store, stopped.value.run), made(None, stack=stack))
    assert store.find("last").status == "finished"


@pytest.mark.usefixtures("saving_always")
def test_interrupted_again_and_again_while_rates_are_tuned_and_while_levels_are_compared(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    factor = {"optimizer": ["sgd", "adam"]}
    whole, stops = made(None, factor), 0
    while not store.runs() or store.find("last").status != "finished":
        with monkeypatch.context() as patch:
            stop_after(37, patch)
            try:
                final = made(store, factor) if not stops else resume_comparison(store, "last")
            except StoppedComparisonError:
                stops += 1
    assert stops > 3
    same(final, whole)
    same(resume_comparison(store, "last"), whole)  # reopened


CHILD = """
import functools, sys
from whynet.engine.fit import all_probes
from whynet.engine.train import Watching
from whynet.experiment.compare import compare
from whynet.experiment.resuming import resume_comparison
from whynet.recipe import from_json
from whynet.runs.store import Store
folder, workers, base = sys.argv[1], int(sys.argv[2]), from_json(sys.argv[3])
Store.begin_comparison = functools.partialmethod(Store.begin_comparison, every=0.0)
compare(
    base, {"optimizer.lr": [0.1, 1e30, 0.5]}, 3, store=Store(folder), watching=Watching(all_probes(), evaluations=4), workers=workers,
    listen=lambda told: print(told.done, flush=True),
)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="killing needs a system with signals")
@pytest.mark.parametrize(("how", "workers"), [(signal.SIGKILL, 0), (signal.SIGKILL, 2), (signal.SIGTERM, 0)])
def test_killed_from_outside_it_goes_on_and_leaves_no_process(tmp_path: Path, how: signal.Signals, workers: int) -> None:
    """The signal comes while some arms train; its workers end with it."""
    base, store = BASE.change(steps=800), Store(tmp_path / "runs")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store.folder), str(workers), base.to_json()], stdout=subprocess.PIPE, text=True
    )
    with child.stdout or pytest.fail("it has no output") as said:
        for _ in said:
            if store.find("last").step > 0:
                break
        own = children(child.pid)
        child.send_signal(how)
        assert child.wait() == -how
    assert len(own) == workers
    found = store.comparison("last")
    assert found.status == "interrupted"
    assert 0 < found.summary.step < found.summary.total_steps == 9 * 800
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in own) and time.monotonic() < deadline:
        os.sched_yield()
    assert not [pid for pid in own if Path(f"/proc/{pid}").exists()]
    same(resume_comparison(store, found.id), compare(base, FACTOR, 3, watching=WATCHING, workers=workers))


def children(pid: int) -> list[int]:
    return [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]


# --- kept -------------------------------------------------------------------------------------------------------------


def test_every_history_is_kept(store: Store) -> None:
    whole = made(store)
    found = store.comparison("last")
    assert whole.kept == found.folder
    assert (found.status, found.paths, found.seeds, found.metric) == ("finished", ("optimizer.lr",), (0, 1, 2), "accuracy")
    assert found.levels == {level.name: level.recipe for level in whole.levels}
    arms = found.arms()
    assert [(arm.level, arm.seed) for arm in arms] == [(level, seed) for level in whole.arms for seed in range(3)]
    for arm, theirs in zip(arms, [one for own in whole.arms.values() for one in own], strict=True):
        assert repr(arm.history) == repr(theirs.history)
        assert (arm.status, str(arm.why)) == (theirs.outcome.status, str(theirs.outcome.why))
        assert fingerprint(arm.fitted) == fingerprint(theirs)
    assert any(arm.history.probe("gradient_norm").size for arm in arms)
    assert store.result("last").payload["levels"] == whole.to_dict()["levels"]
    assert not list(found.folder.glob("*.checkpoint"))
    same(resume(store, "last"), whole)  # type: ignore[arg-type]


def test_last_is_the_newest_of_runs_and_comparisons(store: Store) -> None:
    made(store)
    run = whynet.fit(BASE, store)
    store.keep("answer", "later", {})
    again: Any = whynet.resume(store, "last")
    assert again.id == run.id


def test_deleted_it_leaves_nothing(store: Store) -> None:
    made(store)
    found = store.comparison("last")
    store.delete(found.id)
    assert not store.runs()
    assert not found.folder.exists()
    assert not found.arms()


# --- refused ----------------------------------------------------------------------------------------------------------


def interrupted(store: Store, monkeypatch: pytest.MonkeyPatch, base: Recipe = BASE, factor: Any = FACTOR) -> str:
    """A comparison in which no arm has ended, but something was saved."""
    with monkeypatch.context() as patch:
        stop_after(20, patch)
        with pytest.raises(StoppedComparisonError) as stopped:
            compare(base, factor, 3, store=store, workers=0)
    return stopped.value.run


def test_data_that_changed_is_refused(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "table.csv"
    rows = [f"{i % 7},{i % 5},{'ab'[i % 2]}" for i in range(60)]
    table.write_text("\n".join(["x,y,label", *rows]))
    run = interrupted(store, monkeypatch, BASE.change(data=f"csv('{table}', target='label')"))
    table.write_text("\n".join(["x,y,label", *rows[:-1], "6,1,a"]))
    with pytest.raises(StoreError, match="its data are not what they were"):
        resume_comparison(store, run)
    assert store.find(run).status == "interrupted"
    table.write_text("\n".join(["x,y,label", *rows]))
    assert len(resume_comparison(store, run).arms) == 3


def test_objects_of_the_users_own_are_kept_but_cannot_go_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    base = BASE.change(model=nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)))
    run = interrupted(store, monkeypatch, base)
    with pytest.raises(StoreError, match="Python objects of your own"):
        resume_comparison(store, run)
    whole = compare(base, {"optimizer.lr": [0.1, 0.5]}, 2, store=store, workers=0)
    arms = store.comparison("last").arms()
    assert [repr(arm.history) for arm in arms] == [repr(one.history) for own in whole.arms.values() for one in own]
    with pytest.raises(StoreError, match="cannot be made again"):
        _ = arms[0].fitted


def test_what_another_process_trains_is_left_alone(store: Store) -> None:
    def listen(told: Progress) -> None:
        with pytest.raises(StoreError, match="another process"):
            resume_comparison(Store(store.folder), "last")
        with pytest.raises(StoreError, match="not ended"):
            store.result("last")

    compare(BASE, FACTOR, 2, store=store, workers=0, listen=listen)


def test_what_cannot_begin_leaves_nothing(store: Store) -> None:
    with pytest.raises(RecipeError):
        compare(BASE.change(batch_size=1000), FACTOR, 2, store=store, workers=0)
    assert not store.runs()


@pytest.mark.usefixtures("saving_always")
def test_a_damaged_file_costs_only_the_arms_in_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = interrupted(store, monkeypatch)
    for path in store.comparison(run).folder.glob("*.checkpoint"):
        path.write_bytes(b"cut short")
    resumed = resume_comparison(store, run)
    assert any("trained again" in str(note) for note in resumed.notes)
    whole = compare(BASE, FACTOR, 3, workers=0)
    assert resumed.values == whole.values


def test_a_full_disk_costs_no_result(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr("whynet.runs.underway.files.write_tensors", full)
    whole = compare(BASE, FACTOR, 2, store=store, workers=0)
    assert any("disk is full" in str(note) for note in whole.notes)
    assert whole.values == compare(BASE, FACTOR, 2, workers=0).values
