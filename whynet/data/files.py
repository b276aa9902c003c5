"""Finding the files of a named data set: in `WHYNET_DATA`, in the cache, or by download with a checksum."""

from __future__ import annotations

import difflib
import hashlib
import os
import tempfile
from collections.abc import Hashable, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from whynet.errors import DataError, nearest
from whynet.text import Text, plain

SECONDS = 30  # without an answer before a download is given up
PIECE = 1 << 20


def locate(folder: str, name: str, sha256: str, urls: Sequence[str]) -> Path:
    """The path of ``folder/name``, downloaded into the cache where it is nowhere yet.

    Raises `DataError` that says where to put the file when it can be neither found nor downloaded.
    """
    places, cache = _places(), cache_folder()
    for place in places:
        found = place / folder / name
        if found.is_file():
            return found
    reasons = []
    for url in urls:
        try:
            return download(url, cache / folder / name, sha256)
        except (OSError, HTTPException, DataError) as error:  # URLError is an OSError
            reasons.append(f"{url}: {error}")
    searched = ", ".join(str(place / folder) for place in places)
    raise DataError(
        _NOWHERE, file=name, searched=searched, place=cache / folder, urls=" / ".join(urls), reason="; ".join(reasons)
    )


def locate_folder(folder: str, holds: str, url: str) -> Path:
    """The path of the folder of a data set of many files, known by ``holds``, a part of it; it is never downloaded.

    Raises `DataError` that says where to put it.
    """
    places = [place / folder for place in _places()]
    for place in places:
        if (place / holds).exists():
            return place
    raise DataError(_NO_FOLDER, holds=holds, searched=", ".join(map(str, places)), place=places[-1], url=url)


def _places() -> list[Path]:
    """The folders in which data sets are looked for, the cache last."""
    return [*(Path(root).expanduser() for root in os.environ.get("WHYNET_DATA", "").split(os.pathsep) if root), cache_folder()]


def cache_folder() -> Path:
    """Where downloads are kept."""
    return Path.home() / ".cache" / "whynet"


def download(url: str, target: Path, sha256: str) -> Path:
    """Fetch a file whole or not at all. Raises `DataError` where its checksum is another, `OSError` where it cannot be had."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=target.name, suffix=".part", delete=False) as part:
        try:
            with urlopen(url, timeout=SECONDS) as answer:
                while piece := answer.read(PIECE):
                    digest.update(piece)
                    part.write(piece)
            part.close()
            if digest.hexdigest() != sha256:
                raise DataError(_CHECKSUM, url=url, expected=sha256, received=digest.hexdigest())
            os.replace(part.name, target)
        finally:
            part.close()
            Path(part.name).unlink(missing_ok=True)
    return target


def file_stamp(path: str) -> Hashable:
    """What changes when the file or folder at ``path`` changes."""
    root = Path(path).expanduser().absolute()
    if not root.exists():
        return (str(root), None)
    files = sorted(root.rglob("*")) if root.is_dir() else [root]
    facts = [file.stat() for file in files if file.exists()]
    return (str(root), len(facts), sum(fact.st_size for fact in facts), max((fact.st_mtime_ns for fact in facts), default=0))


def beside(path: Path) -> Text:
    """A sentence that offers the files and folders whose names are near to this path's; empty where none is."""
    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return nearest(path.name, near) if near else plain("")


_NOWHERE = Text(
    "{file} was looked for in {searched} and could not be downloaded ({reason}). "
    "Download it elsewhere from {urls} and put it into {place}, or name a folder that has it in WHYNET_DATA.",
    "{file:을} {searched}에서 찾지 못했고 내려받지도 못했다({reason}). "
    "다른 곳에서 {urls} 파일을 내려받아 {place}에 넣거나, 파일이 있는 폴더를 WHYNET_DATA에 적는다.",
)
_NO_FOLDER = Text(
    "{holds} was looked for in {searched}. Download it from {url} and put it into {place}, or name a folder that has it in "
    "WHYNET_DATA.",
    "{holds:을} {searched}에서 찾지 못했다. {url}에서 내려받아 {place}에 넣거나, 파일이 있는 폴더를 WHYNET_DATA에 적는다.",
)
_CHECKSUM = Text(
    "What came from {url} is not the expected file. Expected SHA-256 {expected}. Received: {received}",
    "{url}에서 받은 것은 원하던 파일이 아니다. 예상한 SHA-256은 {expected}. 받은 것: {received}",
)
