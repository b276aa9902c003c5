"""Reading a table of text: its compression, encoding, separator and header."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import zlib
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pandas as pd

from whynet.data.files import beside
from whynet.errors import DataError
from whynet.text import Text

SEPARATORS = (",", ";", "\t", "|")
UNPACKERS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".xz": lzma.decompress, ".bz2": bz2.decompress}
SAMPLE = 50  # lines from which the separator is guessed


def read_cells(path: str | Path, separator: str | None = None, header: bool = True) -> tuple[pd.DataFrame, list[Text]]:
    """Every cell as text, missing ones as NaN, and notes on how the file was read. Raises `DataError`.

    Without a ``header`` the columns are called "column 1", "column 2", ….
    """
    path = Path(path).expanduser()
    text, notes = _read_text(path)
    if not text.strip():
        raise DataError(_EMPTY, path=path)
    separator = separator or _guess_separator(text)
    try:
        cells = pd.read_csv(
            StringIO(text),
            sep=separator,
            header=0 if header else None,
            dtype=str,
            skipinitialspace=True,
            na_values=["?"],
            low_memory=False,
        )
    except (pd.errors.ParserError, csv.Error) as error:
        raise DataError(_RAGGED, path=path, reason=str(error).strip()) from None
    if not isinstance(cells.index, pd.RangeIndex):  # pandas takes surplus values for row names
        raise DataError(_RAGGED, path=path, reason=f"{len(cells.columns)} names")
    cells.columns = pd.Index([str(name).strip() if header else f"column {i}" for i, name in enumerate(cells.columns, 1)])
    cells = cells.apply(lambda column: column.str.strip()).replace("", pd.NA)
    if all(_is_number(name) for name in cells.columns):
        raise DataError(_NO_HEADER, path=path, first=", ".join(cells.columns[:5]))
    if cells.empty:
        raise DataError(_NO_ROWS, path=path, columns=", ".join(cells.columns))
    return cells, notes


def _read_text(path: Path) -> tuple[str, list[Text]]:
    """The file as text: UTF-8, else the Korean cp949, else the western cp1252."""
    if path.is_dir() or not path.exists():
        raise DataError(_IS_FOLDER if path.is_dir() else _NO_FILE, path=path, near=beside(path))
    try:
        data = UNPACKERS.get(path.suffix.lower(), bytes)(path.read_bytes())
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise DataError(_UNREADABLE, path=path, reason=error) from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), []
    if b"\0" in data[:4096]:
        raise DataError(_BINARY, path=path)
    for encoding in ("utf-8-sig", "cp949", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, [] if encoding == "utf-8-sig" else [_ENCODING.fill(encoding=encoding)]
    raise DataError(_UNDECODABLE, path=path)


def _guess_separator(text: str) -> str:
    """The separator that cuts the first lines into the most fields, as many in each line."""
    lines = text.splitlines()[:SAMPLE]

    def fields(separator: str) -> tuple[int, int]:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        except csv.Error:
            return (0, 0)
        even = sum(count == counts[0] for count in counts) >= 0.8 * len(counts)
        return (counts[0] if even and counts[0] > 1 else 0, counts[0])  # where no separator cuts evenly, the header decides

    return max(SEPARATORS, key=fields)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_EMPTY = Text("{path} is empty.", "{path:은} 빈 파일이다.")
_NO_FILE = Text("There is no file {path}. {near}", "{path} 파일이 없다. {near}")
_IS_FOLDER = Text(
    'Expected a CSV file. Received a folder: {path}. For pictures in class folders write folder("{path}").',
    'CSV 파일이어야 한다. 받은 것은 폴더다: {path}. 클래스별 이미지 폴더라면 folder("{path}")로 쓴다.',
)
_UNREADABLE = Text("{path} cannot be read: {reason}", "{path:을} 읽을 수 없다: {reason}")
_BINARY = Text(
    "{path} is not a text file. Save the table as CSV (UTF-8) in your spreadsheet program and name that file.",
    "{path:은} 텍스트 파일이 아니다. 스프레드시트에서 CSV(UTF-8)로 저장한 뒤 그 파일을 쓴다.",
)
_UNDECODABLE = Text(
    "{path} is neither UTF-8, cp949 nor cp1252 text. Save it as CSV (UTF-8).",
    "{path:은} UTF-8도 cp949도 cp1252도 아니다. CSV(UTF-8)로 다시 저장한다.",
)
_ENCODING = Text("Read as {encoding}, for it is not UTF-8.", "UTF-8이 아니라서 {encoding:으로} 읽었다.")
_RAGGED = Text(
    "{path} cannot be cut into columns: a row has more values than there are column names, or a quote is not closed ({reason}). "
    'Quote values that hold the separator, or give another one, such as separator=";".',
    "{path:을} 열로 나눌 수 없다. 열 이름보다 값이 많은 행이 있거나 따옴표가 닫히지 않았다({reason}). "
    '구분 기호가 든 값은 따옴표로 감싸거나 separator=";"처럼 다른 구분 기호를 준다.',
)
_NO_HEADER = Text(
    "The first line of {path} holds numbers ({first}) where column names are expected. "
    "Put a line with names on top, or say header=False and call the columns 'column 1', 'column 2', ….",
    "{path}의 첫 줄에는 열 이름이 있어야 하는데 수가 있다({first}). "
    "맨 위에 이름 줄을 넣거나, header=False를 주고 열을 'column 1', 'column 2', …로 부른다.",
)
_NO_ROWS = Text("{path} has column names but no rows: {columns}", "{path}에는 열 이름만 있고 행이 없다: {columns}")
