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

from whynet.engine.events import Event
from whynet.engine.fit import Fitted, all_probes
from whynet.engine.train import Watching
from whynet.experiment.compare import Comparison, compare
from whynet.experiment.resuming import resume_comparison
from whynet.recipe import recipe
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
