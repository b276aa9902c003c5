"""Pictures with boxes, as label files tell of them: what VOC, COCO and YOLO folders share.

    label files ── voc.py, coco.py, yolo_folder.py ──→ [Labelled, …] ── assemble ──→ Source
                                                       a picture, its boxes,        squares of one size,
                                                       where each was written       boxes in their fractions

A box that reaches over the edge a little is clipped, and said to be; one that lies far outside is a mistake in a label file and is
refused with its place, since everything beside it is then in doubt. A picture without objects is a picture of background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from whynet.data.pictures import BROKEN, BROKEN_FILE, SHOWN, Fit, picture_size, read_pictures
from whynet.data.source import Source, SplitName
from whynet.errors import DataError
from whynet.text import Text, plain

Corners = tuple[float, float, float, float]  # x1, y1, x2, y2
FAR = 0.1  # of the picture's side: how far over the edge a box may reach before it is a mistake


@dataclass(frozen=True)
class Box:
    """One object: its class, its corners, and the file and line (or entry) that says so."""

    label: int
    corners: Corners
    place: str


@dataclass(frozen=True)
class Labelled:
    """One picture, what is in it, and which file says so. Corners are in fractions where ``pixels`` is False."""

    picture: Path
    boxes: tuple[Box, ...]
    place: str
    split: SplitName = "train"
    pixels: bool = True
    size: tuple[int, int] | None = None  # width and height by the label file


def assemble(root: Path, labelled: Sequence[Labelled], classes: tuple[str, ...], size: int, fit: Fit, flips: bool) -> Source:
    """Squares (N, 3, size, size) with their boxes (N, M, 5); splits other than "train" are official.

    Raises `DataError` where there is nothing, where more than one picture in twenty is missing or broken, where a label file
    disagrees with the size of its picture, or a box lies far outside.
    """
    there, notes = _present(labelled)
    if not there:
        raise DataError(_NOTHING, path=root)
    fractions = [_fractions(one, picture) for one, picture in there]
    clipped = [box.place for boxes in fractions for box in boxes if _outside(box) > 0]
    boxes = [[_clipped(box) for box in boxes] for boxes in fractions]
    empty = [box.place for boxes in boxes for box in boxes if _is_empty(box)]
    boxes = [[box for box in boxes if not _is_empty(box)] for boxes in boxes]

    pool, opened, broken = read_pictures([one.picture for one, _ in there], size, 3, fit)
    kept = [there[n] for n in opened]
    y = _table([[_moved(box, picture, size, fit) for box in boxes[n]] for n, (_, picture) in zip(opened, kept, strict=True)])
    bare = [str(one.picture.name) for n, (one, _) in zip(opened, kept, strict=True) if not boxes[n]]
    splits = np.array([one.split for one, _ in kept])
    official: dict[SplitName, torch.Tensor] = {
        split: torch.from_numpy(np.flatnonzero(splits == split)) for split in ("validation", "test") if split in splits
    }
    for sentence, places in ((_CLIPPED, clipped), (_EMPTY, empty), (_BARE, bare)):
        if places:
            notes.append(sentence.fill(n=len(places), names=listed(places)))
    notes += [*broken, _FIT[fit].fill(n=len(kept), size=size)]
    return Source(
        torch.from_numpy(pool), y, classes, official=official, name=root.name, notes=tuple(notes), asks="detect", mirror=flips
    )


def listed(names: Sequence[str]) -> str:
    """The first few names, and that there are more."""
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def read_text(path: Path) -> str:
    """A label file's text. Raises `DataError` where it cannot be read or is none."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise DataError(_UNREADABLE, path=path, reason=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise DataError(_NO_TEXT, path=path, at=error.start) from error


def malformed(place: str, received: str, expected: Text) -> DataError:
    """The error for a label file that does not say what it should: where, what was received, what was expected."""
    shown = received if len(received) <= 80 else received[:77] + "..."
    return DataError(_MALFORMED, place=place, received=shown, expected=expected)


def number(text: str, place: str, what: Text) -> float:
    """A finite number. Raises `DataError` with the place."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise malformed(place, text, what)
    return value


def unknown_class(place: str, received: object, classes: Sequence[str]) -> DataError:
    """The error for a class number beyond the names."""
    return DataError(_CLASS, place=place, received=received, last=len(classes) - 1, names=listed(list(classes)))


# --- the steps ---------------------------------------------------------------------------------------------------------


def _present(labelled: Sequence[Labelled]) -> tuple[list[tuple[Labelled, tuple[int, int]]], list[Text]]:
    """Those whose picture can be opened, with its width and height, and a note on the others."""
    there, missing = [], []
    for one in labelled:
        try:
            there.append((one, picture_size(one.picture)))
        except BROKEN_FILE:
            missing.append(f"{one.picture} ({one.place})")
    if len(missing) > BROKEN * len(labelled):
        raise DataError(_MANY_MISSING, n=len(missing), total=len(labelled), names=listed(missing))
    return there, [_MISSING.fill(n=len(missing), names=listed(missing))] if missing else []


def _fractions(one: Labelled, picture: tuple[int, int]) -> list[Box]:
    """The boxes in fractions of the picture, none of them turned around or far outside."""
    if one.size is not None and one.size != picture:
        raise DataError(_SIZES, place=one.place, said=one.size, picture=one.picture, found=picture)
    width, height = picture if one.pixels else (1, 1)
    boxes = []
    for box in one.boxes:
        x1, y1, x2, y2 = box.corners
        if x2 < x1 or y2 < y1:
            raise malformed(box.place, written(box.corners), _TURNED)
        inside = Box(box.label, (x1 / width, y1 / height, x2 / width, y2 / height), box.place)
        if _outside(inside) > FAR:
            limits = plain(f"0 <= x <= {width}, 0 <= y <= {height}")
            raise DataError(_FAR, place=box.place, received=written(box.corners), expected=limits)
        boxes.append(inside)
    return boxes


def written(corners: Corners) -> str:
    """A box as it is shown: ``x1=3, y1=4, x2=10, y2=12``."""
    return ", ".join(f"{name}={value:g}" for name, value in zip(("x1", "y1", "x2", "y2"), corners, strict=True))


def _outside(box: Box) -> float:
    """By how much of the picture's side a box reaches over the edge; what rounding adds is nothing."""
    reach = max(max(box.corners) - 1, -min(box.corners))
    return reach if reach > 1e-6 else 0.0


def _clipped(box: Box) -> Box:
    x1, y1, x2, y2 = (min(max(value, 0.0), 1.0) for value in box.corners)
    return Box(box.label, (x1, y1, x2, y2), box.place)


def _is_empty(box: Box) -> bool:
    x1, y1, x2, y2 = np.array(box.corners, np.float32)  # as it will be stored
    return bool(x2 <= x1 or y2 <= y1)


def _moved(box: Box, picture: tuple[int, int], size: int, fit: Fit) -> list[float]:
    """The row [class, x1, y1, x2, y2] in the square that the picture has become."""
    if fit != "letterbox":
        return [box.label, *box.corners]
    longer = max(picture)
    row: list[float] = [box.label]
    for value, side in zip(box.corners, (*picture, *picture), strict=True):
        within = round(side / longer * size)  # what the picture takes of the square, in pixels
        row.append((round((size - within) * 0.5) + value * within) / size)
    return row


def _table(rows: list[list[list[float]]]) -> torch.Tensor:
    """Boxes of all pictures (N, M, 5), padded with class -1; M is that of the fullest picture."""
    y = torch.zeros(len(rows), max(1, *map(len, rows)) if rows else 1, 5)
    y[..., 0] = -1
    for n, boxes in enumerate(rows):
        if boxes:
            y[n, : len(boxes)] = torch.tensor(boxes)
    return y


_FIT: dict[Fit, Text] = {
    "stretch": Text(
        "{n} pictures were stretched to {size}×{size} pixels, and their boxes with them.",
        "그림 {n}장을 {size}×{size} 픽셀로 늘이거나 줄여 맞추었고 박스도 따라 맞추었다.",
    ),
    "letterbox": Text(
        "{n} pictures were shrunk to fit into {size}×{size} pixels between grey bars, and their boxes with them.",
        "그림 {n}장을 비율을 지켜 {size}×{size} 픽셀에 넣고 남는 곳은 회색으로 채웠으며 박스도 따라 맞추었다.",
    ),
}
_NOTHING = Text("{path} has no labelled pictures.", "{path}에 레이블이 있는 그림이 없다.")
_UNREADABLE = Text("{path} cannot be read: {reason}.", "{path:을} 읽을 수 없다: {reason}.")
_NO_TEXT = Text(
    "{path} is no text: byte {at} is not UTF-8. Save it as UTF-8.",
    "{path:은} 텍스트가 아니다. {at}번째 바이트가 UTF-8이 아니다. UTF-8로 저장한다.",
)
_MALFORMED = Text(
    "{place}: expected {expected}. Received: {received!r}.", "{place}: 와야 할 것은 {expected}. 받은 것: {received!r}."
)
_TURNED = Text("the left upper corner before the right lower one", "왼쪽 위 모서리 다음에 오른쪽 아래 모서리")
_CLASS = Text(
    "{place}: class {received} is beyond the names. Expected 0 to {last}: {names}.",
    "{place}: 클래스 {received:은} 이름 목록에 없다. 0부터 {last}까지여야 한다: {names}.",
)
_FAR = Text(
    "{place}: the box lies far outside its picture. Expected {expected}. Received: {received}. "
    "Is it in pixels of another size, or are corners and centres mixed up?",
    "{place}: 박스가 그림 밖으로 멀리 나갔다. 범위: {expected}. 받은 것: {received}. "
    "다른 크기의 픽셀로 쓴 것은 아닌지, 모서리와 중심을 바꿔 쓴 것은 아닌지 본다.",
)
_SIZES = Text(
    "{place} says that its picture is of (width, height) {said}. Received: {picture} of {found}. Label the picture that is there.",
    "{place}에는 그림의 (너비, 높이)가 {said:이라는} 값으로 적혀 있다. 받은 것: {found}인 {picture}. 실제 그림에 맞추어 레이블을 단다.",
)
_MISSING = Text(
    "{n} picture(s) that label files tell of cannot be opened and were left out: {names}.",
    "레이블 파일에 있는 그림 {n}장을 열 수 없어 뺐다: {names}.",
)
_MANY_MISSING = Text(
    "{n} of {total} pictures that label files tell of cannot be opened, more than one in twenty: {names}. "
    "Copy them again, or remove their labels.",
    "레이블 파일에 있는 그림 {total}장 가운데 {n}장을 열 수 없다. 스무 장에 한 장이 넘는다: {names}. "
    "다시 복사하거나 레이블을 지운다.",
)
_CLIPPED = Text(
    "{n} box(es) reached over the edge of the picture and were clipped: {names}.",
    "그림 밖으로 나간 박스 {n}개를 잘랐다: {names}.",
)
_EMPTY = Text(
    "{n} box(es) without width or height were left out: {names}.",
    "너비나 높이가 없는 박스 {n}개를 뺐다: {names}.",
)
_BARE = Text(
    "{n} picture(s) have no object and are taken as background: {names}.",
    "물체가 없는 그림 {n}장은 배경으로 본다: {names}.",
)
