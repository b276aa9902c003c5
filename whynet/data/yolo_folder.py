"""Pictures with boxes in the manner of YOLO: a text file for each picture, and the names of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from whynet.data.files import beside, file_stamp, locate_folder
from whynet.data.labelled import Box, Labelled, assemble, malformed, number, read_text, unknown_class
from whynet.data.pictures import SUFFIXES
from whynet.data.register import data_set
from whynet.data.source import Source, SplitName
from whynet.data.voc import Side
from whynet.data.yolo_names import Names, read_list, read_yaml
from whynet.errors import DataError
from whynet.text import Text

Fit = Literal["stretch", "letterbox"]
SETS: dict[str, SplitName] = {"train": "train", "val": "validation", "valid": "validation", "test": "test"}
LISTS = ("classes.txt", "obj.names", "names.txt")


@data_set(
    en="Pictures with boxes in the manner of YOLO: images/, labels/ with a line for each object, and the names in a YAML file.",
    ko="YOLO 방식으로 박스를 단 그림. images/에 그림을, labels/에 물체마다 한 줄을, YAML 파일에 클래스 이름을 둔다.",
    task="detect",
    year=2016,
    source="Redmon, darknet; the YAML file: Ultralytics",
    needs="path",
    stamp=lambda options: file_stamp(options["path"]),
)
def yolo_folder(path: str, size: Side = 224, fit: Fit = "stretch", flips: bool = False) -> Source:
    """x: (N, 3, size, size) in [0, 1], from ``path/*.yaml`` and the folders that it names, or from ``path/images`` and labels.

    A line of a label file is ``class x y width height``, the centre and sides in fractions of the picture. A picture without
    a label file has no objects. ``flips`` adds mirrored copies of the training pictures. Raises `DataError` with file and line
    for what is malformed.
    """
    return read_yolo(Path(path).expanduser(), size, fit, flips)


@data_set(
    en="53 photographs from COCO under free licences, with boxes of 80 classes: enough to try a reader, not to train on.",
    ko="자유 이용 허락이 붙은 COCO 사진 53장과 클래스 80개의 박스. 읽기를 시험할 만큼이지 학습할 만큼은 아니다.",
    task="detect",
    year=2014,
    source="Lin et al., Microsoft COCO: common objects in context; the pictures under CC BY and CC BY-SA",
    needs="files",
)
def coco_subset(size: Side = 224, fit: Fit = "letterbox", flips: bool = False) -> Source:
    """x: (N, 3, size, size) in [0, 1]; the test set is drawn from the training pictures, the validation set is prescribed."""
    return read_yolo(locate_folder("coco-ccby-subset", "coco-subset.yaml", "https://cocodataset.org"), size, fit, flips)


def read_yolo(root: Path, size: int, fit: Fit, flips: bool) -> Source:
    """The raw examples of a folder."""
    if not root.is_dir():
        raise DataError(_NO_FOLDER, path=root, near=beside(root))
    names, folders = _layout(root)
    labelled = [
        Labelled(picture, parse(label, names.words), str(label), split, pixels=False)
        for folder, split in folders
        for picture, label in _pairs(folder)
    ]
    return assemble(root, labelled, names.words, size, fit, flips)


def _layout(root: Path) -> tuple[Names, list[tuple[Path, SplitName]]]:
    """The names of the classes, and the folders of pictures with the split that each is."""
    files = sorted([*root.glob("*.yaml"), *root.glob("*.yml")])
    lists = [root / name for name in LISTS if (root / name).is_file()]
    if len(files) > 1 or not (files or lists):
        raise DataError(_NAMES, path=root, found=", ".join(file.name for file in files) or "-")
    names = read_yaml(read_text(files[0]), str(files[0])) if files else read_list(read_text(lists[0]), str(lists[0]))
    told = [(SETS[key], _folder(root, names.path, place)) for key, place in names.folders.items()]
    if not told:
        top = root / "images" if (root / "images").is_dir() else root
        told = [(split, place) for key, split in SETS.items() if (place := top / key).is_dir()] or [("train", top)]
    for _, folder in told:
        if not folder.is_dir():
            raise DataError(_NO_FOLDER, path=folder, near=beside(folder))
    return names, [(folder, split) for split, folder in told]


def _folder(root: Path, path: str, place: str) -> Path:
    """Where a split's pictures are: beneath the file's ``path``, or beside the file, wherever it has been copied to since."""
    inside = place.lstrip("./")
    tried = [root / path / place, root / place, root / inside, root.parent / place]
    return next((folder.resolve() for folder in tried if folder.is_dir()), root / inside)


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Each picture with its label file, which need not exist; and each label file with the picture that it should have."""
    if (folder / "images").is_dir():
        folder = folder / "images"  # train/images beside train/labels
    parts = list(folder.parts)
    if "images" in parts:
        parts[len(parts) - 1 - parts[::-1].index("images")] = "labels"
    labels = Path(*parts)
    pictures = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    pairs = [(file, labels / f"{file.stem}.txt") for file in pictures]
    known = {file.stem for file in pictures} | {Path(name).stem for name in LISTS}
    return pairs + [(folder / f"{file.stem}.jpg", file) for file in sorted(labels.glob("*.txt")) if file.stem not in known]


def parse(label: Path, names: Sequence[str]) -> tuple[Box, ...]:
    """The boxes of a label file; none where there is no file or nothing in it. Raises `DataError` with file and line."""
    if not label.is_file():
        return ()
    lines = enumerate(read_text(label).splitlines(), start=1)
    return tuple(parse_line(line, f"{label}:{n}", names) for n, line in lines if line.strip())


def parse_line(line: str, place: str, names: Sequence[str]) -> Box:
    """One object, ``class x y width height``."""
    words = line.split()
    if len(words) != 5:
        raise malformed(place, line.strip(), _FIVE)
    if not words[0].isdecimal():
        raise malformed(place, words[0], _CLASS)
    label = int(words[0])
    if label >= len(names):
        raise unknown_class(place, label, names)
    x, y, width, height = (number(word, place, _NUMBER) for word in words[1:])
    if width < 0 or height < 0:
        raise malformed(place, line.strip(), _SIDES)
    return Box(label, (x - width / 2, y - height / 2, x + width / 2, y + height / 2), place)


_NO_FOLDER = Text("There is no folder {path}. {near}", "{path} 폴더가 없다. {near}")
_NAMES = Text(
    "Expected one YAML file with the names of the classes in {path}, or classes.txt with one in a line. Received: {found}.",
    "{path}에 클래스 이름이 든 YAML 파일 하나, 또는 한 줄에 하나씩 쓴 classes.txt가 있어야 한다. 받은 것: {found}.",
)
_FIVE = Text("five numbers, class x y width height", "숫자 다섯 개, class x y width height")
_CLASS = Text("the number of a class, 0 or more", "0 이상의 클래스 번호")
_NUMBER = Text("a fraction of the picture's side", "그림 변에 대한 비율")
_SIDES = Text("a width and height of 0 or more", "0 이상의 너비와 높이")
