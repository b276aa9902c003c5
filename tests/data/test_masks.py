"""Pictures with masks: drawn, from a folder of one's own, from COCO; and what is wrong with masks, in sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from whynet.data import kfold, load
from whynet.data.coco_masks import class_names
from whynet.data.scenes import scenes
from whynet.errors import DataError
from whynet.spec import Spec

COLOURS = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200], [0, 0, 0]], np.uint8)


def write(root: Path, names: list[str], masks: list[np.ndarray], mode: str = "L") -> Path:
    """Pictures whose colour is their mask's class, and the masks."""
    for name, mask in zip(names, masks, strict=True):
        picture, answer = root / "images" / f"{name}.bmp", root / "masks" / f"{name}.png"
        for file in (picture, answer):
            file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(COLOURS[mask % len(COLOURS)]).save(picture)
        saved = Image.fromarray(mask.astype(np.uint8))
        if mode == "P":
            saved.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
        saved.save(answer)
    return root


def some(root: Path, count: int = 20, classes: int = 3, size: tuple[int, int] = (10, 12), mode: str = "L") -> Path:
    rng = np.random.default_rng(0)
    masks = [rng.integers(classes, size=size).repeat(2, 0).repeat(2, 1) for _ in range(count)]
    return write(root, [f"p{i:02}" for i in range(count)], masks, mode)


def spec(root: Path, **options: object) -> Spec:
    return Spec("mask_folder", {"path": str(root), "size": 8, **options})  # type: ignore[dict-item]


def refused(root: Path, **options: object) -> str:
    with pytest.raises(DataError) as refusal:
        load(spec(root, **options))
    assert any("가" <= letter <= "힣" for letter in refusal.value.message.show("ko"))
    return str(refusal.value)


# --- what is read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "P"])
@pytest.mark.parametrize("fit", ["crop", "stretch", "letterbox"])
def test_masks_stay_on_their_pictures(tmp_path: Path, mode: str, fit: str) -> None:
    """Each colour of a picture says which class its pixel is; where colours were not blended, the mask must agree."""
    data = load(spec(some(tmp_path, mode=mode), size=24, fit=fit))
    assert data.task.kind == "segment"
    assert data.task.classes == ("0", "1", "2")
    x, y = data.train.x, data.train.y
    colours = torch.from_numpy(COLOURS[:3]).float() / 255
    far = (x[:, None] - colours[None, :, :, None, None]).abs().amax(2)  # (N, K, H, W)
    pure = far.amin(1) < 1e-3
    assert pure.float().mean() > 0.15
    assert far.argmin(1)[pure].equal(y[pure])
    bars = (y == -1).float().mean()
    assert bars == pytest.approx(1 / 6 if fit == "letterbox" else 0, abs=0.01)  # 24 wide, 20 high


def test_folders_are_splits_and_names_stand_in_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"train/{i}" for i in range(12)] + [f"val/{i}" for i in range(3)] + [f"test/{i}" for i in range(4)]
    write(tmp_path, names, [rng.integers(2, size=(8, 8)) for _ in names])
    (tmp_path / "classes.txt").write_text("하늘\n땅\n", "utf-8")
    data = load(spec(tmp_path, flips=True))
    assert data.task.classes == ("하늘", "땅")
    assert [len(one) for one in (data.train, data.validation, data.test)] == [24, 3, 4]
    assert data.train.y[0].flip(-1).equal(data.train.y[12])


def test_a_number_that_is_not_judged_and_masks_of_black_and_white(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    void = write(tmp_path / "void", [f"{i}" for i in range(10)], [rng.choice([0, 1, 255], (8, 8)) for _ in range(10)])
    data = load(spec(void))
    assert data.task.outputs == 2
    assert set(data.train.y.unique().tolist()) == {-1, 0, 1}
    drawn = write(tmp_path / "drawn", [f"{i}" for i in range(10)], [rng.choice([0, 255], (8, 8)) for _ in range(10)])
    data = load(spec(drawn))
    assert set(data.train.y.unique().tolist()) == {0, 1}
    assert any("0 and 255 alone" in note.en for note in data.notes)


def test_a_few_pictures_without_masks_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    some(tmp_path, 40)
    (tmp_path / "masks" / "p07.png").unlink()
    (tmp_path / "images" / "p09.bmp").unlink()
    data = load(spec(tmp_path))
    assert sum(len(one) for one in (data.train, data.validation, data.test)) == 38
    told = " ".join(map(str, data.notes))
    assert "p07.bmp" in told
    assert "1 mask(s) without a picture" in told


# --- what is refused -----------------------------------------------------------------------------------------------------


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    some(tmp_path)
    Image.new("L", (5, 7)).save(tmp_path / "masks" / "p03.png")
    told = refused(tmp_path)
    assert "(5, 7)" in told
    assert "(24, 20)" in told
    assert "p03" in told


def test_a_class_beyond_the_names_is_refused(tmp_path: Path) -> None:
    told = refused(some(tmp_path, classes=4), classes=["sky", "ground", "sea"])
    assert "the class 3" in told
    assert "0 to 2: sky, ground, sea" in told
    assert "ignore=3" in told


def test_missing_masks_are_refused(tmp_path: Path) -> None:
    some(tmp_path)
    for i in range(5):
        (tmp_path / "masks" / f"p{i:02}.png").unlink()
    assert "5 of 20 pictures have no mask" in refused(tmp_path)


def test_masks_in_colours_broken_or_of_one_class_are_refused(tmp_path: Path) -> None:
    some(tmp_path)
    Image.new("RGB", (24, 20)).save(tmp_path / "masks" / "p03.png")
    assert "in colours (mode RGB)" in refused(tmp_path)
    (tmp_path / "masks" / "p03.png").write_bytes(b"no picture")
    assert "cannot be opened" in refused(tmp_path)
    assert "ignore=none" in refused(some(tmp_path / "one", classes=1))


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "There is no folder" in refused(tmp_path / "nowhere")
    (tmp_path / "images").mkdir()
    assert "images/a.jpg and masks/a.png" in refused(tmp_path)
    some(tmp_path)
    (tmp_path / "classes.txt").write_bytes(b"\xff\xfe\xff")
    assert "not UTF-8" in refused(tmp_path)


@given(st.integers(0, 120), st.integers(0, 20), st.binary(max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_whatever_a_mask_holds_the_answer_is_a_sentence_or_data(tmp_path: Path, at: int, cut: int, junk: bytes) -> None:
    sound = tmp_path / "masks" / "p04.png"
    if not sound.exists():
        some(tmp_path, 12)
    whole = sound.read_bytes()
    (tmp_path / "masks" / "p03.png").write_bytes(whole[:at] + junk + whole[at + cut :])
    try:
        data = load(spec(tmp_path))
    except DataError as error:
        told = str(error)
    else:
        told = f"p03 holds {data.task.outputs} classes"
    assert "p03" in told


# --- shapes and COCO -----------------------------------------------------------------------------------------------------


def test_shapes_are_the_scenes_with_their_masks() -> None:
    drawn, data = scenes(30, 32, 2, 1), load("shape_masks(n=30, size=32, objects=2, draw=1)")
    assert data.train.pool_x.equal(drawn.pictures)
    assert data.train.pool_y.equal(drawn.masks)
    assert data.task.classes == ("background", *drawn.classes)
    flipped = load("shape_masks(n=30, size=32, objects=2, draw=1, flips=True)")
    assert len(flipped.train) == 2 * len(data.train)


def test_coco_has_the_classes_of_most_photos(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNET_DATA", str(shared_data))
    names = class_names(shared_data / "coco-ccby-subset" / "semantic_segmentation" / "config.yaml")
    assert names[0] == "unlabeled"
    assert names[1] == "person"
    data = load("coco_masks(top=2, size=32)")
    assert data.task.classes[:2] == ("other", "person")
    assert sum(len(one) for one in (data.train, data.validation, data.test)) == 53
    file = sorted((shared_data / "coco-ccby-subset/semantic_segmentation/masks").glob("*/*.png"))[0]
    with Image.open(file) as mask:
        whole = np.asarray(mask)
    share = float((whole == 1).sum() / (whole > 0).sum())
    shown = data.train.pool_y[0]
    assert float((shown == 1).sum() / (shown >= 0).sum()) == pytest.approx(share, abs=0.1)  # but for what was cut off
    folds = kfold("coco_masks(top=2, size=32)", 3)
    assert sum(len(fold.validation) for fold in folds) == 53 - len(folds[0].test)
