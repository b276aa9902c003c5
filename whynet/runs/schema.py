"""The tables of a store, their version, and the way from an older one.

runs      one row for each run and each kept result; all that a listing shows, so that it never reads a history
history   the measurements of a run in chunks; a checkpoint appends one in the transaction that makes it visible
phases    what a comparison trains one after another: arms to tune learning rates, arms to compare; and how that was planned
arms      the arms of a phase that have ended, each with all that was measured of it
store     the version of these tables
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import (
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
)  # fmt: skip

from whynet import text
from whynet.errors import StoreError

VERSION = 2

tables = MetaData()

store = Table("whynet_store", tables, Column("name", String(32), primary_key=True), Column("value", Integer, nullable=False))

runs = Table(
    "whynet_runs",
    tables,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),  # run, comparison, diagnosis, answer
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("created", Double, nullable=False),  # seconds since 1970, UTC
    Column("status", String(16), nullable=False),
    Column("metric", String(32)),  # the name of the number it is judged by
    Column("score", Double),  # that number; NULL while there is none
    Column("step", Integer, nullable=False),  # steps in the stored history
    Column("total_steps", Integer, nullable=False),
    Column("why", Text),  # JSON of a Text: why it ended before its time
    Column("recipe", Text),  # JSON
    Column("task", Text),  # JSON
    Column("environment", Text),  # JSON
    Column("settings", Text),  # JSON: what was watched, and on which tier
    Column("marks", Text),  # JSON: checksums of the data and the initial weights
    Column("owner", Text),  # JSON: the process that trains it
    Column("heartbeat", Double),  # when that process last said so
    Column("checkpoint", String(64)),  # name of the file that holds the last checkpoint
    Column("weights", String(64)),  # name of the file that holds the final weights
    Column("weights_step", Integer),  # the step these are from
    Column("payload", Text),  # JSON of a kept result
)
Index("whynet_runs_by_time", runs.c.created)

history = Table(
    "whynet_history",
    tables,
    Column("run", String(32), ForeignKey("whynet_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("start", Integer, primary_key=True, autoincrement=False),  # steps before this chunk
    Column(
        "stop", Integer, primary_key=True, autoincrement=False
    ),  # steps after it; equal to start where only splits were evaluated
    Column("losses", LargeBinary, nullable=False),
    Column("evaluations", LargeBinary, nullable=False),
    Column("series", Text, nullable=False),  # JSON list of [probe, layer] that the readings refer to
    Column("readings", LargeBinary, nullable=False),
)

phases = Table(
    "whynet_phases",
    tables,
    Column("run", String(32), ForeignKey("whynet_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("phase", String(16), primary_key=True),  # tuning, comparing
    Column("plan", Text, nullable=False),  # JSON: which arms train as one, and where
    Column("marks", Text, nullable=False),  # JSON: checksums of the data and the initial weights of all arms
    Column("notes", Text, nullable=False),  # JSON: list of Texts that the reader should know
    Column("seconds", Double, nullable=False),  # spent on it so far
)

arms = Table(
    "whynet_arms",
    tables,
    Column("run", String(32), ForeignKey("whynet_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("phase", String(16), primary_key=True),
    Column("arm", Integer, primary_key=True, autoincrement=False),  # its position in the phase
    Column("label", Text, nullable=False),  # the level it belongs to
    Column("recipe", Text, nullable=False),  # JSON
    Column("status", String(16), nullable=False),
    Column("why", Text),  # JSON of a Text: why it ended before its time
    Column("weights", String(64), nullable=False),  # name of the file that holds the final weights
    Column("weights_step", Integer, nullable=False),  # the step these are from
    Column("start", Integer, nullable=False),  # 0; a history is whole here
    Column("stop", Integer, nullable=False),  # steps
    Column("losses", LargeBinary, nullable=False),
    Column("evaluations", LargeBinary, nullable=False),
    Column("series", Text, nullable=False),
    Column("readings", LargeBinary, nullable=False),
)


def _with_comparisons(connection: Connection) -> None:
    tables.create_all(connection, tables=[phases, arms])


MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {  # from a version: what turns its tables into those of the next
    1: _with_comparisons,
}


def version(connection: Connection, place: str) -> int:
    """The version of the tables; 0 for an empty database. Raises `StoreError` where it is something else, or newer."""
    names = set(inspect(connection).get_table_names())
    if store.name not in names:
        if names:
            raise StoreError(_FOREIGN, place=place, tables=", ".join(sorted(names)[:5]))
        return 0
    found: int = connection.execute(select(store.c.value).where(store.c.name == "version")).scalar_one()
    if found > VERSION:
        raise StoreError(_NEWER, place=place, found=found, known=VERSION)
    return found


def bring_up_to_date(connection: Connection, place: str) -> None:
    """Make the tables in an empty database; turn older ones into those of today."""
    found = version(connection, place)
    if found == 0:
        tables.create_all(connection)
        connection.execute(store.insert().values(name="version", value=VERSION))
        return
    for older in range(found, VERSION):
        MIGRATIONS[older](connection)
    connection.execute(store.update().where(store.c.name == "version").values(value=VERSION))


_FOREIGN = text.Text(
    "{place} is a database, but not a whynet store (its tables: {tables}). Name another folder.",
    "{place:은} 데이터베이스지만 whynet 저장소가 아니다(들어 있는 테이블: {tables}). 다른 폴더를 지정한다.",
)
_NEWER = text.Text(
    "The store {place} was written by a newer whynet (its tables have version {found}, this whynet knows {known}). "
    "Update whynet, or name another folder. Nothing was changed.",
    "저장소 {place:은} 더 새로운 whynet이 쓴 것이다(테이블 버전 {found}, 이 whynet이 아는 버전 {known}). "
    "whynet을 업데이트하거나 다른 폴더를 지정한다. 바꾼 것은 없다.",
)
