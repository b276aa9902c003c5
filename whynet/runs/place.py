"""Where a store is: a folder, or a database with a folder beside it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from whynet.errors import StoreError
from whynet.text import Text

DATABASE = "whynet.db"


def locate(where: str | Path, folder: str | Path | None) -> tuple[URL, Path]:
    """The database's URL and the folder for weights. Raises `StoreError` where ``where`` is neither folder nor URL."""
    if "://" in str(where):
        return _from_url(str(where), folder)
    root = Path(where).expanduser().resolve()
    if root.exists() and not root.is_dir():
        raise StoreError(_A_FILE, place=root)
    return URL.create("sqlite", database=str(root / DATABASE)), Path(folder or root).resolve()


def _from_url(where: str, folder: str | Path | None) -> tuple[URL, Path]:
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):
        raise StoreError(_NOT_A_URL, place=where) from None
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        path = Path(str(url.database)).resolve()
        return url.set(database=str(path)), Path(folder or path.parent).resolve()
    if folder is None:
        raise StoreError(_NO_FOLDER, place=url.render_as_string(hide_password=True))
    return url, Path(folder).resolve()


_A_FILE = Text(
    "A store is a folder, but {place} is a file. Name a folder, for example runs.",
    "저장소는 폴더인데 {place:은} 파일이다. runs처럼 폴더를 지정한다.",
)
_NOT_A_URL = Text(
    "This is not a database URL: {place}. Write it like sqlite:///runs/whynet.db or postgresql://user@host/name.",
    "데이터베이스 URL이 아니다: {place}. sqlite:///runs/whynet.db나 postgresql://user@host/name처럼 쓴다.",
)
_NO_FOLDER = Text(
    "The database {place} keeps measurements; weights need a folder that all who use it can reach. "
    'Give one: Store("{place}", folder="/shared/runs")',
    "데이터베이스 {place}에는 측정값만 들어간다. 가중치를 둘, 쓰는 사람 모두가 닿을 수 있는 폴더가 필요하다. "
    '폴더를 준다: Store("{place}", folder="/shared/runs")',
)
