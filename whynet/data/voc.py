"""Folders in the manner of PASCAL VOC: an XML file for each picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from xml.parsers import expat

from whynet.data.files import beside, file_stamp
from whynet.data.labelled import Box, Corners, Labelled, assemble, malformed, number, read_text
from whynet.data.register import data_set
from whynet.data.source import Source, SplitName
from whynet.errors import DataError
from whynet.registry import Range
from whynet.text import Text, plain

Side = Annotated[int, Range(least=16, most=1024)]  # of the square that a picture becomes
SETS: dict[str, SplitName] = {"train": "train", "val": "validation", "test": "test"}


@data_set(
    en="Pictures with boxes in the manner of PASCAL VOC: JPEGImages/, and an XML file for each in Annotations/.",
    ko="PASCAL VOC 방식으로 박스를 단 그림. JPEGImages/에 그림을, Annotations/에 그림마다 XML 파일을 둔다.",
    task="detect",
    year=2010,
    source="Everingham, Van Gool, Williams, Winn and Zisserman, The PASCAL visual object classes (VOC) challenge",
    needs="path",
    stamp=lambda options: file_stamp(options["path"]),
)
def voc(path: str, size: Side = 224, fit: Literal["stretch", "letterbox"] = "stretch", flips: bool = False) -> Source:
    """x: (N, 3, size, size) in [0, 1], from ``path/Annotations/*.xml`` and the splits in ``path/ImageSets/Main/*.txt``.

    Classes are the names that occur, in alphabetical order. ``flips`` adds mirrored copies of the training pictures. Raises
    `DataError` with file and line for what is malformed.
    """
    return read_voc(Path(path).expanduser(), size, fit, flips)


def read_voc(root: Path, size: int, fit: Literal["stretch", "letterbox"], flips: bool) -> Source:
    """The raw examples of a folder."""
    labels = root / "Annotations"
    if not labels.is_dir():
        raise DataError(_NO_FOLDER, path=labels, near=beside(root))
    listed = {split: _listed(root / "ImageSets" / "Main" / f"{name}.txt") for name, split in SETS.items()}
    stems = {stem: split for split, names in listed.items() for stem in names}
    if not stems:
        stems = {file.stem: "train" for file in sorted(labels.glob("*.xml"))}
    told = [(labels / f"{stem}.xml", split) for stem, split in stems.items()]
    parsed = [(path, split, parse(read_text(path), str(path))) for path, split in told]
    classes = tuple(sorted({one.name for _, _, said in parsed for one in said.objects}))
    labelled = [
        Labelled(
            _picture(root / "JPEGImages", path.stem, said.filename),
            tuple(Box(classes.index(one.name), one.corners, one.place) for one in said.objects),
            str(path),
            split,
            size=said.size,
        )
        for path, split, said in parsed
    ]
    return assemble(root, labelled, classes, size, fit, flips)


def _listed(path: Path) -> list[str]:
    """The pictures of a split, one in a line; what follows a name is of no interest here."""
    return [line.split()[0] for line in read_text(path).splitlines() if line.strip()] if path.is_file() else []


def _picture(folder: Path, stem: str, filename: str) -> Path:
    """The picture of an XML file: the one that it names, or else of its own name."""
    named = folder / Path(filename or f"{stem}.jpg").name
    own = next((file for file in sorted(folder.glob(f"{stem}.*")) if file.is_file()), named)
    return named if named.is_file() and named.stem == stem else own


# --- one file ----------------------------------------------------------------------------------------------------------


@dataclass
class Node:
    """An element with the line it begins in."""

    name: str
    line: int
    text: str = ""
    parts: list[Node] = field(default_factory=list)

    def part(self, name: str) -> Node | None:
        return next((part for part in self.parts if part.name == name), None)


@dataclass(frozen=True)
class Thing:
    """An object as an XML file tells of it; corners in pixels, from 0."""

    name: str
    corners: Corners
    place: str


@dataclass(frozen=True)
class Said:
    """What one XML file says."""

    filename: str
    size: tuple[int, int] | None
    objects: tuple[Thing, ...]


def parse(text: str, place: str) -> Said:
    """What an annotation says: pixels are counted from 1 there, both corners inside. Raises `DataError` with file and line."""
    root = _tree(text, place)
    if root.name != "annotation":
        raise malformed(f"{place}:{root.line}", f"<{root.name}>", plain("<annotation>"))
    filename, size = root.part("filename"), root.part("size")
    return Said(
        filename.text.strip() if filename else "",
        _size(size, place) if size else None,
        tuple(_thing(part, place) for part in root.parts if part.name == "object"),
    )


def _size(node: Node, place: str) -> tuple[int, int] | None:
    width, height = (int(number(_text(node, name, place), f"{place}:{node.line}", _NUMBER)) for name in ("width", "height"))
    return (width, height) if width > 0 and height > 0 else None  # some tools write 0 for what they do not know


def _thing(node: Node, place: str) -> Thing:
    at, frame = f"{place}:{node.line}", node.part("bndbox")
    if frame is None:
        raise malformed(at, "<object>", plain("<bndbox>"))
    x1, y1, x2, y2 = (
        number(_text(frame, side, place), f"{place}:{frame.line}", _NUMBER) for side in ("xmin", "ymin", "xmax", "ymax")
    )
    if (x1, y1) == (x2, y2):
        return Thing(_text(node, "name", place), (x1, y1, x2, y2), at)  # a click without a box, not a box of one pixel
    return Thing(_text(node, "name", place), (x1 - 1, y1 - 1, x2, y2), at)


def _text(node: Node, name: str, place: str) -> str:
    part = node.part(name)
    if part is None or not part.text.strip():
        raise malformed(f"{place}:{(part or node).line}", f"<{node.name}>", plain(f"<{name}>…</{name}>"))
    return part.text.strip()


def _tree(text: str, place: str) -> Node:
    """The elements of a document."""
    parser, top = expat.ParserCreate(), Node("", 0)
    open_: list[Node] = [top]

    def begin(name: str, attributes: dict[str, str]) -> None:
        open_.append(Node(name, parser.CurrentLineNumber))
        open_[-2].parts.append(open_[-1])

    def say(piece: str) -> None:
        open_[-1].text += piece

    def end(name: str) -> None:
        open_.pop()

    def refuse(name: str, *rest: object) -> None:
        raise malformed(f"{place}:{parser.CurrentLineNumber}", f"<!ENTITY {name}>", _PLAIN)

    parser.StartElementHandler, parser.CharacterDataHandler = begin, say
    parser.EndElementHandler, parser.EntityDeclHandler = end, refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        lines = text.splitlines()
        received = lines[error.lineno - 1].strip() if error.lineno <= len(lines) else ""
        reason = Text("well-formed XML ({why})", "올바른 XML({why})").fill(why=expat.ErrorString(error.code))
        raise malformed(f"{place}:{error.lineno}", received, reason) from error
    return top.parts[0]


_NO_FOLDER = Text(
    "There is no folder {path}. {near} Expected Annotations/*.xml, JPEGImages/*.jpg and, where splits are prescribed, "
    "ImageSets/Main/{{train,val,test}}.txt.",
    "{path} 폴더가 없다. {near} Annotations/*.xml과 JPEGImages/*.jpg가 있어야 하고, 정해진 분할이 있으면 "
    "ImageSets/Main/{{train,val,test}}.txt를 둔다.",
)
_NUMBER = Text("a number of pixels", "픽셀 수")
_PLAIN = Text("plain XML without entities of its own", "자체 엔티티(entity)가 없는 XML")
