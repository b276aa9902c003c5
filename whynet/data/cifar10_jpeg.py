"""CIFAR-10 as JPEG: the pictures of a tar, in a folder for each class."""

from __future__ import annotations

import io
import lzma
import os
import tarfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image

from whynet.data.files import cache_folder
from whynet.data.register import data_set, environment
from whynet.data.source import Source
from whynet.errors import DataError
from whynet.text import Text

FOLDER, TAR = "cifar10-jpeg", "cifar10-jpeg.tar*"  # however it is packed
HALVES = ("train", "test")
COUNTS = (50_000, 10_000)  # pictures in them
Entry = tuple[int, str, str, bytes]  # place of its half, class, name, the file


@data_set(
    en="60,000 photos of ten kinds of things, 32×32 pixels, as JPEG: CIFAR-10 with about 30 dB of noise from being packed.",
    ko="32×32 픽셀 사진 60,000장, 열 가지 사물. JPEG로 압축해 손실이 조금 있는(약 30 dB) CIFAR-10이다.",
    task="classify",
    scale="standard",
    year=2009,
    source="Krizhevsky, Learning multiple layers of features from tiny images, 2009",
    needs="files",
)
def cifar10_jpeg() -> Source:
    """x: (60000, 3, 32, 32), pixels in [0, 1] before they are standardised; ten classes; the last 10,000 are the official test set.

    Read from ``cifar10-jpeg/cifar10-jpeg.tar.xz`` in `WHYNET_DATA`, which holds ``train/class/*.jpg`` and ``test/class/*.jpg``.
    Raises `DataError` where it is not there, damaged, or holds something else.
    """
    roots = [*(Path(root).expanduser() for root in environment().split(os.pathsep) if root), cache_folder()]
    found = [path for root in roots for path in sorted((root / FOLDER).glob(TAR))]
    if not found:
        raise DataError(_NOWHERE, searched=", ".join(str(root / FOLDER) for root in roots))
    source = tar_source(found[0])
    test = len(source.official["test"])
    if (len(source.y) - test, test) == COUNTS:
        return source
    return replace(source, notes=(_ANOTHER.fill(path=found[0], train=len(source.y) - test, test=test),))


def tar_source(path: Path) -> Source:
    """Training and test pictures of a tar as one pool, sorted by class and name, the training pictures first."""
    entries = sorted(_entries(path))
    classes = tuple(sorted({label for _, label, _, _ in entries}))
    halves = np.array([half for half, _, _, _ in entries], np.int64)
    if len(set(halves.tolist())) < len(HALVES) or len(classes) < 2:
        raise DataError(_NOT_FOLDERS, path=path, n=len(entries), classes=len(classes))
    pixels = _decode(path, entries)  # (N, H, W, 3) uint8
    pool = np.empty((len(pixels), 3, *pixels.shape[1:3]), np.float32)
    np.divide(pixels.transpose(0, 3, 1, 2), np.float32(255), out=pool)
    y = np.array([classes.index(label) for _, label, _, _ in entries], np.int64)
    test = torch.from_numpy(np.flatnonzero(halves))
    return Source(torch.from_numpy(pool), torch.from_numpy(y), classes, official={"test": test})


def _entries(path: Path) -> list[Entry]:
    """The files in ``…/train/class/`` and ``…/test/class/``, read in one pass, since a packed tar has no way back."""
    entries: list[Entry] = []
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                *_, half, label, name = ("", "", *PurePosixPath(member.name).parts)
                file = tar.extractfile(member) if member.isfile() and half in HALVES else None
                if file is not None and name.lower().endswith((".jpg", ".jpeg")):
                    entries.append((HALVES.index(half), label, name, file.read()))
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
        raise DataError(_DAMAGED, path=path, reason=error or type(error).__name__) from None
    return entries


def _decode(path: Path, entries: list[Entry]) -> np.ndarray:
    """All pictures, (N, H, W, 3) uint8, of the size that the first one has."""
    pixels: np.ndarray | None = None
    for place, (half, label, name, data) in enumerate(entries):
        where = f"{HALVES[half]}/{label}/{name}"
        try:
            with Image.open(io.BytesIO(data)) as image:
                values = np.asarray(image.convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for broken files
            raise DataError(_DAMAGED, path=f"{path}, {where}", reason=error) from None
        if pixels is None:
            pixels = np.empty((len(entries), *values.shape), np.uint8)
        if values.shape != pixels.shape[1:]:
            raise DataError(_SIZE, path=path, where=where, expected=pixels.shape[1:3], received=values.shape[:2])
        pixels[place] = values
    assert pixels is not None  # there are two classes at least
    return pixels


_NOWHERE = Text(
    "cifar10-jpeg.tar.xz was looked for in {searched}. It is CIFAR-10 (Krizhevsky 2009) as JPEG in one tar, train/cat/0001.jpg, "
    "test/dog/0002.jpg, …; put one there, or name the folder above it in WHYNET_DATA. It is not downloaded.",
    "cifar10-jpeg.tar.xz를 {searched}에서 찾지 못했다. CIFAR-10(Krizhevsky 2009)을 JPEG로 담은 tar 파일이며 안에는 "
    "train/cat/0001.jpg, test/dog/0002.jpg, …가 있어야 한다. 그곳에 두거나 그 위의 폴더를 WHYNET_DATA에 적는다. 내려받지는 않는다.",
)
_ANOTHER = Text(
    "{path} is not all of CIFAR-10, or more: it has {train} training and {test} test pictures, not 50000 and 10000.",
    "{path:은} CIFAR-10 전체가 아니거나 그보다 많다. 훈련 그림 {train}장, 테스트 그림 {test}장이다(원래는 50000장과 10000장).",
)
_NOT_FOLDERS = Text(
    "{path} has {n} JPEG files of {classes} class(es) in train/ and test/. Expected both folders, with two classes or more: "
    "train/cat/0001.jpg, test/dog/0002.jpg, …",
    "{path}의 train/과 test/에는 JPEG 파일 {n}개, 클래스 {classes}개가 있다. 두 폴더가 다 있고 클래스가 둘 이상이어야 한다: "
    "train/cat/0001.jpg, test/dog/0002.jpg, …",
)
_DAMAGED = Text(
    "{path} is damaged and cannot be read: {reason}. Copy it again.",
    "{path:은} 손상되어 읽을 수 없다: {reason}. 다시 복사한다.",
)
_SIZE = Text(
    "{path}: the pictures must have one size. Expected {expected} (height, width), as the first one. Received: {received} for {where}.",
    "{path}: 그림의 크기가 모두 같아야 한다. 첫 그림의 크기는 {expected}(높이, 너비). 받은 것: {where}의 {received}.",
)
