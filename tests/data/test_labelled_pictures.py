"""Pictures with boxes in the manners of VOC, COCO and YOLO: one truth written in three ways, and what is wrong with a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from whynet.data import coco as coco_room
from whynet.data import load
from whynet.data import voc as voc_room
from whynet.data.dataset import Dataset
from whynet.data.yolo_folder import parse_line
from whynet.errors import DataError
from whynet.spec import Spec

NAMES = ("cat", "dog", "owl")
Truth = list[tuple[str, tuple[int, int], list[tuple[int, int, int, int, int]]]]  # stem, (width, height), class and corners


def truth(pictures: int = 24) -> Truth:
    rng, told = np.random.default_rng(0), []
    for n in range(pictures):
        width, height = (40, 20) if n % 2 else (24, 32)
        boxes = []
        for k in range(n % 3 + (n == 0)):
            x, y = rng.integers(0, width - 6), rng.integers(0, height - 6)
            boxes.append((k, int(x), int(y), int(x + rng.integers(2, 6)), int(y + rng.integers(2, 6))))
        told.append((f"p{n:02}", (width, height), boxes))
    told[1][2].append((2, 0, 0, 40, 20))
    return told


def paint(path: Path, size: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (255, 0, 0)).save(path)


def xml(stem: str, size: tuple[int, int], boxes: list[tuple[int, int, int, int, int]]) -> str:
    objects = "".join(
        f"  <object>\n    <name>{NAMES[k]}</name>\n    <bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox>\n  </object>\n"
        for k, x1, y1, x2, y2 in boxes
    )
    return (
        f"<annotation>\n  <filename>{stem}.png</filename>\n"
        f"  <size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>\n{objects}</annotation>\n"
    )


def write_voc(root: Path, told: Truth) -> None:
    for n, (stem, size, boxes) in enumerate(told):
        paint(root / "JPEGImages" / f"{stem}.png", size)
        file = root / "Annotations" / f"{stem}.xml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(xml(stem, size, boxes))
        split = root / "ImageSets" / "Main" / f"{('train', 'val', 'test')[max(0, n - len(told) + 3)]}.txt"
        split.parent.mkdir(parents=True, exist_ok=True)
        split.write_text((split.read_text() if split.exists() else "") + f"{stem}\n")


def write_coco(root: Path, told: Truth) -> None:
    ids = {0: 7, 1: 18, 2: 90}
    for split, part in (("train", told[:-2]), ("val", told[-2:-1]), ("test", told[-1:])):
        images, annotations = [], []
        for n, (stem, (width, height), boxes) in enumerate(part):
            paint(root / "images" / split / f"{stem}.png", (width, height))
            images.append({"id": n + 5, "file_name": f"{stem}.png", "width": width, "height": height})
            annotations += [
                {"image_id": n + 5, "category_id": ids[k], "bbox": [x1, y1, x2 - x1, y2 - y1]} for k, x1, y1, x2, y2 in boxes
            ]
        categories = [{"id": ids[k], "name": NAMES[k]} for k in (2, 0, 1)]
        file = root / "annotations" / f"instances_{split}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))


def write_yolo(root: Path, told: Truth) -> None:
    root.mkdir()
    (root / "data.yaml").write_text("train: images/train\nval: images/val\ntest: images/test\nnames: [cat, dog, owl]\n")
    for n, (stem, (width, height), boxes) in enumerate(told):
        split = ("train", "val", "test")[max(0, n - len(told) + 3)]
        paint(root / "images" / split / f"{stem}.png", (width, height))
        file = root / "labels" / split / f"{stem}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"{k} {(x1 + x2) / 2 / width} {(y1 + y2) / 2 / height} {(x2 - x1) / width} {(y2 - y1) / height}"
            for k, x1, y1, x2, y2 in boxes
        ]
        file.write_text("\n".join(lines))


WRITERS: dict[str, Callable[[Path, Truth], None]] = {"voc": write_voc, "coco": write_coco, "yolo_folder": write_yolo}
each_way = pytest.mark.parametrize("way", WRITERS)


def load_from(way: str, root: Path, **options: object) -> Dataset:
    return load(Spec(way, {"path": str(root), "size": 16, **options}))  # type: ignore[dict-item]


def rows_of(data: Dataset) -> list[list[list[float]]]:
    """The real rows of each example, in the order of the pool."""
    return [[row for row in picture.tolist() if row[0] >= 0] for picture in data.train.pool_y]


@each_way
def test_one_truth_reads_alike_in_every_manner(way: str, tmp_path: Path) -> None:
    told = truth()
    WRITERS[way](tmp_path / way, told)
    data = load_from(way, tmp_path / way)
    assert data.name == way
    assert data.task.classes == NAMES
    assert data.train.pool_x.shape == (24, 3, 16, 16)
    assert (len(data.train), len(data.validation), len(data.test)) == (22, 1, 1)
    expected = sorted(
        sorted([k, x1 / width, y1 / height, x2 / width, y2 / height] for k, x1, y1, x2, y2 in boxes)
        for _, (width, height), boxes in told
    )
    found = sorted(sorted(rows) for rows in rows_of(data))
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(torch.tensor(ours), torch.tensor(theirs, dtype=torch.float32))
    notes = " ".join(map(str, data.notes))
    assert "7 picture(s) have no object and are taken as background: p03.png" in notes
    assert "24 pictures were stretched to 16×16 pixels" in notes


def test_a_letterbox_keeps_proportions_and_moves_boxes_with_the_picture(tmp_path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[4:12, 8:24] = 255
    told: Truth = [(f"p{n}", (40, 20), [(0, 8, 4, 24, 12)]) for n in range(12)]
    write_voc(tmp_path / "voc", told)
    for n in range(12):
        Image.fromarray(pixels).save(tmp_path / "voc" / "JPEGImages" / f"p{n}.png")
    data = load_from("voc", tmp_path / "voc", fit="letterbox", size=40)
    assert data.train.y[0, 0].tolist() == pytest.approx([0, 8 / 40, 14 / 40, 24 / 40, 22 / 40])
    picture = data.train.x[0, 0]
    assert picture[:10].unique().tolist() == picture[30:].unique().tolist() == [pytest.approx(128 / 255)]
    rows, columns = (picture > 0.9).nonzero(as_tuple=True)
    assert (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1) == (8, 14, 24, 22)


def test_a_picture_that_the_camera_turned_is_measured_upright(tmp_path: Path) -> None:
    told: Truth = [(f"p{n}", (20, 40), [(0, 2, 4, 10, 20)]) for n in range(12)]
    write_voc(tmp_path / "voc", told)
    for n in range(12):
        lying = Image.new("RGB", (40, 20), (255, 0, 0))
        exif = Image.Exif()
        exif[0x0112] = 6  # a quarter turn
        lying.save(tmp_path / "voc" / "JPEGImages" / f"p{n}.png", exif=exif)
    assert load_from("voc", tmp_path / "voc").train.y[0, 0].tolist() == pytest.approx([0, 0.1, 0.1, 0.5, 0.5])


# --- what is clipped, left out, refused --------------------------------------------------------------------------------


def test_boxes_a_little_outside_are_clipped_and_empty_ones_left_out(tmp_path: Path) -> None:
    write_yolo(tmp_path / "a", truth())
    file = tmp_path / "a" / "labels" / "train" / "p00.txt"
    file.write_text("0 0.96 0.5 0.2 0.2\n1 0.5 0.5 0.0 0.2\n")
    data = load_from("yolo_folder", tmp_path / "a")
    first = next(rows for rows in rows_of(data) if any(abs(row[1] - 0.86) < 1e-6 for row in rows))
    assert first == [pytest.approx([0, 0.86, 0.4, 1.0, 0.6])]
    notes = " ".join(map(str, data.notes))
    assert f"1 box(es) reached over the edge of the picture and were clipped: {file}:1." in notes
    assert f"1 box(es) without width or height were left out: {file}:2." in notes


def test_a_click_without_a_box_in_voc_is_left_out(tmp_path: Path) -> None:
    told = truth()
    write_voc(tmp_path / "voc", told)
    file = tmp_path / "voc" / "Annotations" / "p03.xml"
    file.write_text(
        xml("p03", told[3][1], [(0, 4, 4, 5, 5)]).replace("<xmin>5</xmin><ymin>5</ymin>", "<xmin>5</xmin>\n<ymin>5</ymin>")
    )
    notes = " ".join(map(str, load_from("voc", tmp_path / "voc").notes))
    assert f"1 box(es) without width or height were left out: {file}:4." in notes


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 1.3 0.5 0.2 0.2", r"far outside.*Expected 0 <= x <= 1.*Received: x1=1\.2"),
        ("3 0.5 0.5 0.2 0.2", r"class 3 is beyond the names\. Expected 0 to 2: cat, dog, owl"),
        ("0 0.5 0.5 0.2", r"expected five numbers.*Received: '0 0\.5 0\.5 0\.2'"),
        ("dog 0.5 0.5 0.2 0.2", r"expected the number of a class.*Received: 'dog'"),
        ("-1 0.5 0.5 0.2 0.2", r"Received: '-1'"),
        ("0 0.5 nan 0.2 0.2", r"expected a fraction.*Received: 'nan'"),
        ("0 0.5 0.5 -0.2 0.2", r"width and height of 0 or more"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(line: str, said: str, tmp_path: Path) -> None:
    write_yolo(tmp_path / "a", truth())
    (tmp_path / "a" / "labels" / "train" / "p00.txt").write_text(f"0 0.5 0.5 0.2 0.2\n\n{line}\n")
    with pytest.raises(DataError, match=rf"p00\.txt:3: .*{said}"):
        load_from("yolo_folder", tmp_path / "a")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("<name>cat</name>", "<name></name>"), r"p00\.xml:5: expected <name>…</name>"),
        (("<bndbox>", "<box>"), r"p00\.xml:6: expected well-formed XML \(mismatched tag\)"),
        (("<xmin>", "<xmin>x"), r"p00\.xml:6: expected a number of pixels\. Received: 'x"),
        (("<annotation>", "<annotations>"), r"mismatched tag"),
        (("annotation>", "thing>"), r"p00\.xml:1: expected <annotation>\. Received: '<thing>'"),
        (("<width>24", "<width>30"), r"\(30, 32\)\. Received: .*p00\.png of \(24, 32\)"),
        (("<annotation>", '<!DOCTYPE a [<!ENTITY a "b">]>\n<annotation>'), r"without entities"),
    ],
)
def test_a_wrong_annotation_is_refused_with_its_place(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    write_voc(tmp_path / "voc", truth())
    file = tmp_path / "voc" / "Annotations" / "p00.xml"
    assert change[0] in file.read_text()
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(DataError, match=said):
        load_from("voc", tmp_path / "voc")


def test_a_turned_box_is_refused(tmp_path: Path) -> None:
    told = truth()
    told[0][2].append((0, 15, 1, 4, 3))
    write_voc(tmp_path / "voc", told)
    with pytest.raises(DataError, match=r"p00\.xml:\d+: expected the left upper corner before.*Received: 'x1=15, y1=1"):
        load_from("voc", tmp_path / "voc")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"category_id": 7', '"category_id": 8'), r'annotations\[0\]: expected an id that is in "categories".*category_id 8'),
        (('"image_id": 5', '"image_id": 500'), r"annotations\[0\]: .*image_id 500"),
        (('"bbox": [', '"bbox": [1, '), r'annotations\[0\]: expected "bbox": \[x, y, width, height\]'),
        (('"images": [{', '"images": [3, {'), r"images\[0\]: expected an object in braces\. Received: '3'"),
        (('"images"', '"pictures"'), r'the lists "images", "categories" and "annotations"'),
        (('"file_name"', '"name"'), r"images\[0\]: expected a text as \"file_name\"\. Received: 'file_name: null'"),
        (('"categories": [', '"categories": ['[:-1]), r"instances_train\.json:1: expected JSON \("),
    ],
)
def test_a_wrong_entry_is_refused_with_its_place(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    write_coco(tmp_path / "coco", truth())
    file = tmp_path / "coco" / "annotations" / "instances_train.json"
    assert change[0] in file.read_text()
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(DataError, match=said):
        load_from("coco", tmp_path / "coco")


def test_crowds_are_left_out(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco", truth())
    file = tmp_path / "coco" / "annotations" / "instances_train.json"
    whole = json.loads(file.read_text())
    whole["annotations"][0]["iscrowd"] = 1
    file.write_text(json.dumps(whole))
    data = load_from("coco", tmp_path / "coco")
    assert sum(map(len, rows_of(data))) == sum(len(boxes) for _, _, boxes in truth()) - 1
    assert any("1 crowd(s)" in str(note) for note in data.notes)


@each_way
def test_one_missing_picture_is_told_and_many_are_refused(way: str, tmp_path: Path) -> None:
    WRITERS[way](tmp_path / way, truth())
    pictures = sorted(file for file in (tmp_path / way).rglob("p*.png"))
    labels = " ".join(str(file) for file in pictures)
    assert len(pictures) == 24, labels
    next(file for file in pictures if file.stem == "p04").unlink()
    data = load_from(way, tmp_path / way)
    assert len(data.train.pool_x) == 23
    assert any("1 picture(s)" in str(note) and "p04" in str(note) for note in data.notes)
    for file in pictures[6:9]:
        file.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"4 of 24 pictures that label files tell of cannot be opened"):
        load_from(way, tmp_path / way)


def test_a_picture_that_breaks_off_is_left_out_with_its_boxes(tmp_path: Path) -> None:
    write_voc(tmp_path / "voc", truth())
    (tmp_path / "voc" / "JPEGImages" / "p01.png").unlink()
    broken = tmp_path / "voc" / "JPEGImages" / "p01.jpg"  # found by its own name
    noise = np.random.default_rng(0).integers(0, 255, (20, 40, 3), np.uint8)
    Image.fromarray(noise).save(broken)
    broken.write_bytes(broken.read_bytes()[:-300])  # its header says how large it is
    data = load_from("voc", tmp_path / "voc")
    assert len(data.train.pool_x) == len(data.train.pool_y) == 23
    assert "owl" not in [data.task.classes[int(row[0])] for row in rows_of(data)[1]]
    assert any("1 broken image(s) were left out" in str(note) for note in data.notes)


def test_folders_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no folder .*Annotations"):
        load_from("voc", tmp_path)
    with pytest.raises(DataError, match=r"There is no .*nowhere"):
        load_from("coco", tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"no other JSON file"):
        load_from("coco", tmp_path)
    with pytest.raises(DataError, match=r"one YAML file.*Received: -"):
        load_from("yolo_folder", tmp_path)
    (tmp_path / "classes.txt").write_text("cat\n")
    with pytest.raises(DataError, match=r"has no labelled pictures"):
        load_from("yolo_folder", tmp_path)
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations" / "a.xml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"a\.xml is no text: byte 0 is not UTF-8"):
        load_from("voc", tmp_path)


# --- any text at all ---------------------------------------------------------------------------------------------------

XML, LINE = xml("p", (40, 30), [(0, 1, 2, 9, 8), (1, 4, 4, 30, 20)]), "1 0.5 0.25 0.125 0.5"
JSON = json.dumps(
    {
        "images": [{"id": 1, "file_name": "p.png", "width": 9, "height": 9}],
        "categories": [{"id": 2, "name": "cat"}],
        "annotations": [{"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4]}],
    }
)


@st.composite
def damaged(draw: st.DrawFn, whole: str) -> str:
    """A text of which a stretch is replaced by something else."""
    begin = draw(st.integers(0, len(whole)))
    end = draw(st.integers(begin, min(len(whole), begin + 12)))
    return (
        whole[:begin]
        + draw(st.text(max_size=6) | st.sampled_from(["null", "-1", "1e999", "<a>", "[", "{}", '"']))
        + whole[end:]
    )


@given(damaged(XML))
def test_damaged_xml_is_read_or_refused_with_its_line(text: str) -> None:
    try:
        said = voc_room.parse(text, "p.xml")
    except DataError as error:
        assert str(error).startswith("p.xml:")  # noqa: PT017
        return
    assert all(np.isfinite(one.corners).all() and one.name for one in said.objects)


@given(damaged(JSON) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_damaged_json_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        said = coco_room.parse(text, "a.json")
    except DataError as error:
        assert str(error).startswith("a.json")  # noqa: PT017
        return
    assert all(image.name and np.isfinite([box[1] for box in image.boxes]).all() for image in said.images)


@given(damaged(LINE) | st.text(max_size=30))
def test_a_damaged_line_is_read_or_refused_with_its_place(line: str) -> None:
    try:
        box = parse_line(line, "a.txt:1", NAMES)
    except DataError as error:
        assert str(error).startswith("a.txt:1: ")  # noqa: PT017
        return
    assert 0 <= box.label < 3
    assert np.isfinite(box.corners).all()


@given(st.integers(0, 2), st.tuples(*[st.floats(0, 1)] * 4))
def test_a_line_says_centre_and_sides(label: int, numbers: tuple[float, float, float, float]) -> None:
    x, y, width, height = numbers
    box = parse_line(f"{label} {x!r} {y!r} {width!r} {height!r}", "a.txt:1", NAMES)
    assert (box.label, box.corners) == (label, (x - width / 2, y - height / 2, x + width / 2, y + height / 2))


# --- the sets that have a name -----------------------------------------------------------------------------------------


def test_blood_cells_come_in_their_official_sets(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNET_DATA", str(shared_data))
    data = load("bccd(size=16)")
    assert (len(data.train), len(data.validation), len(data.test)) == (205, 87, 72)
    assert data.task.classes == ("Platelets", "RBC", "WBC")
    counts = torch.cat([part.y[..., 0].flatten() for part in (data.train, data.validation, data.test)])
    assert [int((counts == k).sum()) for k in range(3)] == [361, 4153, 372]  # 4,888 in the files, two of them clicks
    listed = (shared_data / "bccd" / "BCCD" / "ImageSets" / "Main" / "test.txt").read_text().split()
    first = voc_room.parse((shared_data / "bccd" / "BCCD" / "Annotations" / f"{listed[0]}.xml").read_text(), "")
    x1, y1, x2, y2 = first.objects[0].corners
    assert data.test.y[0, 0, 1:].tolist() == pytest.approx([x1 / 640, y1 / 480, x2 / 640, y2 / 480])


def test_where_there_are_no_blood_cells_the_place_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNET_DATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DataError, match=r"BCCD/Annotations was looked for in .*Download it from https://github.com"):
        load("bccd")
