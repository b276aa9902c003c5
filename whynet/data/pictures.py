"""Reading image files: as many as there are, all of one size, broken ones counted and named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, ImageOps

from whynet.errors import DataError
from whynet.text import Text

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
BROKEN = 0.05  # a larger share of broken files is not an accident
MOST_BYTES = 16 << 30
SHOWN = 5
BROKEN_FILE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # what Pillow raises
GREY = (128, 128, 128)  # what a letterbox is filled up with, as in darknet

Fit = Literal["crop", "stretch", "letterbox"]  # to a square: its middle, all of it out of proportion, all of it between bars


def read_pictures(
    paths: Sequence[Path], size: int, channels: int, fit: Fit = "crop"
) -> tuple[np.ndarray, np.ndarray, list[Text]]:
    """Images (N, C, size, size) float32 in [0, 1], the places (N,) in ``paths`` of those that opened, and notes."""
    need = len(paths) * channels * size * size * 4
    if need > MOST_BYTES:
        raise DataError(_TOO_LARGE, n=len(paths), size=size, need=need / 2**30)
    pool = np.empty((len(paths), channels, size, size), np.float32)
    good: list[int] = []
    broken: list[Path] = []
    for place, path in enumerate(paths):
        try:
            pool[len(good)] = read_picture(path, size, channels, fit)
        except BROKEN_FILE:
            broken.append(path)
            continue
        good.append(place)
    if not broken:
        return pool, np.array(good, np.int64), []
    names = ", ".join(str(path) for path in broken[:SHOWN]) + (", …" if len(broken) > SHOWN else "")
    if len(broken) > BROKEN * len(paths):
        raise DataError(_MANY_BROKEN, n=len(broken), total=len(paths), names=names)
    return pool[: len(good)], np.array(good, np.int64), [_BROKEN.fill(n=len(broken), names=names)]


def read_picture(path: Path, size: int, channels: int, fit: Fit = "crop") -> np.ndarray:
    """One image (C, size, size) in [0, 1]: turned as the camera says, made a square, resized."""
    with Image.open(path) as file:
        mode = "L" if channels == 1 else "RGB"
        file.draft(mode, (2 * size, 2 * size))  # lets a JPEG skip detail that would be thrown away
        image = _flat(ImageOps.exif_transpose(file)).convert(mode)
    square = _square(image, size, fit)
    values = np.asarray(square, np.float32) / 255  # (H, W) or (H, W, C)
    return values[None] if channels == 1 else values.transpose(2, 0, 1)


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of an image turned as the camera says, from its header. Raises what Pillow raises for broken files."""
    with Image.open(path) as file:
        width, height = file.size
        turned = file.getexif().get(ExifTags.Base.Orientation, 1) >= 5
    return (height, width) if turned else (width, height)


def _square(image: Image.Image, size: int, fit: Fit) -> Image.Image:
    if fit == "crop":
        return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)
    if fit == "stretch":
        return image.resize((size, size), Image.Resampling.BILINEAR)
    colour = GREY if image.mode == "RGB" else GREY[0]
    return ImageOps.pad(image, (size, size), Image.Resampling.BILINEAR, color=colour)


def _flat(image: Image.Image) -> Image.Image:
    """Eight bits a channel, and white where the image is transparent."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits a pixel and more
        values = np.asarray(image, np.float32)
        return Image.fromarray((values / max(65535.0, values.max()) * 255).astype(np.uint8))
    if "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image)
    return image


_TOO_LARGE = Text(
    "{n} images of {size}×{size} pixels take {need:.0f} GiB of memory. Lower size=.",
    "{size}×{size} 픽셀 이미지 {n}장은 메모리를 {need:.0f} GiB 차지한다. size=를 낮춘다.",
)
_MANY_BROKEN = Text(
    "{n} of {total} images cannot be opened, more than one in twenty: {names}. Copy them again, or remove them.",
    "이미지 {total}장 가운데 {n}장을 열 수 없다. 스무 장에 한 장이 넘는다: {names}. 다시 복사하거나 지운다.",
)
_BROKEN = Text(
    "{n} broken image(s) were left out: {names}.",
    "열 수 없는 이미지 {n}장을 뺐다: {names}.",
)
