"""The idx format of MNIST and its relatives: two zero bytes, a type, the number of axes, their lengths, then the values.

Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits, 1998.
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from whynet.data.files import locate
from whynet.data.source import Source
from whynet.errors import DataError
from whynet.text import Text

IMAGES, LABELS = "images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"


def idx_source(folder: str, url: str, checksums: Mapping[str, str], classes: tuple[str, ...]) -> Source:
    """Training and test images (60,000 and 10,000 of 28×28) as one pool, x: (70000, 1, 28, 28) in [0, 1]."""
    paths = {name: locate(folder, name, sha256, [url + name]) for name, sha256 in checksums.items()}
    parts = {name: read_idx(path) for name, path in paths.items()}
    notes = []
    for name, path in paths.items():
        if hashlib.sha256(path.read_bytes()).hexdigest() != checksums[name]:
            notes.append(_ANOTHER.fill(path=path))
    counts = {}
    for half in ("train", "t10k"):
        images, labels = parts[f"{half}-{IMAGES}"], parts[f"{half}-{LABELS}"]
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise DataError(_APART, folder=folder, half=half, images=images.shape, labels=labels.shape)
        counts[half] = len(images)
    train, test = parts[f"train-{IMAGES}"], parts[f"t10k-{IMAGES}"]
    if train.shape[1:] != test.shape[1:]:
        raise DataError(_APART, folder=folder, half="train / t10k", images=train.shape, labels=test.shape)
    pool = np.empty((counts["train"] + counts["t10k"], 1, *train.shape[1:]), np.float32)
    np.divide(train, np.float32(255), out=pool[: len(train), 0])
    np.divide(test, np.float32(255), out=pool[len(train) :, 0])
    y = np.concatenate([parts[f"train-{LABELS}"], parts[f"t10k-{LABELS}"]]).astype(np.int64)
    official = torch.arange(len(train), len(pool))
    return Source(torch.from_numpy(pool), torch.from_numpy(y), classes, official={"test": official}, notes=tuple(notes))


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array in an idx file, gzipped or not. Raises `DataError` naming the bytes expected and received."""
    raw = path.read_bytes()
    data = _unzip(path, raw) if raw[:2] == b"\x1f\x8b" else raw
    if len(data) < 4 or data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise DataError(_NOT_IDX, path=path, received=data[:4].hex(" ") or "-", n=len(data))
    axes = data[3]
    shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
    expected = 4 + 4 * axes + math.prod(shape)
    if len(data) != expected:
        raise DataError(_LENGTH, path=path, shape=shape, expected=expected, received=len(data))
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _unzip(path: Path, raw: bytes) -> bytes:
    """What can be unpacked; a file cut short gives its beginning, whose length `read_idx` then compares."""
    unpacker = zlib.decompressobj(wbits=31)  # 31: gzip with its checksum
    try:
        return unpacker.decompress(raw)
    except zlib.error as error:
        raise DataError(_CORRUPT, path=path, n=len(raw), reason=error) from None


_ANOTHER = Text(
    "{path} is not the original file: its checksum differs.",
    "{path:은} 원본 파일이 아니다. 체크섬이 다르다.",
)
_APART = Text(
    "{folder}, {half}: images and labels do not belong together. Received arrays of shape {images} and {labels}.",
    "{folder}, {half}: 이미지와 레이블이 서로 맞지 않는다. 받은 배열의 모양: {images}, {labels}.",
)
_NOT_IDX = Text(
    "{path} is not an idx file of bytes. Expected it to begin with 00 00 08. Received: {received} ({n} bytes in all). "
    "Delete it and download it again.",
    "{path:은} 바이트 idx 파일이 아니다. 00 00 08로 시작해야 한다. 받은 것: {received} (모두 {n}바이트). "
    "지우고 다시 내려받는다.",
)
_LENGTH = Text(
    "{path} is cut short or too long: an array of shape {shape} takes {expected} bytes. Received: {received} bytes. "
    "Delete it and download it again.",
    "{path:은} 길이가 맞지 않는다. 모양이 {shape}인 배열은 {expected}바이트여야 한다. 받은 것: {received}바이트. "
    "지우고 다시 내려받는다.",
)
_CORRUPT = Text(
    "{path} ({n} bytes) is damaged and cannot be unpacked: {reason}. Delete it and download it again.",
    "{path}({n}바이트)는 손상되어 압축을 풀 수 없다: {reason}. 지우고 다시 내려받는다.",
)
