"""Training in other processes comes out bit for bit as here, whatever happens to them, and leaves nothing behind."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from cloudpickle import register_pickle_by_value
from torch import Tensor, nn

from whynet import registry
from whynet.engine import jobs, worker, workers
from whynet.engine.arm import Arm, prepare
from whynet.engine.events import ArmLeft, Checkpointed, Event, Finished, Noticed, Outcome, Started, Stepped
from whynet.engine.fit import Fitted, all_probes, fit_all, follow
from whynet.engine.parcel import UnsendableError, pack, written
from whynet.engine.plan import Chunk, Plan
from whynet.engine.train import Watching, train
from whynet.engine.workers import crew
from whynet.errors import RecipeError, TrainingError, WhynetError
from whynet.experiment.progress import Meter, Progress
from whynet.recipe import recipe
from whynet.registry import register
from whynet.text import Text, plain

register_pickle_by_value(sys.modules[__name__])  # a worker cannot import this file, whatever the working folder is

LOOK = Watching(all_probes(), evaluations=3)
NET = 'mlp(widths=[8], norm="batch", dropout=0.2)'


@pytest.fixture(autouse=True, scope="module")
def _ended() -> Iterator[None]:
    yield
    crew.close()


def arms(count: int = 4, **settings: Any) -> list[Arm]:
    return [prepare(recipe("iris", NET, **{"epochs": 3, **settings, "seed": s}), f"arm {s}") for s in range(count)]


def spread(count: int, *chunks: tuple[int, ...]) -> Plan:
    return Plan(tuple(Chunk(chunk, 0.0) for chunk in chunks), count)


def same(a: Outcome, b: Outcome) -> None:
    assert (a.status, a.step, str(a.why)) == (b.status, b.step, str(b.why))
    assert repr(a.history) == repr(b.history)
    assert torch.equal(a.weights.view(torch.int32), b.weights.view(torch.int32))  # so that NaN equals NaN
    assert a.buffers.keys() == b.buffers.keys()
    assert all(torch.equal(a.buffers[name], b.buffers[name]) for name in a.buffers)


def all_same(ones: list[Fitted], others: list[Fitted]) -> None:
    for one, other in zip(ones, others, strict=True):
        same(one.outcome, other.outcome)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def wait_for(condition: Any, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


# --- the same numbers ------------------------------------------------------------------------------------------------


def test_zero_one_and_two_workers_agree_to_the_last_bit() -> None:
    chunks = ((0, 1, 2), (3,))
    runs = [fit_all(arms(), LOOK, plan=spread(count, *chunks)) for count in (0, 1, 2)]
    all_same(runs[0], runs[1])
    all_same(runs[0], runs[2])


def test_a_cut_stack_is_the_whole_one() -> None:
    all_same(fit_all(arms(), LOOK, plan=spread(0, (0, 1, 2, 3))), fit_all(arms(), LOOK, plan=spread(2, (0, 2), (3, 1))))


def test_objects_of_the_user_travel_and_stay_what_they_are() -> None:
    """A lambda that makes networks, a lambda as a loss, tensors: none of them is called or made again elsewhere."""
    x = torch.randn(60, 6, generator=torch.Generator().manual_seed(0))

    def made() -> list[Arm]:
        calls = iter(range(100))

        def factory() -> nn.Module:
            next(calls)  # which could not be sent
            return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))

        one = recipe((x, x[:, :1] * x[:, 1:2]), factory, lambda out, y: (out - y).abs().mean(), epochs=2, batch_size=10)
        return [prepare(one.change(seed=seed)) for seed in range(3)]

    told: list[Event] = []
    fitted = fit_all(made(), LOOK, lambda group, event: told.append(event), plan=spread(1, (0, 1), (2,)))
    all_same(fit_all(made(), LOOK, plan=spread(0, (0, 1), (2,))), fitted)
    assert not [event for event in told if isinstance(event, Noticed)]
    assert fitted[0].module(torch.zeros(1, 6)).shape == (1, 1)


def test_settings_of_torch_travel() -> None:
    before = torch.get_default_dtype()
    parcel = pack(arms(1), LOOK, "eager")
    try:
        torch.set_default_dtype(torch.float64)
        events = list(worker.work(7, parcel))  # as a worker does it
        assert torch.get_default_dtype() == before
    finally:
        torch.set_default_dtype(before)
    assert isinstance(events[-1].what, Finished)
    assert {event.job for event in events} == {7}


# --- what listeners hear ---------------------------------------------------------------------------------------------


def test_listeners_hear_of_every_group_and_progress_ends_at_its_total() -> None:
    every = arms()
    told: list[tuple[tuple[int, ...], Event]] = []
    said: list[Progress] = []
    meter = Meter(every, plain("training"), said.append)

    def listen(group: list[int], event: Event) -> None:
        told.append((tuple(group), event))
        meter(group, event)

    fit_all(every, Watching(evaluations=1), listen, plan=spread(2, (0, 1), (2, 3)))
    for group in ((0, 1), (2, 3)):
        kinds = [type(event) for whose, event in told if whose == group]
        assert (kinds[0], kinds[-1]) == (Started, Finished)
        assert kinds.count(Finished) == 1
    assert said[-1].done == said[-1].total == sum(arm.total_steps for arm in every)
    assert [one.done for one in said] == sorted(one.done for one in said)
    assert not [event for _, event in told if isinstance(event, Checkpointed)]  # nobody asked for them


def test_an_arm_that_leaves_is_heard_of_and_kept() -> None:
    every = [prepare(recipe("iris", "mlp(widths=[8])", "mse", f"sgd(lr={lr})", epochs=3), f"{lr}") for lr in (0.1, 1e9)]
    told: list[Event] = []
    fitted = fit_all(every, LOOK, lambda group, event: told.append(event), plan=spread(1, (0, 1)))
    assert [one.outcome.status for one in fitted] == ["finished", "diverged"]
    assert [event.arm for event in told if isinstance(event, ArmLeft)] == [1]
    all_same(fit_all(every, LOOK, plan=spread(0, (0, 1))), fitted)


def test_a_meter_counts_arms_of_different_lengths_once() -> None:
    every = [prepare(recipe("iris", NET, steps=steps)) for steps in (3, 5)]
    said: list[Progress] = []
    meter = Meter(every, plain("training"), said.append)
    for step in (2, 4, 1, 3, 5):  # a group that goes on from a checkpoint repeats steps
        meter([0, 1], Stepped(step, torch.zeros(2)))
        assert meter.done == {2: 4, 4: 7, 1: 7, 3: 7, 5: 8}[step]
    meter([0, 1], Finished(5, []))
    assert said[-1].done == said[-1].total == 8


# --- what goes wrong -------------------------------------------------------------------------------------------------


class Killer:
    """A listener that ends the worker of a group after some checkpoints, as often as it is told."""

    def __init__(self, times: int) -> None:
        self.times, self.ended, self.steps = times, 0, []

    def __call__(self, group: list[int], event: Event) -> None:
        if isinstance(event, Checkpointed):
            self.steps.append(event.step)
        if isinstance(event, Checkpointed) and self.ended < self.times:
            self.ended += 1
            os.kill(crew.workers[0].process.pid, signal.SIGKILL)


def test_a_killed_worker_is_replaced_and_its_job_goes_on() -> None:
    every, killer = arms(2, epochs=60), Killer(2)
    watching = Watching(all_probes(), evaluations=5, checkpoint_every=0.05)
    fitted = fit_all(every, watching, killer, plan=spread(1, (0, 1)))
    assert killer.ended == 2
    assert killer.steps == sorted(set(killer.steps))  # on from where it was, not from the beginning
    all_same(fit_all(arms(2, epochs=60), watching, plan=spread(0, (0, 1))), fitted)


def test_a_job_that_ends_every_worker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "DEATHS", 1)
    with pytest.raises(TrainingError, match=r"trained arm 0, arm 1 was ended 1 times \(exit code -9") as caught:
        fit_all(arms(2, epochs=60), Watching(checkpoint_every=0.05), Killer(9), plan=spread(1, (0, 1)))
    assert "arm 1을 학습하던" in caught.value.message.show("ko")
    assert not crew.workers  # and nobody is left at work


class Failing(nn.Linear):
    """Fails at its first training step beyond the trial of a recipe."""

    passes = 0

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] > 2:
            raise RecipeError(Text("no more of {what}", "{what:은} 그만").fill(what="this"))
        return super().forward(x)


def failing() -> nn.Module:
    class Local(Failing):  # of this function, so that it is sent whole
        pass

    Local.__module__ = Failing.__module__ = "__main__"
    return Local(4, 3)


def test_an_error_in_a_worker_is_that_error_here() -> None:
    every = [prepare(recipe("iris", failing, epochs=1))]
    with pytest.raises(RecipeError, match="no more of this") as here:
        fit_all(every, tier="eager", plan=spread(0, (0,)))
    with pytest.raises(RecipeError, match="no more of this") as there:
        fit_all(every, tier="eager", plan=spread(1, (0,)))
    assert there.value.message == here.value.message
    assert "In a worker" in there.value.__notes__[0]
    assert there.value.message.show("ko") == "this는 그만"


def test_errors_of_whynet_are_the_same_after_a_journey() -> None:
    error = TrainingError(Text("{n} steps", "{n} 스텝"), n=3)
    back = pickle.loads(written(error))
    assert isinstance(back, WhynetError)
    assert (type(back), back.message) == (TrainingError, error.message)


def test_what_cannot_be_sent_is_trained_here() -> None:
    class Holding(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 3)
            self.source = lambda: lock  # which cannot be written down

    lock = threading.Lock()
    lone = prepare(recipe("iris", Holding, epochs=1), "holder")
    with pytest.raises(UnsendableError):
        pack([lone], LOOK, "auto")
    told: list[Event] = []
    every = [lone, *arms(2)]
    fitted = fit_all(every, LOOK, lambda group, event: told.append(event), plan=spread(1, (0,), (1, 2)))
    all_same(fit_all(every, LOOK, plan=spread(0, (0,), (1, 2))), fitted)
    [note] = [event.note for event in told if isinstance(event, Noticed)]
    assert str(note).startswith("holder is trained in this process, because it cannot be sent")
    assert "holder는 다른 프로세스로 보낼 수 없어" in note.show("ko")


def test_what_cannot_be_read_there_is_trained_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class of a module that only this process has."""
    module = types.ModuleType("only_here")
    exec("from torch import nn\nclass Elsewhere(nn.Linear): pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    one = prepare(recipe("iris", lambda: module.Elsewhere(4, 3), epochs=1))
    told: list[Event] = []
    [fitted] = fit_all([one], LOOK, lambda group, event: told.append(event), plan=spread(1, (0,)))
    same(fitted.outcome, follow(train([one], LOOK))[0])
    [note] = [event.note for event in told if isinstance(event, Noticed)]
    assert "No module named 'only_here'" in str(note)


class KnownHereOnly(nn.Linear):
    """Registered by a test, which a worker does not run."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__(inputs[0], outputs)


def test_a_part_that_only_this_process_knows_is_sent_as_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))  # known to this test alone
    register("model", name="known_here_only", en="A layer.", ko="층 하나.")(KnownHereOnly)
    monkeypatch.setattr(KnownHereOnly, "__module__", "__main__")
    one = prepare(recipe("iris", "known_here_only", epochs=1))
    told: list[Event] = []
    [fitted] = fit_all([one], LOOK, lambda group, event: told.append(event), plan=spread(1, (0,)))
    same(fitted.outcome, follow(train([one], LOOK))[0])
    assert not [event for event in told if isinstance(event, Noticed)]


def test_arms_that_cannot_be_stacked_after_all_train_one_by_one() -> None:
    class Drawing(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + torch.normal(torch.zeros(()), 1.0)

    Drawing.__module__ = "__main__"
    every = [prepare(recipe("iris", lambda: Drawing(4, 3), epochs=1, seed=s)) for s in range(2)]
    together = fit_all(every, LOOK, plan=spread(1, (0, 1)))
    all_same(fit_all(every, LOOK, plan=spread(0, (0,), (1,))), together)


def test_where_no_process_can_be_started_all_is_trained_here(monkeypatch: pytest.MonkeyPatch) -> None:
    crew.close()
    monkeypatch.setattr(workers, "_CHILD", "raise SystemExit(1)")
    told: list[Event] = []
    fitted = fit_all(arms(2), LOOK, lambda group, event: told.append(event), plan=spread(2, (0,), (1,)))
    all_same(fit_all(arms(2), LOOK, plan=spread(0, (0,), (1,))), fitted)
    [note] = [event.note for event in told if isinstance(event, Noticed)]
    assert "No further process" in str(note)


def test_who_asks_while_the_workers_are_taken_trains_here() -> None:
    inner: list[Fitted] = []

    def listen(group: list[int], event: Event) -> None:
        if isinstance(event, Finished) and not inner:
            inner.extend(fit_all(arms(2), LOOK, plan=spread(1, (0, 1))))

    all_same(fit_all(arms(2), LOOK, listen, plan=spread(1, (0, 1))), inner)


def test_a_worker_starts_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert workers.allowed()
    monkeypatch.setattr(worker, "inside", True)
    assert not workers.allowed()


# --- nothing is left behind ------------------------------------------------------------------------------------------

SCRIPT = """
import torch

from whynet.engine.arm import prepare
from whynet.engine.fit import fit_all
from whynet.engine.plan import Chunk, Plan
from whynet.engine.train import Watching
from whynet.engine.workers import crew
from whynet.recipe import recipe

def listen(group, event):
    if len([one for one in crew.workers if one.job]) == 2:
        print(*(one.process.pid for one in crew.workers), flush=True)

data = torch.zeros(30, 2), torch.arange(30) % 3
arms = [prepare(recipe(data, steps=10**5, seed=seed)) for seed in range(2)]  # and no guard for __main__
fit_all(arms, Watching(evaluations=1), listen, plan=Plan((Chunk((0,), 0.0), Chunk((1,), 0.0)), 2))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(end: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(SCRIPT)
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert parent.stdout
    assert parent.stderr
    with parent.stdout, parent.stderr:
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2, parent.stderr.read()
        assert all(map(alive, pids))
        os.kill(pids[0], signal.SIGINT)  # as a terminal might; it is not for them
        assert alive(pids[0])
        parent.send_signal(end)
        parent.wait(timeout=30)
        assert wait_for(lambda: not any(map(alive, pids)), 10)
        if end == signal.SIGINT:
            words = parent.stderr.read()
            assert words.count("Traceback") == 1  # its own, and none of theirs
            assert "KeyboardInterrupt" in words


def test_an_idle_worker_ends_with_its_input() -> None:
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    one = workers.Process(heard)
    try:
        assert heard.get(timeout=60)[1].kind == "ready"
        assert one.process.stdin
        one.process.stdin.close()
        one.process.wait(timeout=10)
        assert heard.get(timeout=10)[1] is None
    finally:
        one.kill()
