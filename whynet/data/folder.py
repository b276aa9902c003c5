"""Pictures of your own, in a folder for each class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch

from whynet.data.files import beside, file_stamp
from whynet.data.pictures import SUFFIXES, read_pictures
from whynet.data.register import data_set
from whynet.data.source import Source, SplitName
from whynet.errors import DataError
from whynet.registry import Range
from whynet.text import Text

SPLIT_NAMES: dict[str, SplitName] = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@data_set(
    en="Pictures of your own, a folder for each class, cut to squares of one size.",
    ko="직접 가진 사진. 클래스마다 폴더 하나씩 두면 같은 크기의 정사각형으로 맞춘다.",
    task="classify",
    needs="path",
    stamp=lambda options: file_stamp(options["path"]),
)
def folder(path: str, size: Annotated[int, Range(least=4, most=1024)] = 64, channels: Literal[1, 3] = 3) -> Source:
    """x: (N, channels, size, size) in [0, 1], from ``path/class/*.jpg`` or ``path/{train,val,test}/class/*.jpg``.

    Raises `DataError` where there are no classes, no images, or too many broken ones.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DataError(_NO_FOLDER, path=root, near=beside(root))
    parents = {SPLIT_NAMES[sub.name.lower()]: sub for sub in _folders(root) if sub.name.lower() in SPLIT_NAMES}
    if "train" not in parents:
        parents = {"train": root}
    files = [(split, label.name, file) for split, top in parents.items() for label in _folders(top) for file in _files(label)]
    pictures = [entry for entry in files if entry[2].suffix.lower() in SUFFIXES]
    classes = tuple(sorted({label for _, label, _ in pictures}))
    if not pictures:
        raise DataError(_NO_IMAGES, path=root, loose=sum(file.suffix.lower() in SUFFIXES for file in root.iterdir()))
    if len(classes) < 2:
        raise DataError(_ONE_CLASS, path=root, name=classes[0])

    pool, opened, notes = read_pictures([file for _, _, file in pictures], size, channels)
    others = Counter(file.suffix or file.name for _, _, file in files if file.suffix.lower() not in SUFFIXES)
    if others:
        notes.append(_OTHERS.fill(n=others.total(), kinds=", ".join(kind for kind, _ in others.most_common(5))))
    empty = sorted({label.name for top in parents.values() for label in _folders(top)} - set(classes))
    if empty:
        notes.append(_NO_CLASS.fill(names=", ".join(empty)))
    y = np.array([classes.index(label) for _, label, _ in pictures])[opened]
    splits = np.array([split for split, _, _ in pictures])[opened]
    official: dict[SplitName, torch.Tensor] = {
        split: torch.from_numpy(np.flatnonzero(splits == split)) for split in parents if split != "train" and split in splits
    }
    notes.append(_SIZE.fill(n=len(y), size=size))
    return Source(torch.from_numpy(pool), torch.from_numpy(y), classes, official=official, name=root.name, notes=tuple(notes))


def _folders(top: Path) -> list[Path]:
    return sorted(sub for sub in top.iterdir() if sub.is_dir() and not sub.name.startswith((".", "__")))


def _files(top: Path) -> list[Path]:
    return sorted(file for file in top.rglob("*") if file.is_file() and not file.name.startswith("."))


_NO_FOLDER = Text("There is no folder {path}. {near}", "{path} 폴더가 없다. {near}")
_NO_IMAGES = Text(
    "{path} has no images in class folders (and {loose} outside of them). "
    "Expected {path}/cat/1.jpg, {path}/dog/2.jpg, … or the same under train/, val/ and test/.",
    "{path}의 클래스 폴더에 이미지가 없다(클래스 폴더 밖에는 {loose}장). "
    "{path}/cat/1.jpg, {path}/dog/2.jpg, …처럼 두거나 train/, val/, test/ 아래에 그렇게 둔다.",
)
_ONE_CLASS = Text(
    "{path} has one class folder with images, {name}. Expected two or more: there is nothing to tell apart.",
    "{path}에서 이미지가 든 클래스 폴더는 {name} 하나뿐이다. 구별하려면 둘 이상이어야 한다.",
)
_OTHERS = Text("{n} file(s) that are no images were ignored: {kinds}.", "이미지가 아닌 파일 {n}개는 읽지 않았다: {kinds}.")
_NO_CLASS = Text("Folders without images are no classes: {names}.", "이미지가 없는 폴더는 클래스로 보지 않는다: {names}.")
_SIZE = Text(
    "{n} images were cut to centred squares and resized to {size}×{size} pixels.",
    "이미지 {n}장을 가운데 정사각형으로 잘라 {size}×{size} 픽셀로 맞추었다.",
)
