"""Pictures with masks: what folders of both share.

    a mask is a picture of the same size with one whole number a pixel, its class:   PNG in grey or with a palette

Both are brought to one square in the same way, the mask without blending: between class 2 and class 4 there is no class 3.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from whynet.data.pictures import BROKEN_FILE, Fit, picture_size, read_pictures
from whynet.data.source import Source, SplitName
from whynet.errors import DataError
from whynet.text import Text

NOT_JUDGED = -1
OUTSIDE = 65535  # what a letterbox fills a mask up with, as it is read
WHOLE_NUMBERS = frozenset({"1", "L", "P", "I", "I;16", "I;16B", "I;16L"})  # Pillow's modes of one whole number a pixel


@dataclass(frozen=True)
class Masked:
    """A picture and the file that holds its mask."""

    picture: Path
    mask: Path
    split: SplitName = "train"


def read_masks(entries: Sequence[Masked], size: int, fit: Fit) -> tuple[np.ndarray, np.ndarray, list[Masked], list[Text]]:
    """Pictures (N, 3, size, size), their masks (N, size, size) as written, the entries that opened, and notes.

    ``OUTSIDE`` stands where there is no picture. Raises `DataError` for a mask that cannot be read, is in colours, or is of another
    size than its picture.
    """
    pool, opened, notes = read_pictures([one.picture for one in entries], size, 3, fit)
    kept = [entries[n] for n in opened]
    return pool, np.stack([_squared(_read(one), size, fit) for one in kept]), kept, notes


def as_source(
    pool: np.ndarray,
    masks: np.ndarray,
    kept: Sequence[Masked],
    numbers: Mapping[int, int],
    classes: tuple[str, ...],
    **facts: object,
) -> Source:
    """The source of pictures and masks; ``numbers``: which class a number in a mask stands for, all others are not judged."""
    known = np.full(OUTSIDE + 1, NOT_JUDGED, np.int64)
    for number, label in numbers.items():
        known[number] = label
    splits = np.array([one.split for one in kept])
    official: dict[SplitName, torch.Tensor] = {
        split: torch.from_numpy(np.flatnonzero(splits == split)) for split in ("validation", "test") if split in splits
    }
    return Source(
        torch.from_numpy(pool), torch.from_numpy(known[masks]), classes, official=official, asks="segment", **facts  # type: ignore[arg-type]
    )  # fmt: skip


def _read(one: Masked) -> Image.Image:
    picture = picture_size(one.picture)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is looked at before anything is unpacked
            with Image.open(one.mask) as file:
                if file.mode not in WHOLE_NUMBERS:
                    raise DataError(_COLOURS, path=one.mask, mode=file.mode)
                if file.size != picture:
                    raise DataError(_SIZES, mask=one.mask, received=file.size, picture=one.picture, expected=picture)
                values = np.asarray(file)
    except BROKEN_FILE as error:
        raise DataError(_BROKEN, path=one.mask, reason=(str(error) or type(error).__name__).splitlines()[0]) from error
    return Image.fromarray(values.astype(np.int32))  # Pillow resizes no 16-bit and no two-valued picture as numbers


def _squared(mask: Image.Image, size: int, fit: Fit) -> np.ndarray:
    how: dict[Fit, Callable[[], Image.Image]] = {
        "crop": lambda: ImageOps.fit(mask, (size, size), Image.Resampling.NEAREST),
        "stretch": lambda: mask.resize((size, size), Image.Resampling.NEAREST),
        "letterbox": lambda: _padded(mask, size),
    }
    return np.asarray(how[fit]()).clip(0, OUTSIDE)


def _padded(mask: Image.Image, size: int) -> Image.Image:
    """As `ImageOps.pad` does it, which knows no colour of 32 bits."""
    inside = ImageOps.contain(mask, (size, size), Image.Resampling.NEAREST)
    square = np.full((size, size), OUTSIDE, np.int32)
    left, top = round((size - inside.width) * 0.5), round((size - inside.height) * 0.5)
    square[top : top + inside.height, left : left + inside.width] = np.asarray(inside)
    return Image.fromarray(square)


_BROKEN = Text("The mask {path} cannot be opened: {reason}.", "마스크(mask) {path:을} 열 수 없다: {reason}.")
_COLOURS = Text(
    "The mask {path} is in colours (mode {mode}). Expected one whole number a pixel, its class: a PNG in grey, or with a palette. "
    "Convert the colours to numbers first.",
    "마스크(mask) {path:은} 컬러다(모드 {mode}). 픽셀마다 클래스 번호 하나가 있는 회색조나 팔레트 PNG여야 한다. "
    "먼저 색을 번호로 바꾼다.",
)
_SIZES = Text(
    "The mask {mask} is of (width, height) {received}, its picture {picture} of {expected}. Expected both of one size. "
    "Resize the mask without blending (nearest neighbour).",
    "마스크(mask) {mask}의 (너비, 높이)는 {received}, 그림 {picture}의 것은 {expected}. 둘의 크기가 같아야 한다. "
    "마스크는 값을 섞지 않고(최근접 이웃) 맞춘다.",
)
