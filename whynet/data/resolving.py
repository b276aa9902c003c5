"""From what a user types to a spec: a registered name, a CSV file, a folder of pictures."""

from __future__ import annotations

from pathlib import Path

from whynet import registry
from whynet.data.files import beside
from whynet.data.reading import UNPACKERS, read_cells
from whynet.errors import DataError, OptionError, SpecError, UnknownNameError, nearest
from whynet.spec import Spec, parse
from whynet.text import Text

TABLES = frozenset({".csv", ".tsv", ".txt", ".data"})


def resolve(text: str, target: str | None = None) -> Spec:
    """The canonical spec of a data set by name and options, ``csv(path=…, target=…)`` of a file, ``folder(path=…)``, or
    ``mask_folder(path=…)`` of a folder that holds images/ and masks/.

    Raises `SpecError`, `UnknownNameError`, `OptionError` or `DataError`.

    >>> str(resolve("digits(train=100)"))
    'digits(train=100)'
    """
    spec = _registered(text)
    if spec is None:
        spec = _from_path(text.strip(), target)
    elif target is not None:
        if spec.name != "csv":
            raise OptionError(_NO_TARGET_HERE, name=spec.name, target=target)
        spec = spec.replace(target=target)
    return registry.canonical("data", spec)


def _registered(text: str) -> Spec | None:
    """The spec, where the text is one; None where it may be a path. Raises what is wrong with it where it is neither."""
    if not text.strip():
        raise UnknownNameError(_UNKNOWN, name=text, near=nearest(text, registry.names("data")))
    path = Path(text.strip()).expanduser()
    looks = "/" in text or "\\" in text or text.startswith(("~", ".")) or _is_table(path)
    try:
        spec = parse(text)
    except SpecError:
        if looks or path.exists():
            return None
        raise
    if spec.name in registry.names("data"):
        return spec
    bare = not spec.options and not spec.args
    if bare and (looks or path.exists()):
        return None
    if bare:
        raise UnknownNameError(_UNKNOWN, name=text.strip(), near=nearest(spec.name, registry.names("data")))
    registry.get("data", spec.name)  # raises, with the nearest names
    return spec


def _from_path(text: str, target: str | None) -> Spec:
    path = Path(text).expanduser().absolute()
    if path.is_dir():
        if target is not None:
            raise OptionError(_NO_TARGET_HERE, name=text, target=target)
        masked = (path / "images").is_dir() and (path / "masks").is_dir()
        return Spec("mask_folder" if masked else "folder", {"path": str(path)})
    if not path.exists():
        where = next(up for up in path.parents if up.is_dir())
        raise DataError(_NO_PATH, path=text, where=where, near=beside(path))
    if not _is_table(path):
        raise DataError(_NO_TABLE, path=text, known=", ".join(sorted(TABLES)))
    if target is None:
        columns = read_cells(path)[0].columns
        raise OptionError(_WHICH, path=text, columns=", ".join(columns), last=columns[-1])
    return Spec("csv", {"path": str(path), "target": target})


def _is_table(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in UNPACKERS:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in TABLES


_NO_TARGET_HERE = Text(
    "Only a CSV file needs to be told its target column. Received target {target!r} for {name}. Leave it out.",
    "예측할 열은 CSV 파일에만 정한다. {name}에 {target!r} 열이 주어졌다. 빼면 된다.",
)
_UNKNOWN = Text(
    "There is no data set named {name!r}, and no file or folder of that name here. {near}",
    "{name!r:이라는} 데이터셋이 없고, 그런 파일이나 폴더도 여기에 없다. {near}",
)
_NO_PATH = Text(
    "There is no file or folder {path}; {where} exists. {near}",
    "{path} 파일이나 폴더가 없다. {where:은} 있다. {near}",
)
_NO_TABLE = Text(
    "{path} is a file of an unknown kind. Expected a table ({known}, also compressed) or a folder of pictures.",
    "{path:은} 알 수 없는 종류의 파일이다. 표({known}, 압축 파일도 됨)나 사진 폴더여야 한다.",
)
_WHICH = Text(
    'Which column of {path} is to be predicted? Its columns: {columns}. For instance: target="{last}".',
    '{path}의 어느 열을 예측할지 정해야 한다. 열: {columns}. 예: target="{last}".',
)
