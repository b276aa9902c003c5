"""Pictures of your own with a class for every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np

from whynet.data.files import beside, file_stamp
from whynet.data.folder import SPLIT_NAMES
from whynet.data.masks import OUTSIDE, Masked, as_source, read_masks
from whynet.data.pictures import BROKEN, SHOWN, SUFFIXES, Fit
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.errors import DataError
from whynet.registry import Range
from whynet.text import Text

NAMES = "classes.txt"


@data_set(
    en="Pictures of your own in images/, and in masks/ a PNG of the same name with the class of every pixel.",
    ko="직접 가진 그림. images/에 그림을, masks/에 같은 이름의 PNG로 픽셀마다의 클래스를 둔다.",
    task="segment",
    needs="path",
    stamp=lambda options: file_stamp(options["path"]),
)
def mask_folder(
    path: str,
    size: Annotated[int, Range(least=4, most=1024)] = 64,
    fit: Fit = "crop",
    classes: Sequence[str] = (),
    ignore: Annotated[int, Range(least=0, most=65534)] | None = 255,
    flips: bool = False,
) -> Source:
    """x: (N, 3, size, size) in [0, 1], from ``path/images/a.jpg`` and ``path/masks/a.png``, or both in {train,val,test}/ within.

    ``classes``: names by number; else the lines of ``path/classes.txt``, else the numbers themselves. ``ignore``: the number of
    pixels that are not judged. ``flips`` adds mirrored copies of the training pictures. Raises `DataError` where masks are
    missing, broken, of another size than their pictures, or hold a class beyond the names.
    """
    root = Path(path).expanduser()
    entries, notes = _entries(root)
    pool, masks, kept, broken = read_masks(entries, size, fit)
    notes += broken
    names = tuple(classes) or _written(root)
    present = sorted(set(np.unique(masks).tolist()) - {OUTSIDE})
    if present == [0, 255] and len(names) in (0, 2):  # how drawing programs save two classes
        notes.append(_BLACK_AND_WHITE)
        numbers, names = {0: 0, 255: 1}, names or ("0", "1")
    else:
        judged = [number for number in present if number != ignore]
        names = names or tuple(map(str, range(max(judged, default=0) + 1)))
        for number in judged:
            if number >= len(names):
                where = next(one for one, mask in zip(kept, masks, strict=True) if (mask == number).any())
                raise DataError(_BEYOND, path=where.mask, number=number, last=len(names) - 1, names=", ".join(names[:SHOWN]))
        numbers = {number: number for number in judged}
    if len(names) < 2:
        raise DataError(_ONE_CLASS, path=root / "masks", ignore=ignore)
    notes.append(_SIZE.fill(n=len(kept), size=size))
    return as_source(pool, masks, kept, numbers, names, name=root.name, notes=tuple(notes), mirror=flips)


def _entries(root: Path) -> tuple[list[Masked], list[Text]]:
    """Each picture with its mask, and notes on those that lack one."""
    if not root.is_dir():
        raise DataError(_NO_FOLDER, path=root, near=beside(root))
    images, masks = root / "images", root / "masks"
    pictures = sorted(file for file in images.rglob("*") if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
    if not pictures or not masks.is_dir():
        raise DataError(_NO_PAIRS, path=root, pictures=len(pictures))
    there, missing = [], []
    for picture in pictures:
        inside = picture.relative_to(images)
        mask = masks / inside.with_suffix(".png")
        split = SPLIT_NAMES.get(inside.parts[0].lower(), "train") if len(inside.parts) > 1 else "train"
        if mask.is_file():
            there.append(Masked(picture, mask, split))
        else:
            missing.append(str(inside))
    names = ", ".join(missing[:SHOWN]) + (", …" if len(missing) > SHOWN else "")
    if len(missing) > BROKEN * len(pictures):
        raise DataError(_MANY_MISSING, n=len(missing), total=len(pictures), names=names, masks=masks)
    notes = [_MISSING.fill(n=len(missing), names=names)] if missing else []
    unused = len(set(masks.rglob("*.png")) - {one.mask for one in there})
    return there, [*notes, *([_UNUSED.fill(n=unused)] if unused else [])]


def _written(root: Path) -> tuple[str, ...]:
    """The names in ``classes.txt``, one a line; none where there is no such file."""
    file = root / NAMES
    try:
        lines = file.read_text("utf-8-sig").splitlines() if file.is_file() else []
    except UnicodeDecodeError as error:
        raise DataError(_NO_TEXT, path=file, at=error.start) from error
    return tuple(line.strip() for line in lines if line.strip())


_NO_FOLDER = Text("There is no folder {path}. {near}", "{path} 폴더가 없다. {near}")
_NO_PAIRS = Text(
    "{path} should hold images/ and masks/ with files of the same names: images/a.jpg and masks/a.png. "
    "Received: {pictures} picture(s) in images/.",
    "{path}에는 이름이 같은 파일이 든 images/와 masks/가 있어야 한다: images/a.jpg와 masks/a.png. "
    "받은 것: images/에 그림 {pictures}장.",
)
_MANY_MISSING = Text(
    "{n} of {total} pictures have no mask, more than one in twenty: {names}. Expected PNG files of the same names in {masks}.",
    "그림 {total}장 가운데 {n}장에 마스크(mask)가 없다. 스무 장에 한 장이 넘는다: {names}. {masks}에 이름이 같은 PNG 파일이 있어야 한다.",
)
_MISSING = Text("{n} picture(s) without a mask were left out: {names}.", "마스크(mask)가 없는 그림 {n}장을 뺐다: {names}.")
_UNUSED = Text("{n} mask(s) without a picture were not read.", "그림이 없는 마스크(mask) {n}개는 읽지 않았다.")
_BLACK_AND_WHITE = Text(
    "The masks hold 0 and 255 alone, which are taken as two classes.",
    "마스크(mask)에 0과 255뿐이라 두 클래스로 보았다.",
)
_BEYOND = Text(
    "{path} holds the class {number}, beyond the names. Expected 0 to {last}: {names}. "
    "Add its name to classes.txt, or say ignore={number} where such pixels are not to be judged.",
    "{path}에 이름 목록에 없는 클래스 {number:이} 있다. 0부터 {last}까지여야 한다: {names}. "
    "classes.txt에 이름을 더하거나, 채점하지 않을 픽셀이면 ignore={number:로} 한다.",
)
_ONE_CLASS = Text(
    "The masks in {path} hold one class alone, 0, beside {ignore}, which is not judged. Expected two or more: "
    "there is nothing to tell apart. If {ignore} is a class, say ignore=none.",
    "{path}의 마스크(mask)에는 채점하지 않는 {ignore} 말고는 클래스 0뿐이다. 구별하려면 둘 이상이어야 한다. "
    "{ignore:이} 클래스라면 ignore=none으로 한다.",
)
_NO_TEXT = Text(
    "{path} is no text: byte {at} is not UTF-8. Save it as UTF-8.",
    "{path:은} 텍스트가 아니다. {at}번째 바이트가 UTF-8이 아니다. UTF-8로 저장한다.",
)
_SIZE = Text(
    "{n} pictures and their masks were brought to {size}×{size} pixels.",
    "그림 {n}장과 마스크(mask)를 {size}×{size} 픽셀로 맞추었다.",
)
