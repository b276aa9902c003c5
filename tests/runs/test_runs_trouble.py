"""Full disks, read-only folders, damaged and foreign databases: a sentence, and nothing lost."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from whynet.engine import fit as engine
from whynet.engine.events import Event, Noticed, Stepped
from whynet.errors import StoreError
from whynet.recipe import Recipe, recipe
from whynet.runs import files, schema
from whynet.runs.fit import UnsavedError, fit
from whynet.runs.resume import resume
from whynet.runs.run import Run
from whynet.runs.store import Store
from whynet.runs.trouble import speaking
from whynet.text import use_language


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """A disk that can be filled and freed."""
    real = os.fsync

    def fill(full: bool) -> None:
        def fsync(handle: int) -> None:
            if full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)

    return fill


def test_a_full_disk_does_not_end_a_training_that_finds_room_again(
    store: Store, small: Recipe, full_disk: Callable[[bool], None], tmp_path: Path, same: Callable[[Run, Run], None]
) -> None:
    notes: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Stepped):
            full_disk(event.step == 6)
        if isinstance(event, Noticed):
            notes.append(str(event.note))

    run = fit(small, store, listen, tier="eager", checkpoint_every=0)
    assert len(notes) == 1
    assert "step 6 was not stored; the training goes on, and what is stored up to step 5 is safe. The disk is full" in notes[0]
    same(store.open("last"), run)
    same(run, fit(small, Store(tmp_path / "twin"), tier="eager"))


def test_a_full_disk_at_the_end_keeps_the_network_in_memory_and_the_checkpoint_on_disk(
    store: Store, small: Recipe, full_disk: Callable[[bool], None], tmp_path: Path, same: Callable[[Run, Run], None]
) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, Stepped):
            full_disk(event.step > 3)

    twin = fit(small, Store(tmp_path / "twin"), tier="eager")
    with pytest.raises(UnsavedError, match=r"The disk is full.*everything up to step 3.*\.fitted.*\.save\(\)") as caught:
        fit(small, store, listen, tier="eager", checkpoint_every=0)
    assert caught.value.fitted.history == twin.history
    assert store.open("last").history.steps == 3
    assert [path.suffix for path in store.open("last").folder.iterdir()] == [".safetensors"]  # no half-written file takes room
    with pytest.raises(StoreError, match="The disk is full"):
        caught.value.save()
    full_disk(False)
    caught.value.save()
    same(store.open("last"), twin)


def test_a_full_disk_at_the_start_is_said_before_the_training(
    store: Store, small: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mkdir(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store.database  # noqa: B018  made before the disk is full
    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(StoreError, match="The disk is full"):
        fit(small, store)


def test_a_database_that_is_full_is_a_full_disk(store: Store) -> None:
    def fill() -> None:
        with store.database.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            connection.execute(schema.store.insert(), [{"name": f"{i:032d}", "value": i} for i in range(2000)])

    with pytest.raises(StoreError, match="The disk is full"):
        fill()
    assert store.runs() == []


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_folder_that_may_not_be_written_is_said_so(
    store: Store, small: Recipe, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def mkdir(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(StoreError, match="cannot be written: no permission, or a read-only disk"):
        fit(small, store)


def test_a_folder_where_no_folder_can_be(small: Recipe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file, or lies below one"):
        fit(small, Store(tmp_path / "file" / "runs"))
    with pytest.raises(StoreError, match="A store is a folder, but"):
        Store(tmp_path / "file")


def test_runs_of_somebody_else_can_be_read_where_nothing_may_be_written(
    store: Store, small: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store.save(engine.fit(small, tier="eager"))
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK and real(path, mode))
    foreign = Store(store.folder)
    before = sorted(path.name for path in store.folder.iterdir())
    assert foreign.open("last").history == made.history
    assert sorted(path.name for path in store.folder.iterdir()) == before
    with pytest.raises(StoreError, match="cannot be written"):
        foreign.delete("last")


def test_a_file_that_is_no_database(store: Store) -> None:
    store.folder.mkdir()
    (store.folder / "whynet.db").write_text("these are notes about whynet" * 100)
    with pytest.raises(StoreError, match="is not a database, so this is not a whynet store"):
        store.runs()


def test_a_database_of_something_else(store: Store) -> None:
    store.folder.mkdir()
    with sqlite3.connect(store.folder / "whynet.db") as connection:
        connection.execute("create table birds (name text)")
    connection.close()
    for act in (store.runs, lambda: store.keep("answer", "x", {})):
        with pytest.raises(StoreError, match="but not a whynet store"):
            act()


def test_a_damaged_database_says_where_the_weights_are(store: Store, small: Recipe) -> None:
    store.save(engine.fit(small, tier="eager"))
    path = store.folder / "whynet.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged .*safetensors"):
        Store(store.folder).runs()


def test_an_empty_file_is_an_empty_store(store: Store, small: Recipe) -> None:
    store.folder.mkdir()
    (store.folder / "whynet.db").touch()  # killed between making the file and its tables
    assert store.runs() == []
    fit(small, Store(store.folder), tier="eager")
    assert len(store.runs()) == 1


def test_a_store_of_a_newer_version_is_left_alone(store: Store, small: Recipe) -> None:
    newer = schema.VERSION + 1
    store.save(engine.fit(small, tier="eager"))
    with store.database.write() as connection:
        connection.execute(schema.store.update().values(value=newer))
    content = (store.folder / "whynet.db").read_bytes()
    with pytest.raises(
        StoreError, match=rf"newer whynet .*version {newer}, this whynet knows {newer - 1}.*Nothing was changed"
    ):
        Store(store.folder).runs()
    assert (store.folder / "whynet.db").read_bytes() == content


def test_a_store_of_an_older_version_is_brought_up_to_date(
    store: Store, small: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(engine.fit(small, tier="eager"), name="old")
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 2)
    migrations = {
        schema.VERSION - 2: lambda connection: connection.execute(text("update whynet_runs set name = name || ' 2'")),
        schema.VERSION - 1: lambda connection: connection.execute(text("update whynet_runs set name = name || ' 3'")),
    }
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)
    for _ in range(2):  # once only
        assert [run.name for run in Store(store.folder).runs()] == ["old 2 3"]


def test_a_migration_that_fails_changes_nothing(store: Store, small: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(engine.fit(small, tier="eager"), name="old")
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 2)
    migrations = {
        schema.VERSION - 2: lambda connection: connection.execute(text("update whynet_runs set name = 'half'")),
        schema.VERSION - 1: lambda connection: connection.execute(text("update missing set name = 'done'")),
    }
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)
    with pytest.raises(StoreError, match="no such table: missing"):
        Store(store.folder).runs()
    monkeypatch.undo()
    assert [run.name for run in Store(store.folder).runs()] == ["old"]


def test_a_store_that_stays_locked_is_said_so(store: Store) -> None:
    store.keep("answer", "first", {})
    other = sqlite3.connect(store.folder / "whynet.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="is locked: another program"):
        store.keep("answer", "second", {})
    assert [one.name for one in store.runs()] == ["first"]  # reading goes on
    assert [one.name for one in Store(store.folder).runs()] == ["first"]
    assert len([path for path in store.folder.iterdir() if path.is_dir()]) == 1  # and no empty folder stays behind
    other.close()


@pytest.mark.parametrize("damage", ["gone", "cut", "garbage"])
def test_a_damaged_checkpoint_means_starting_anew_and_says_so(
    store: Store, small: Recipe, damage: str, tmp_path: Path, same: Callable[[Run, Run], None]
) -> None:
    interrupted(store, small, at=7)
    path = next(store.open("last").folder.glob("checkpoint-*"))
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9] if damage == "cut" else b"\xff" * 100)
    notes: list[str] = []
    run = resume(store, "last", lambda event: notes.append(str(event.note)) if isinstance(event, Noticed) else None)
    assert "cannot be used, so the training starts anew" in notes[0]
    same(run, fit(small, Store(tmp_path / "twin"), tier="eager"))
    same(store.open("last"), run)


def test_weights_that_are_gone_are_said_so(store: Store, small: Recipe) -> None:
    run = store.save(engine.fit(small, tier="eager"))
    (run.folder / "weights.safetensors").unlink()
    with pytest.raises(StoreError, match="are gone"):
        _ = store.open("last").module
    assert store.open("last").history == run.history  # the rest is not touched by that


def test_data_that_changed_since_are_noticed(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x,y\n" + "\n".join(f"{i},{i % 7}.5" for i in range(60)))
    one = recipe(f'csv(path="{path}", target="y")', "mlp(widths=[4])", epochs=3, batch_size=16)
    interrupted(store, one, at=5)
    path.write_text(path.read_text().replace("59,", "60,"))
    with pytest.raises(StoreError, match="its data are not what they were"):
        resume(store, "last")
    assert store.open("last").status == "interrupted"


def test_going_on_elsewhere_is_noticed(store: Store, small: Recipe) -> None:
    interrupted(store, small, at=5)
    with store.database.write() as connection:
        connection.execute(text('update whynet_runs set environment = replace(environment, \'"torch": "\', \'"torch": "0.\')'))
    notes: list[str] = []
    resume(store, "last", lambda event: notes.append(str(event.note)) if isinstance(event, Noticed) else None)
    assert "the last bits of its numbers may differ" in notes[0]


def test_a_run_that_was_taken_over_is_written_by_one_process_only(store: Store, small: Recipe) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 5:
            with store.database.write() as connection:
                connection.execute(schema.runs.update().values(owner='{"host": "another"}'))

    with pytest.raises(UnsavedError, match="another process has taken it over"):
        fit(small, store, listen, tier="eager", checkpoint_every=0)
    assert store.open("last").history.steps == 4


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("nothing://host/name", "There is no database of the kind 'nothing'"),
        ("://", "not a database URL"),
    ],
)
def test_a_url_that_names_no_database(where: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=sentence):
        Store(where, folder=tmp_path).runs()


def test_a_team_database_needs_a_folder_and_hides_its_password() -> None:
    with pytest.raises(StoreError, match="weights need a folder") as caught:
        Store("postgresql://me:secret@host/name")
    assert "secret" not in str(caught.value)


def test_the_tables_suit_other_databases() -> None:
    sql = str(CreateTable(schema.history).compile(dialect=postgresql.dialect()))
    assert "losses BYTEA NOT NULL" in sql
    assert "DOUBLE PRECISION" in str(CreateTable(schema.runs).compile(dialect=postgresql.dialect()))


def test_sentences_come_in_korean() -> None:
    with use_language("ko"), pytest.raises(StoreError, match="디스크가 가득 차서"), speaking("runs"):
        raise OSError(errno.ENOSPC, "No space left on device", "runs/x")


def test_a_file_that_could_not_be_written_leaves_the_old_one(tmp_path: Path, full_disk: Callable[[bool], None]) -> None:
    files.write(tmp_path / "a", b"old")
    full_disk(True)
    with pytest.raises(OSError, match="No space"):
        files.write(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def interrupted(store: Store, one: Recipe, at: int) -> None:
    """A run that was interrupted at a step."""

    def listen(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(one, store, listen, tier="eager", checkpoint_every=0)
