"""Pictures with boxes in the manner of COCO: one JSON file for all pictures of a split."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from whynet.data.files import beside, file_stamp
from whynet.data.labelled import Box, Corners, Labelled, assemble, malformed, read_text
from whynet.data.register import data_set
from whynet.data.source import Source, SplitName
from whynet.data.voc import Side
from whynet.errors import DataError
from whynet.text import Text

PATTERNS = ("annotations/instances*.json", "*/_annotations.coco.json", "*.json")  # the first that is there counts


@data_set(
    en="Pictures with boxes in the manner of COCO: a JSON file of images, categories and annotations.",
    ko="COCO 방식으로 박스를 단 그림. JSON 파일 하나에 그림, 클래스, 박스를 적는다.",
    task="detect",
    year=2014,
    source="Lin, Maire, Belongie, Hays, Perona, Ramanan, Dollár and Zitnick, Microsoft COCO: common objects in context",
    needs="path",
    stamp=lambda options: file_stamp(options["path"]),
)
def coco(path: str, size: Side = 224, fit: Literal["stretch", "letterbox"] = "stretch", flips: bool = False) -> Source:
    """x: (N, 3, size, size) in [0, 1], from a JSON file, or a folder with ``annotations/instances_{train,val,test}….json``.

    Pictures are looked for beside the file, in ``images/``, and in a folder of the split's name. Classes are in the order of
    their category ids. Crowds are left out. ``flips`` adds mirrored copies of the training pictures. Raises `DataError` with file
    and entry for what is malformed.
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise DataError(_NOWHERE, path=root, near=beside(root))
    files = [root] if root.is_file() else next((found for p in PATTERNS if (found := sorted(root.glob(p)))), [])
    if not files:
        raise DataError(_NO_FILE, path=root)
    told = {file: parse(read_text(file), str(file)) for file in files}
    names = {number: name for said in told.values() for number, name in said.categories.items()}
    order = {number: place for place, number in enumerate(sorted(names))}
    labelled = [
        Labelled(
            _find(file, image.name),
            tuple(Box(order[number], corners, place) for number, corners, place in image.boxes),
            image.place,
            _split(file),
            size=image.size,
        )
        for file, said in told.items()
        for image in said.images
    ]
    classes = tuple(names[number] for number in sorted(names))
    source = assemble(root, labelled, classes, size, fit, flips)
    crowds = sum(said.crowds for said in told.values())
    return replace(source, notes=(_CROWDS.fill(n=crowds), *source.notes)) if crowds else source


def _split(file: Path) -> SplitName:
    """By the name of the file, or of the folder it is in: instances_val2017.json, valid/_annotations.coco.json."""
    name = file.stem if not file.stem.startswith("_") else file.parent.name
    return "validation" if "val" in name else "test" if "test" in name else "train"


def _find(file: Path, name: str) -> Path:
    """The picture of an entry, in one of the places where it usually is."""
    top, tag = file.parent, file.stem.removeprefix("instances_")
    tops = [top, top / "images", top / tag, top / "images" / tag]
    if top.name == "annotations":
        tops += [top.parent / tag, top.parent / "images" / tag, top.parent / "images", top.parent]
    return next((place / name for place in tops if (place / name).is_file()), top / name)


# --- one file ----------------------------------------------------------------------------------------------------------


@dataclass
class Image:
    """A picture as the file tells of it: boxes as (category id, corners in pixels, place)."""

    name: str
    place: str
    size: tuple[int, int] | None
    boxes: list[tuple[int, Corners, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """What one file says; ``crowds`` counts the annotations that have no box for each object."""

    categories: Mapping[int, str]
    images: Sequence[Image]
    crowds: int


def parse(text: str, place: str) -> Said:
    """Images with their boxes, ``bbox: [x, y, width, height]`` in pixels. Raises `DataError` with file and line or entry."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        lines = text.splitlines() or [""]
        shown = lines[min(error.lineno, len(lines)) - 1].strip()
        raise malformed(f"{place}:{error.lineno}", shown, _JSON.fill(why=error.msg, column=error.colno)) from error
    except RecursionError as error:
        raise malformed(place, "[[[[…", _JSON.fill(why="too deep", column=1)) from error
    categories = {}
    for entry, at in _entries(whole, "categories", place):
        categories[_whole(entry, "id", at)] = _word(entry, "name", at)
    images = {}
    for entry, at in _entries(whole, "images", place):
        size = (_whole(entry, "width", at), _whole(entry, "height", at)) if {"width", "height"} <= entry.keys() else None
        images[_whole(entry, "id", at)] = Image(_word(entry, "file_name", at), at, size)
    crowds = 0
    for entry, at in _entries(whole, "annotations", place):
        image, category = _whole(entry, "image_id", at), _whole(entry, "category_id", at)
        if image not in images:
            raise malformed(at, f"image_id {image}", _KNOWN.fill(what="images"))
        if category not in categories:
            raise malformed(at, f"category_id {category}", _KNOWN.fill(what="categories"))
        if entry.get("iscrowd"):
            crowds += 1
            continue
        images[image].boxes.append((category, _corners(entry, at), at))
    return Said(categories, list(images.values()), crowds)


def _entries(whole: Any, name: str, place: str) -> list[tuple[dict[str, Any], str]]:
    """The objects of one of the file's lists, each with its place."""
    entries = whole.get(name) if isinstance(whole, dict) else None
    if not isinstance(entries, list):
        raise malformed(place, _shown(whole), _LISTS)
    for n, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise malformed(f"{place}: {name}[{n}]", _shown(entry), _OBJECT)
    return [(entry, f"{place}: {name}[{n}]") for n, entry in enumerate(entries)]


def _whole(entry: dict[str, Any], name: str, place: str) -> int:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise malformed(place, f"{name}: {_shown(value)}", _WHOLE.fill(name=name))
    return value


def _word(entry: dict[str, Any], name: str, place: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise malformed(place, f"{name}: {_shown(value)}", _WORD.fill(name=name))
    return value


def _corners(entry: dict[str, Any], place: str) -> Corners:
    box = entry.get("bbox")
    numbers = isinstance(box, list) and len(box) == 4 and all(isinstance(v, int | float) and abs(v) < 1e9 for v in box)
    if not numbers or not isinstance(box, list) or box[2] < 0 or box[3] < 0:
        raise malformed(place, f"bbox: {_shown(box)}", _BOX)
    x, y, width, height = (float(value) for value in box)
    return x, y, x + width, y + height


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:80]


_NOWHERE = Text("There is no {path}. {near}", "{path:이} 없다. {near}")
_NO_FILE = Text(
    "{path} has no annotations/instances_*.json and no other JSON file. Expected one file of images, categories and annotations "
    "for each split.",
    "{path}에 annotations/instances_*.json도 다른 JSON 파일도 없다. 분할마다 images, categories, annotations가 든 파일 하나가 있어야 한다.",
)
_JSON = Text("JSON ({why}, column {column})", "JSON({why}, {column}열)")
_LISTS = Text(
    'an object with the lists "images", "categories" and "annotations"',
    '"images", "categories", "annotations" 리스트가 든 객체',
)
_OBJECT = Text("an object in braces", "중괄호로 쓴 객체")
_WHOLE = Text('a whole number as "{name}"', '정수인 "{name}"')
_WORD = Text('a text as "{name}"', '문자열인 "{name}"')
_KNOWN = Text('an id that is in "{what}"', '"{what}"에 있는 id')
_BOX = Text('"bbox": [x, y, width, height] in pixels, no side negative', '픽셀로 쓴 "bbox": [x, y, width, height], 변은 0 이상')
_CROWDS = Text(
    "{n} crowd(s) without a box for each object were left out.", "물체마다 박스를 달지 않은 무리(crowd) {n}개를 뺐다."
)
