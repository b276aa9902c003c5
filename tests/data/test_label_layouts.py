"""Folders of labelled pictures are laid out in several ways; each is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from whynet.data import load
from whynet.data.dataset import Dataset
from whynet.spec import Spec

LINE, BOX = "0 0.5 0.5 0.4 0.2\n", [0, 0.3, 0.4, 0.7, 0.6]  # one truth, as YOLO and as targets say it


def paint(folder: Path, count: int, first: int = 0) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{n}.png" for n in range(first, first + count)]
    for name in names:
        Image.new("RGB", (10, 10)).save(folder / name)
    return names


def label(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).with_suffix(".txt").write_text(LINE)


def entries(names: list[str]) -> str:
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    annotations = [{"image_id": n, "category_id": 3, "bbox": [3, 4, 4, 2]} for n in range(len(names))]
    return json.dumps({"images": images, "categories": [{"id": 3, "name": "cat"}], "annotations": annotations})


def check(way: str, path: Path, sizes: tuple[int, int, int]) -> Dataset:
    data = load(Spec(way, {"path": str(path), "size": 16}))
    assert (len(data.train), len(data.validation), len(data.test)) == sizes
    assert data.task.classes == ("cat",)
    for row in data.train.pool_y[:, 0].tolist():
        assert row == pytest.approx(BOX)
    return data


def test_yolo_all_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("cat\n")
    label(tmp_path, paint(tmp_path, 20))
    check("yolo_folder", tmp_path, (14, 2, 4))


def test_yolo_pictures_beside_labels_in_each_split(tmp_path: Path) -> None:
    """The file may still name the folders of the machine it comes from."""
    (tmp_path / "data.yaml").write_text("path: /else/where\ntrain: ../train/images\nval: ../valid/images\nnames: ['cat']\n")
    label(tmp_path / "train" / "labels", paint(tmp_path / "train" / "images", 15))
    label(tmp_path / "valid" / "labels", paint(tmp_path / "valid" / "images", 4, first=20))
    check("yolo_folder", tmp_path, (12, 4, 3))


def test_yolo_splits_without_a_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("names:\n  - cat\n")
    for split, count in (("train", 15), ("val", 3), ("test", 2)):
        label(tmp_path / "labels" / split, paint(tmp_path / "images" / split, count))
    check("yolo_folder", tmp_path, (15, 3, 2))


def test_coco_in_one_file_beside_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "pets.json").write_text(entries(paint(tmp_path, 20)))
    assert check("coco", tmp_path / "pets.json", (14, 2, 4)).name == "pets.json"


def test_coco_with_a_file_in_each_split(tmp_path: Path) -> None:
    for split, count in (("train", 15), ("valid", 3), ("test", 2)):
        names = paint(tmp_path / split, count)
        (tmp_path / split / "_annotations.coco.json").write_text(entries(names))
    check("coco", tmp_path, (15, 3, 2))


def test_coco_as_it_is_downloaded(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    for split, count in (("train2017", 15), ("val2017", 3)):
        (tmp_path / "annotations" / f"instances_{split}.json").write_text(entries(paint(tmp_path / split, count)))
    (tmp_path / "annotations" / "captions_val2017.json").write_text("{}")
    check("coco", tmp_path, (12, 3, 3))


def test_voc_without_prescribed_splits(tmp_path: Path) -> None:
    (tmp_path / "Annotations").mkdir()
    for name in paint(tmp_path / "JPEGImages", 20):
        box = "<xmin>4</xmin><ymin>5</ymin><xmax>7</xmax><ymax>6</ymax>"
        said = f"<annotation><object><name>cat</name><bndbox>{box}</bndbox></object></annotation>"
        (tmp_path / "Annotations" / name).with_suffix(".xml").write_text(said)
    check("voc", tmp_path, (14, 2, 4))
