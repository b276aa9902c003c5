"""One way into the database, whichever it is: reads, and writes that hold or did not happen."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import NullPool

from whynet.errors import StoreError
from whynet.runs.trouble import speaking
from whynet.text import Text


class Database:
    """A connection is opened for each use and none is kept, so that threads and forked workers cannot share one by accident."""

    def __init__(self, url: URL, place: str, patience: float) -> None:
        self.url, self.place, self.patience = url, place, patience
        self.engine = self._engine()

    def _engine(self) -> Engine:
        try:
            if not self.is_sqlite:
                return create_engine(self.url, poolclass=NullPool)
            url = _reading_only(self.url) if self.is_frozen else self.url
            engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": self.patience})
        except NoSuchModuleError:
            raise StoreError(_NO_SUCH, kind=self.url.drivername, place=self.place) from None
        except ModuleNotFoundError as error:
            raise StoreError(_NO_DRIVER, kind=self.url.get_backend_name(), driver=error.name) from None
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "begin", _begin)
        return engine

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def is_frozen(self) -> bool:
        """Whether it is a file in a folder that this user may only read: somebody else's runs, a read-only disk."""
        path = Path(self.url.database or "")
        return self.is_sqlite and path.exists() and not os.access(path.parent, os.W_OK)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A moment's view of the database."""
        with speaking(self.place), self.engine.connect().execution_options(whynet_reads=True) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: everything written inside the block becomes visible at its end, or nothing of it ever does."""
        with speaking(self.place), self.engine.begin() as connection:
            yield connection

    def _connected(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, see `_begin`
        cursor = connection.cursor()
        if not self.is_frozen and cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _write_ahead(cursor, self.patience)
        cursor.execute(
            "PRAGMA synchronous=FULL"
        )  # a checkpoint's file is deleted only after its successor survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def _reading_only(url: URL) -> URL:
    """The same file, opened without the files that SQLite keeps beside it, which could not be made there."""
    path = Path(str(url.database))
    query = {"mode": "ro", "uri": "true"}
    if not path.with_name(path.name + "-wal").exists():  # nobody is writing it
        query["immutable"] = "1"
    return URL.create("sqlite", database="file:" + quote(str(path)), query=query)


def _begin(connection: Connection) -> None:
    """Writers queue up at the start of a transaction, where waiting is safe, and not in its middle, where it is a deadlock."""
    reads = connection.get_execution_options().get("whynet_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _write_ahead(cursor: sqlite3.Cursor, patience: float) -> None:
    """Let readers read while one writes. The switch itself does not wait for others that open the same new file; so we do."""
    deadline = time.monotonic() + patience
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


_NO_SUCH = Text(
    "There is no database of the kind {kind!r}. Expected a folder, or a URL such as sqlite:///runs/whynet.db or "
    "postgresql://user@host/name. Received: {place}",
    "{kind!r:이라는} 종류의 데이터베이스는 없다. 폴더나 sqlite:///runs/whynet.db, postgresql://user@host/name 같은 URL을 쓴다. "
    "받은 것: {place}",
)
_NO_DRIVER = Text(
    "A {kind} database needs the Python package {driver}. Install it: pip install {driver}",
    "{kind} 데이터베이스에는 파이썬 패키지 {driver:이} 필요하다. 설치: pip install {driver}",
)
