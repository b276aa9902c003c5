"""Which cluster is meant, what to say where there is none, and how the work is cut for it; without a cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from whynet.engine import cluster
from whynet.engine.arm import prepare
from whynet.engine.cluster import Cluster, reach
from whynet.engine.plan import Plan, make_plan
from whynet.errors import MissingExtraError, OptionError, TrainingError
from whynet.recipe import recipe


@pytest.mark.parametrize("on", ["", "rya", "ray:", "ray:host", "ray:host:", "ray::6379", "ray:host:port", "ray://host:10001"])
def test_a_place_is_ray_or_an_address(on: str) -> None:
    with pytest.raises(OptionError, match=r"Expected the cluster as ray") as caught:
        reach(on)
    assert str(caught.value).endswith(f"Received: {on}")


def test_no_workers_on_a_cluster_contradict_each_other() -> None:
    with pytest.raises(OptionError, match="takes one worker at least"):
        make_plan([], workers=0, on="ray")


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'whynet\[scale\]'"):
        reach("ray")


class Unconnected:
    """Ray, as far as it is asked before there is a connection."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def is_initialized(self) -> bool:
        return False

    def init(self, address: str, **settings: Any) -> None:
        self.asked.append((address, settings))
        raise RuntimeError("Version\nmismatch")


@pytest.fixture
def unconnected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Unconnected:
    made = Unconnected()
    monkeypatch.setattr(cluster, "library", lambda: made)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return made


def test_a_silent_address_is_named_at_once(unconnected: Unconnected) -> None:
    with pytest.raises(TrainingError, match="No Ray cluster answers at localhost:1"):
        reach("ray:localhost:1")
    assert not unconnected.asked


def test_a_local_cluster_is_started_where_none_runs(unconnected: Unconnected, tmp_path: Path) -> None:
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")  # of one that crashed
    with pytest.raises(TrainingError, match=r"No Ray cluster could be started on this machine.* Ray says: Version mismatch"):
        reach("ray")
    [(address, settings)] = unconnected.asked
    assert address == "local"
    assert settings["num_cpus"] == cluster.cores()
    assert settings["include_dashboard"] is False


def test_the_environment_names_a_cluster(unconnected: Unconnected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_answers", lambda address: True)
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    with pytest.raises(TrainingError, match=r"cluster at head:6379 cannot be used from here.* Ray says: Version mismatch"):
        reach("ray")
    [(address, settings)] = unconnected.asked
    assert address == "head:6379"
    assert "num_cpus" not in settings
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(TrainingError, match=r"Expected RAY_ADDRESS to be HOST:PORT .*Received: ray://head:10001"):
        reach("ray")


def test_the_plan_cuts_for_as_many_tasks_as_there_are_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    one = prepare(recipe("iris", "mlp(widths=[8])", steps=2))

    def planned(cpus: int, **settings: Any) -> Plan:
        monkeypatch.setattr("whynet.engine.plan.reach", lambda on: Cluster("head:1", 1, cpus, 2**30))
        return make_plan([one] * 16, on="ray", **settings)

    plans = {cpus: planned(cpus) for cpus in (1, 3, 8)}
    assert {cpus: plan.workers for cpus, plan in plans.items()} == {1: 1, 3: 3, 8: 8}
    assert {cpus: len(plan.chunks) for cpus, plan in plans.items()} == {1: 1, 3: 3, 8: 8}
    assert planned(8, workers=2).workers == 2
    assert planned(2, workers=8).workers == 2
