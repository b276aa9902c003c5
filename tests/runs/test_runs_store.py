"""Finding, listing, comparing, keeping and deleting."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from sqlalchemy import text

from whynet.engine import fit as engine
from whynet.errors import StoreError
from whynet.recipe import Recipe
from whynet.runs import schema
from whynet.runs.owner import this_process
from whynet.runs.store import Store
from whynet.text import use_language


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with rows whose ids and times are known."""
    ids = ["20260101-090000-aaaa", "20260101-090000-aabb", "20260102-120000-cccc"]
    with store.database.write() as connection:
        for i, one in enumerate(ids):
            row = {"kind": "run", "name": "n", "label": "", "status": "finished", "step": 1, "total_steps": 2}
            connection.execute(schema.runs.insert().values(id=one, created=1000.0 + i, **row))
    return store


def test_the_newest_comes_first(filled: Store) -> None:
    assert [run.id[-4:] for run in filled.runs()] == ["cccc", "aabb", "aaaa"]
    assert [run.id[-4:] for run in filled.runs(limit=2)] == ["cccc", "aabb"]
    assert filled.runs(status="diverged") == []
    assert len(filled.runs(status="finished", limit=1)) == 1


@pytest.mark.parametrize("name", ["20260102-120000-cccc", "20260102", "cccc", "last"])
def test_a_run_is_found_by_what_identifies_it(filled: Store, name: str) -> None:
    assert filled.find(name).id == "20260102-120000-cccc"


def test_a_beginning_that_fits_several_names_them(filled: Store) -> None:
    with pytest.raises(StoreError, match="fits 2 runs: 20260101-090000-aaaa, 20260101-090000-aabb"):
        filled.find("20260101")


@pytest.mark.parametrize("name", ["", "%", "_", "20260102-120000-cccd", "zzzz"])
def test_a_name_that_fits_none_gets_the_nearest(filled: Store, name: str) -> None:
    with pytest.raises(StoreError, match="20260102-120000-cccc"):
        filled.find(name)


def test_looking_into_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    assert store.runs() == []
    with pytest.raises(StoreError, match="is empty"):
        store.open("last")
    assert not (tmp_path / "runs").exists()


def test_errors_speak_korean(store: Store) -> None:
    with use_language("ko"), pytest.raises(StoreError, match="비어 있다"):
        store.open("last")


def test_comparing_names_what_differs(store: Store, small: Recipe) -> None:
    for one in (small, small.change(**{"optimizer.lr": 0.2}, seed=1)):
        store.save(engine.fit(one, tier="eager"))
    after, before = store.runs()
    assert [str(d) for d in store.compare(before.id, after.id)] == ["optimizer.lr: 0.1 → 0.2", "seed: 0 → 1"]


def test_the_same_own_network_on_the_same_data_is_no_difference(store: Store) -> None:
    from torch import nn

    from whynet.recipe import recipe

    net = nn.Linear(2, 2)
    for lr in ("0.1", "0.2"):
        store.save(engine.fit(recipe("moons(n=60)", net, optimizer=f"sgd(lr={lr})", epochs=1, batch_size=16), tier="eager"))
    store.save(
        engine.fit(recipe("moons(n=60)", nn.Linear(2, 2), optimizer="sgd(lr=0.2)", epochs=1, batch_size=16), tier="eager")
    )
    third, second, first = (run.id for run in store.runs())
    assert [d.path for d in store.compare(first, second)] == ["optimizer.lr"]
    assert [d.path for d in store.compare(second, third)] == ["model"]


def test_a_kept_result_comes_back_and_is_listed(store: Store) -> None:
    payload = {"verdict": "no difference", "p": 0.4, "arms": [1, 2]}
    folder = store.keep("comparison", "relu or tanh", payload, {"report.html": b"<html>", "data.csv": b"1"})
    assert folder.parent == store.folder
    assert (folder / "report.html").read_bytes() == b"<html>"
    kept = store.result(folder.name)
    assert (kept.kind, kept.name, kept.payload, kept.folder) == ("comparison", "relu or tanh", payload, folder)
    assert [(one.kind, one.name) for one in store.runs()] == [("comparison", "relu or tanh")]
    assert store.runs(kind="run") == []
    with pytest.raises(StoreError, match="not a run, but a kept comparison"):
        store.open(folder.name)


def test_the_last_run_is_a_run_whatever_was_kept_since(store: Store, small: Recipe) -> None:
    run = store.save(engine.fit(small, tier="eager"))
    store.keep("answer", "why", {})
    assert store.open("last").id == run.id
    assert store.find("last").kind == "answer"
    with pytest.raises(StoreError, match="is a run"):
        store.result(run.id)


@pytest.mark.parametrize("name", ["../escape", "/etc/escape", "a/b", ""])
def test_a_kept_file_stays_in_its_folder(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="name of a file"):
        store.keep("answer", "why", {}, {name: b"x"})
    assert store.runs() == []
    assert [path.name for path in store.folder.iterdir() if path.is_dir()] == []


def test_deleting_removes_rows_and_files_of_that_run_only(store: Store, small: Recipe) -> None:
    first, second = (store.save(engine.fit(small, tier="eager")) for _ in range(2))
    store.delete(first.id)
    assert [run.id for run in store.runs()] == [second.id]
    assert not first.folder.exists()
    assert second.folder.exists()
    with store.database.read() as connection:
        assert set(connection.execute(text("select run from whynet_history")).scalars()) == {second.id}


def test_a_listing_reads_no_history(filled: Store) -> None:
    with filled.database.write() as connection:
        connection.execute(text("drop table whynet_history"))
    assert len(filled.runs()) == 3


def test_a_store_travels_to_other_processes(filled: Store) -> None:
    assert pickle.loads(pickle.dumps(filled)).runs() == filled.runs()


def test_a_database_url_and_a_folder_make_a_store(tmp_path: Path, small: Recipe) -> None:
    store = Store(f"sqlite:///{tmp_path}/team.db", folder=tmp_path / "weights")
    run = store.save(engine.fit(small, tier="eager"))
    assert run.folder.parent == tmp_path / "weights"
    assert Store(f"sqlite:///{tmp_path}/team.db", folder=tmp_path / "weights").open("last").history == run.history


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "running"),
        ({"pid": 2**22 + 1}, "interrupted"),  # above the largest pid of Linux
        ({"started": "1"}, "interrupted"),  # the number was given again
        ({"boot": "before"}, "interrupted"),
        ({"host": "elsewhere"}, "interrupted"),  # silent since 1970
    ],
    ids=["here", "no such pid", "pid given again", "before the boot", "elsewhere"],
)
def test_a_run_whose_process_is_gone_was_interrupted(filled: Store, change: dict[str, object], status: str) -> None:
    owner = json.dumps({**json.loads(this_process()), **change})
    with filled.database.write() as connection:
        connection.execute(schema.runs.update().values(status="running", owner=owner, heartbeat=0.0))
    assert {run.status for run in filled.runs()} == {status}
