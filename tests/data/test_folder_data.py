"""Folders of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whynet.data import load
from whynet.data.dataset import Dataset
from whynet.data.pictures import read_picture
from whynet.errors import DataError
from whynet.spec import Spec

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def paint(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (12, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def load_folder(path: Path, seed: int = 0, **options: object) -> Dataset:
    return load(Spec("folder", {"path": str(path), "size": 8, **options}), seed)  # type: ignore[dict-item]


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """20 pictures each of three colours."""
    for name, colour in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        for i in range(20):
            paint(tmp_path / "colours" / name / f"{i}.png", colour)
    return tmp_path / "colours"


def test_classes_are_the_folders_in_alphabetical_order(colours: Path) -> None:
    data = load_folder(colours)
    assert data.name == "colours"
    assert data.task.classes == ("blue", "green", "red")
    assert data.task.inputs == (3, 8, 8)
    for x, y in zip(data.train.x, data.train.y.tolist(), strict=True):
        assert x.mean((1, 2)).tolist() == [float(channel == 2 - y) for channel in range(3)]


def test_one_channel_is_grey(colours: Path) -> None:
    data = load_folder(colours, channels=1)
    assert data.task.inputs == (1, 8, 8)
    green = data.train.x[data.train.y == 1].mean().item()
    assert green == pytest.approx(0.587, abs=0.005)  # the weight of green in ITU-R 601 luma


def test_the_middle_of_a_wide_picture_is_kept(tmp_path: Path) -> None:
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, :10], picture[:, 10:20], picture[:, 20:] = RED, GREEN, BLUE
    Image.fromarray(picture).save(tmp_path / "wide.png")
    values = read_picture(tmp_path / "wide.png", 10, 3)
    np.testing.assert_allclose(values, picture[:, 10:20].transpose(2, 0, 1) / 255)


def test_modes_that_cameras_and_editors_write(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))  # fully transparent red is white paper
    clear.save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png", 8, 3).min() == 1
    Image.fromarray(np.full((8, 8), 65535 // 2, np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png", 8, 1).mean() == pytest.approx(0.5, abs=0.01)
    palette = Image.new("RGB", (8, 8), GREEN).convert("P")
    palette.save(tmp_path / "palette.gif")
    assert read_picture(tmp_path / "palette.gif", 8, 3)[1].mean() == pytest.approx(1, abs=0.01)
    turned = Image.new("RGB", (8, 8), RED)
    turned.paste(BLUE, (0, 0, 8, 4))  # blue above red, to be turned by half
    exif = Image.Exif()
    exif[0x0112] = 3
    turned.save(tmp_path / "turned.png", exif=exif)
    values = read_picture(tmp_path / "turned.png", 8, 3)
    assert values[0, :4].min() == 1
    assert values[2, 4:].min() == 1


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "valid", "testing")])
def test_prescribed_splits_are_kept(tmp_path: Path, names: tuple[str, str, str]) -> None:
    for split, n in zip(names, (12, 4, 6), strict=True):
        for i in range(n):
            paint(tmp_path / split / "red" / f"{i}.png", RED)
            paint(tmp_path / split / "blue" / f"{i}.png", BLUE)
    for seed in (0, 1):
        data = load_folder(tmp_path, seed)
        assert (len(data.train), len(data.validation), len(data.test)) == (24, 8, 12)
        assert data.task.classes == ("blue", "red")


def test_a_test_set_is_cut_from_training_where_only_a_validation_set_is_given(tmp_path: Path) -> None:
    for split, n in (("train", 20), ("validation", 5)):
        for i in range(n):
            paint(tmp_path / split / "red" / f"{i}.png", RED)
            paint(tmp_path / split / "blue" / f"{i}.png", BLUE)
    data = load_folder(tmp_path)
    assert (len(data.train), len(data.validation), len(data.test)) == (32, 10, 8)


def test_few_broken_pictures_are_named_and_skipped(colours: Path) -> None:
    (colours / "red" / "3.png").write_bytes((colours / "red" / "3.png").read_bytes()[:40])
    (colours / "blue" / "5.png").write_bytes(b"")
    data = load_folder(colours)
    assert len(data.train.pool_x) == 58
    note = next(str(note) for note in data.notes if "broken" in str(note))
    assert note.startswith("2 broken image(s)")
    assert "3.png" in note
    assert "5.png" in note
    for x, y in zip(data.train.pool_x, data.train.pool_y.tolist(), strict=True):  # labels still belong to their pictures
        assert x.mean((1, 2)).argmax() == 2 - y


def test_many_broken_pictures_are_refused(colours: Path) -> None:
    for i in range(4):
        (colours / "red" / f"{i}.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"4 of 60 images cannot be opened"):
        load_folder(colours)


def test_other_files_are_ignored_and_told(colours: Path) -> None:
    (colours / "red" / "notes.txt").write_text("red ones")
    (colours / "empty").mkdir()
    (colours / ".hidden").mkdir()
    data = load_folder(colours)
    assert data.task.classes == ("blue", "green", "red")
    assert any("1 file(s) that are no images" in str(note) and ".txt" in str(note) for note in data.notes)
    assert any("Folders without images" in str(note) and "empty" in str(note) for note in data.notes)


def test_folders_without_pictures_or_classes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError, match="no images in class folders"):
        load_folder(tmp_path / "nothing")
    paint(tmp_path / "loose" / "1.png", RED)
    with pytest.raises(DataError, match=r"\(and 1 outside of them\)"):
        load_folder(tmp_path / "loose")
    paint(tmp_path / "single" / "cat" / "1.png", RED)
    with pytest.raises(DataError, match="one class folder with images, cat"):
        load_folder(tmp_path / "single")
    with pytest.raises(DataError, match=r"no folder .*singel. Did you mean single\?"):
        load_folder(tmp_path / "singel")


def test_pictures_that_do_not_fit_into_memory_are_refused(colours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whynet.data.pictures.MOST_BYTES", 60 * 3 * 8 * 8 * 4 - 1)
    with pytest.raises(DataError, match="60 images of 8×8 pixels"):
        load_folder(colours)


def test_flowers(shared_data: Path) -> None:
    data = load(Spec("folder", {"path": str(shared_data / "flowers-subset")}))
    assert data.task.classes == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    assert data.task.inputs == (3, 64, 64)
    assert (len(data.train), len(data.validation), len(data.test)) == (80, 25, 20)
    assert data.test.y.bincount().tolist() == [4] * 5
