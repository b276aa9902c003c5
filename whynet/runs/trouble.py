"""What disks and databases say when they fail, in the reader's words."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from whynet.errors import StoreError
from whynet.text import Text


@contextmanager
def speaking(place: object) -> Iterator[None]:
    """Inside the block a failing disk or database raises `StoreError` with a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        sentence = _BY_ERRNO.get(error.errno or 0, _OTHER)
        raise StoreError(
            sentence, place=str(place), path=error.filename or str(place), error=error.strerror or error
        ) from error
    except DBAPIError as error:
        raise StoreError(_of_database(error.orig), place=str(place), path=str(place), error=str(error.orig)) from error


def _of_database(error: BaseException | None) -> Text:
    code = getattr(error, "sqlite_errorcode", None)
    return _BY_CODE.get(code & 0xFF, _OTHER) if code is not None else _OTHER


_FULL = Text(
    "The disk is full: {path} could not be written. What was stored before is whole. Free some space and try again.",
    "디스크가 가득 차서 {path:을} 쓸 수 없다. 그전에 저장된 것은 온전하다. 공간을 비우고 다시 시도한다.",
)
_READ_ONLY = Text(
    "The store {place} cannot be written: no permission, or a read-only disk ({error}). Name another folder.",
    "저장소 {place}에 쓸 수 없다. 권한이 없거나 읽기 전용 디스크다({error}). 다른 폴더를 지정한다.",
)
_NO_FOLDER = Text(
    "The store {place} cannot be a folder: {path} is a file, or lies below one. Name another folder.",
    "저장소 {place:은} 폴더가 될 수 없다. {path:이} 파일이거나 파일 아래에 있다. 다른 폴더를 지정한다.",
)
_CANNOT_OPEN = Text(
    "The database of the store {place} cannot be opened ({error}). May you write there, and does the folder exist?",
    "저장소 {place}의 데이터베이스를 열 수 없다({error}). 쓸 권한이 있고 폴더가 존재하는지 확인한다.",
)
_NOT_A_STORE = Text(
    "whynet.db in {place} is not a database, so this is not a whynet store. Name another folder, or move that file away.",
    "{place}의 whynet.db는 데이터베이스가 아니므로 whynet 저장소가 아니다. 다른 폴더를 지정하거나 그 파일을 옮긴다.",
)
_CORRUPT = Text(
    "The database of the store {place} is damaged ({error}). The weights of each run still lie in its own folder there, as "
    "safetensors. Move whynet.db away, or mend it with: sqlite3 whynet.db .recover",
    "저장소 {place}의 데이터베이스가 손상되었다({error}). 각 런(run)의 가중치는 그 아래 런 폴더에 safetensors로 남아 있다. "
    "whynet.db를 옮기거나 다음으로 복구한다: sqlite3 whynet.db .recover",
)
_BUSY = Text(
    "The store {place} is locked: another program has been writing to it all the while. Close it, or try again.",
    "저장소 {place:이} 잠겨 있다. 다른 프로그램이 계속 쓰고 있다. 그 프로그램을 닫거나 다시 시도한다.",
)
_OTHER = Text(
    "The store {place} failed: {error}",
    "저장소 {place}에 문제가 생겼다: {error}",
)
_BY_ERRNO = {
    errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EFBIG: _FULL,
    errno.EROFS: _READ_ONLY, errno.EACCES: _READ_ONLY, errno.EPERM: _READ_ONLY,
    errno.ENOTDIR: _NO_FOLDER, errno.EEXIST: _NO_FOLDER, errno.EISDIR: _NO_FOLDER,
}  # fmt: skip
_BY_CODE = {
    sqlite3.SQLITE_FULL: _FULL, sqlite3.SQLITE_READONLY: _READ_ONLY, sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _CANNOT_OPEN, sqlite3.SQLITE_NOTADB: _NOT_A_STORE, sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_BUSY: _BUSY, sqlite3.SQLITE_LOCKED: _BUSY,
}  # fmt: skip
