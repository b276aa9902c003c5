"""Training on a Ray cluster comes out bit for bit as in workers here, whatever happens to its nodes, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from cloudpickle import register_pickle_by_value
from torch import Tensor, nn

from whynet.engine import cluster_task, jobs
from whynet.engine.arm import Arm, prepare
from whynet.engine.cluster import Cluster, library, reach
from whynet.engine.cluster_task import Task, cluster_crew
from whynet.engine.events import ArmLeft, Checkpointed, Event, Finished, Noticed, Outcome, Started, Stepped
from whynet.engine.fit import Fitted, all_probes, fit_all
from whynet.engine.jobs import Job
from whynet.engine.plan import Chunk, Plan
from whynet.engine.train import Watching
from whynet.engine.workers import crew as local_crew
from whynet.errors import RecipeError, TrainingError
from whynet.experiment.compare import compare
from whynet.recipe import recipe
from whynet.text import Text

register_pickle_by_value(sys.modules[__name__])  # a task cannot import this file, whatever the working folder is

LOOK = Watching(all_probes(), evaluations=3)
NET = 'mlp(widths=[8], norm="batch", dropout=0.2)'
STORE = 80 * 2**20  # bytes for objects on each node, the least Ray takes


LEAST = {"object_store_memory": STORE}
HEAD = {"num_cpus": 1, "include_dashboard": False, "_system_config": {"health_check_period_ms": 200}, **LEAST}


class Machines:
    """Two machines of one CPU each, as far as Ray can tell; we are on the first."""

    def __init__(self) -> None:
        library()
        from ray.cluster_utils import Cluster as Several

        self.all = Several(initialize_head=True, head_node_args=HEAD)
        self.second = self.all.add_node(num_cpus=1, **LEAST)

    def lose(self) -> None:
        """The second machine is gone from one moment to the next."""
        self.all.remove_node(self.second, allow_graceful=False)

    def mend(self) -> None:
        """A new one in its place, once all know that the old one is gone."""
        self.second = self.all.add_node(num_cpus=1, **LEAST)
        assert wait_for(lambda: sum(node["Alive"] for node in library().nodes()) == 2)


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # short: paths of sockets may have 107 characters
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        made = Machines()
        yield made
        library().shutdown()
        made.all.shutdown()
        local_crew.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place(machines: Machines) -> Cluster:
    return reach(f"ray:{machines.all.address}")


def arms(count: int = 4, **settings: Any) -> list[Arm]:
    return [prepare(recipe("iris", NET, **{"epochs": 3, **settings, "seed": s}), f"arm {s}") for s in range(count)]


def spread(on: Cluster | None, *chunks: tuple[int, ...]) -> Plan:
    return Plan(tuple(Chunk(chunk, 0.0) for chunk in chunks), 2, (), on)


def same(a: Outcome, b: Outcome) -> None:
    assert (a.status, a.step, str(a.why)) == (b.status, b.step, str(b.why))
    assert repr(a.history) == repr(b.history)
    assert torch.equal(a.weights.view(torch.int32), b.weights.view(torch.int32))  # so that NaN equals NaN
    assert a.buffers.keys() == b.buffers.keys()
    assert all(torch.equal(a.buffers[name], b.buffers[name]) for name in a.buffers)


def all_same(ones: list[Fitted], others: list[Fitted]) -> None:
    for one, other in zip(ones, others, strict=True):
        same(one.outcome, other.outcome)


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


# --- the same numbers ------------------------------------------------------------------------------------------------


def test_a_cluster_and_workers_here_agree_to_the_last_bit(place: Cluster) -> None:
    chunks = ((0, 1, 2), (3,))
    told: list[tuple[tuple[int, ...], Event]] = []
    there = fit_all(arms(), LOOK, lambda group, event: told.append((tuple(group), event)), plan=spread(place, *chunks))
    all_same(fit_all(arms(), LOOK, plan=spread(None, *chunks)), there)
    for group in chunks:
        kinds = [type(event) for whose, event in told if whose == group]
        assert (kinds[0], kinds[-1]) == (Started, Finished)
        assert kinds.count(Finished) == 1
        assert Stepped in kinds
    assert not [event for _, event in told if isinstance(event, Checkpointed | Noticed)]


def test_a_comparison_is_planned_for_the_cluster_and_comes_out_as_here(machines: Machines, place: Cluster) -> None:
    base = recipe("iris", NET, epochs=2)
    here = compare(base, {"model.activation": ["relu", "tanh"]}, seeds=3, workers=0)
    there = compare(base, {"model.activation": ["relu", "tanh"]}, seeds=3, on=f"ray:{machines.all.address}")
    assert there.values == here.values
    assert there.plan
    assert there.plan.workers == 2
    assert there.plan.cluster == place
    words = f"The Ray cluster at {machines.all.address} offers 2 CPUs (nodes: 2); networks train in 2 tasks at a time"
    assert any(str(one).startswith(words) for one in there.plan.explain())


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_lost_node_costs_what_it_did_since_its_last_checkpoint(machines: Machines, place: Cluster) -> None:
    every, told = arms(4, epochs=60), []
    watching = Watching(all_probes(), evaluations=5, checkpoint_every=0.05)
    crew, here = cluster_crew(), library().get_runtime_context().get_node_id()
    lost: list[int] = []

    def listen(group: list[int], event: Event) -> None:
        told.append((group[0], type(event)))
        if isinstance(event, Checkpointed) and not lost:
            [one] = [one for one in crew.workers if isinstance(one, Task) and one.job and one.job.arms == group]
            if one.node != here:
                lost.append(group[0])
                machines.lose()

    given: list[list[int]] = []
    hire = crew.hire
    crew.hire = lambda heard: _telling(hire(heard), given)
    try:
        result = crew.train([Job([0, 1]), Job([2, 3])], every, watching, "auto", 2, listen)
    finally:
        machines.mend()
    assert lost
    assert not result.remaining
    steps = [step for arm, step in given if arm == lost[0]]
    assert len(steps) == 2
    assert steps[1] > steps[0] == 0  # on from where it was, not from the beginning
    assert told.count((lost[0], Started)) == 1
    undisturbed = fit_all(arms(4, epochs=60), watching, plan=spread(None, (0, 1), (2, 3)))
    for i, one in enumerate(undisturbed):
        same(one.outcome, result.outcomes[i])


def _telling(one: Any, given: list[Any]) -> Any:
    """The worker, which tells of each job its first arm and the step it is to go on from."""
    send = one.send

    def told(number: int, parcel: bytes) -> None:
        saved = one.job.saved
        given.append((one.job.arms[0], saved.step if saved else 0))
        send(number, parcel)

    one.send = told
    return one


class Deadly(nn.Linear):
    """Ends its process at the first training step beyond the trial of a recipe."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] > 2:
            os._exit(3)
        return super().forward(x)


class Failing(nn.Linear):
    """Fails there."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] > 2:
            raise RecipeError(Text("no more of {what}", "{what:은} 그만").fill(what="this"))
        return super().forward(x)


def one_of(kind: type[nn.Linear], label: str) -> list[Arm]:
    return [prepare(recipe("iris", lambda: kind(4, 3), epochs=1), label)]


def test_a_job_that_ends_every_task_is_given_up(place: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "DEATHS", 1)
    with pytest.raises(TrainingError, match=r"The task that trained deadly on the Ray cluster was ended 1 times") as caught:
        fit_all(one_of(Deadly, "deadly"), tier="eager", plan=spread(place, (0,)))
    assert "클러스터에서 deadly를 학습하던" in caught.value.message.show("ko")


def test_an_error_in_a_task_is_that_error_here(place: Cluster) -> None:
    with pytest.raises(RecipeError, match="no more of this") as caught:
        fit_all(one_of(Failing, "failing"), tier="eager", plan=spread(place, (0,)))
    assert "In a worker" in caught.value.__notes__[0]


def test_an_arm_that_leaves_is_heard_of_and_what_cannot_be_sent_stays_here(place: Cluster) -> None:
    def holding() -> nn.Module:
        net = nn.Linear(4, 3)
        net.source = lambda: machine  # type: ignore[assignment]  # which cannot be written down
        return net

    machine = sys._getframe()
    wild = [prepare(recipe("iris", "mlp(widths=[8])", "mse", f"sgd(lr={lr})", epochs=3), f"{lr}") for lr in (0.1, 1e9)]
    every = [*wild, prepare(recipe("iris", holding, epochs=1), "holder")]
    told: list[Event] = []
    fitted = fit_all(every, LOOK, lambda group, event: told.append(event), plan=spread(place, (0, 1), (2,)))
    assert [one.outcome.status for one in fitted] == ["finished", "diverged", "finished"]
    assert [event.arm for event in told if isinstance(event, ArmLeft)] == [1]
    [note] = [event.note for event in told if isinstance(event, Noticed)]
    assert str(note).startswith("holder is trained in this process, because it cannot be sent")


def test_a_node_with_another_version_is_named(place: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cluster_task, "_looking", lambda: lambda: {"whynet": None, "torch": "1.0"})
        crew = cluster_crew()
    with pytest.raises(
        TrainingError, match=r"Node .+ of the Ray cluster has whynet -, torch 1.0, and here it is whynet 0"
    ) as caught:
        crew.train([Job([0])], arms(1), LOOK, "auto", 1)
    assert not hasattr(caught.value, "__notes__")
    assert not crew.workers


# --- which cluster ---------------------------------------------------------------------------------------------------


def test_a_running_cluster_is_found_and_another_refused(machines: Machines, place: Cluster) -> None:
    assert place.address == machines.all.address
    assert (place.nodes, place.cpus) == (2, 2)
    assert place.memory > 0
    assert reach("ray") == place
    port = place.address.rpartition(":")[2]
    assert reach(f"ray:localhost:{port}") == place
    with pytest.raises(TrainingError, match=f"already belongs to the Ray cluster at {place.address}.* Received: 10.0.0.1:6379"):
        reach("ray:10.0.0.1:6379")


# --- nothing is left behind ------------------------------------------------------------------------------------------


def test_who_is_interrupted_leaves_no_task(place: Cluster) -> None:
    def listen(group: list[int], event: Event) -> None:
        if isinstance(event, Stepped):
            raise KeyboardInterrupt

    endless = [prepare(recipe("iris", NET, steps=10**6, seed=seed)) for seed in range(3)]
    crew = cluster_crew()
    with pytest.raises(KeyboardInterrupt):
        crew.train([Job([0]), Job([1]), Job([2])], endless, Watching(evaluations=1), "eager", 2, listen)
    assert not crew.workers
    assert wait_for(lambda: library().available_resources().get("CPU") == 2)


SCRIPT = """
from whynet.engine.arm import prepare
from whynet.engine.events import Stepped
from whynet.engine.fit import fit_all
from whynet.engine.train import Watching
from whynet.recipe import recipe

def listen(group, event):
    if isinstance(event, Stepped):
        print("training", flush=True)

arms = [prepare(recipe("iris", steps=10**6, seed=seed)) for seed in range(2)]  # and no guard for __main__
fit_all(arms, Watching(evaluations=1), listen, tier="eager", stack=False, on="ray")
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_a_cluster_of_our_own_ends_with_us_and_says_nothing(tmp_path: Path) -> None:
    script, folder = tmp_path / "unguarded.py", tempfile.mkdtemp(prefix="ray", dir="/tmp")
    script.write_text(SCRIPT)
    environment = {**os.environ, "RAY_TMPDIR": folder, "RAY_ADDRESS": ""}
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert parent.stdout
        assert parent.stdout.readline() == "training\n"
        assert len(_of(folder)) > 2
        parent.send_signal(signal.SIGINT)
        said, words = parent.communicate(timeout=60)
        assert set(said.split()) <= {"training"}
        assert words.startswith("Traceback")
        assert words.rstrip().endswith("KeyboardInterrupt")
        assert wait_for(lambda: not _of(folder))
    finally:
        parent.kill()
        parent.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _of(folder: str) -> list[str]:
    """Processes that were started with this folder in their environment and still live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            alive = (path.parent / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
            if alive and f"RAY_TMPDIR={folder}".encode() in path.read_bytes().split(b"\0"):
                found.append(path.parent.name)
        except OSError:
            continue
    return found
