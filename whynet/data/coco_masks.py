"""COCO photos with the class of every pixel: the fifty-three of them that may be passed on."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np

from whynet.data.files import locate_folder
from whynet.data.masks import Masked, as_source, read_masks
from whynet.data.pictures import Fit
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.errors import DataError
from whynet.registry import Range
from whynet.text import Text

URL = "https://cocodataset.org"
CLASS = re.compile(r"^ {2}(\d+): *(\S.*?) *$", re.MULTILINE)
UNLABELLED = 0


@data_set(
    en="53 COCO photos in which every pixel has a class; the classes seen in most photos, and all others as one.",
    ko="모든 픽셀에 클래스가 있는 COCO 사진 53장. 많은 사진에 나오는 클래스만 남기고 나머지는 하나로 묶는다.",
    task="segment",
    year=2014,
    source="Lin et al., Microsoft COCO: common objects in context; photos under CC BY and CC BY-SA, see ATTRIBUTION.csv",
    needs="files",
)
def coco_masks(
    top: Annotated[int, Range(least=1, most=108)] = 5,
    size: Annotated[int, Range(least=16, most=640)] = 64,
    fit: Fit = "crop",
    flips: bool = False,
) -> Source:
    """x: (53, 3, size, size) in [0, 1]; ``top`` classes and, as class 0, everything else. Unlabelled pixels are not judged.

    The photos are few and their 109 classes many: what a network learns of them from scratch is little more than colour and
    place, and a test set of ten photos leaves an interval as wide as what is to be shown. ``folds`` judges all of them.
    ``flips`` adds mirrored copies of the training photos.
    """
    root = locate_folder("coco-ccby-subset", "semantic_segmentation", URL)
    entries = [
        Masked(root / "images" / mask.parent.name / f"{mask.stem}.jpg", mask)
        for mask in sorted((root / "semantic_segmentation" / "masks").glob("*/*.png"))
    ]
    if not entries:
        raise DataError(_NO_MASKS, path=root / "semantic_segmentation" / "masks")
    pool, masks, kept, notes = read_masks(entries, size, fit)
    names = class_names(root / "semantic_segmentation" / "config.yaml")
    photos = {number: int((masks == number).any(axis=(1, 2)).sum()) for number in names if number != UNLABELLED}
    often = sorted(photos, key=lambda number: (-photos[number], number))[:top]
    numbers = {number: often.index(number) + 1 if number in often else 0 for number in names if number != UNLABELLED}
    classes = ("other", *(names[number] for number in often))
    notes.append(_CLASSES.fill(names=", ".join(f"{names[number]} ({photos[number]})" for number in often)))
    beyond = set(np.unique(masks).tolist()) - set(names)
    if beyond - {65535}:
        raise DataError(_BEYOND, numbers=", ".join(map(str, sorted(beyond))))
    return replace(as_source(pool, masks, kept, numbers, classes, notes=tuple(notes), mirror=flips), name="coco_masks")


def class_names(config: Path) -> dict[int, str]:
    """The names by number, from the lines ``  1: person`` under ``classes:``."""
    try:
        text = config.read_text("utf-8")
    except OSError as error:
        raise DataError(_NO_NAMES, path=config, reason=error.strerror or str(error)) from error
    return {int(number): name for number, name in CLASS.findall(text.partition("classes:")[2])}


_CLASSES = Text(
    "Classes beside other, with the photos that show them: {names}.",
    "나머지(other) 말고 남긴 클래스와 그것이 나오는 사진 수: {names}.",
)
_NO_MASKS = Text("{path} holds no masks. Unpack the data set again.", "{path}에 마스크(mask)가 없다. 데이터셋을 다시 푼다.")
_NO_NAMES = Text("{path} cannot be read: {reason}.", "{path:을} 읽을 수 없다: {reason}.")
_BEYOND = Text(
    "The masks hold classes that config.yaml does not name: {numbers}.",
    "config.yaml에 이름이 없는 클래스가 마스크(mask)에 있다: {numbers}.",
)
