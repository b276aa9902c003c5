"""A figure as a file or as an SVG text; the same data drawn anew gives the same bytes."""

from __future__ import annotations

import io
import itertools
import os
import re
import threading
import uuid
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from whynet.errors import OptionError, StoreError
from whynet.text import Text

FORMATS = ("png", "svg", "pdf")
_rc = threading.Lock()  # matplotlib's settings belong to the whole process


def save(figure: Figure, path: str | os.PathLike[str], dpi: int = 160) -> Path:
    """Write the figure as png, svg or pdf, by the ending of the path; folders are made as needed.

    Raises `OptionError` for another ending and `StoreError` where the file cannot be written.
    """
    target = Path(path)
    ending = target.suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise OptionError(_ENDING, path=str(path), formats=", ".join("." + known for known in FORMATS))
    return write_whole(target, _bytes(figure, ending, dpi))


def svg(figure: Figure, prefix: str = "figure") -> str:
    """The figure as an ``<svg>`` element to stand inside a page, without background; its words are outlines and need no font.

    Two figures on one page need two prefixes: every id inside starts with it.
    """
    text = _bytes(figure, "svg", 150, facecolor="none").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    again = itertools.count(1)
    text = re.sub(
        r'\bid="(image[0-9a-f]+)"', lambda found: f'id="{found[1]}-{next(again)}"', text
    )  # equal pictures, unlike ids
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'\b(?:xlink:)?href="#', f'href="#{prefix}-', text)
    text = re.sub(r"url\(#", f"url(#{prefix}-", text)
    text = text.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace("xlink:href", "href")
    return re.sub(r"\n\s*", "\n", text).strip()


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file all at once: a reader sees the old one or the new one, never a half. Raises `StoreError`."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex}")
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StoreError(_CANNOT_WRITE, path=str(path), reason=error.strerror or str(error)) from error
    return path


def _bytes(figure: Figure, ending: str, dpi: int, **options: str) -> bytes:
    buffer = io.BytesIO()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}[ending]
    with _rc, matplotlib.rc_context({"svg.hashsalt": "whynet", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=ending, dpi=dpi, metadata=metadata, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


_ENDING = Text(
    "Cannot tell the format of {path}. End the name in one of {formats}.",
    "{path}의 형식을 알 수 없다. 이름 끝을 {formats} 중 하나로 한다.",
)
_CANNOT_WRITE = Text(
    "Cannot write {path}: {reason}. Choose a folder that exists, may be written to, and has space left.",
    "{path:을} 쓸 수 없다: {reason}. 쓸 수 있고 공간이 남은 폴더를 고른다.",
)
