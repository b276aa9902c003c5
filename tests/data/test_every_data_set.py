"""The contract that every registered data set keeps."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
import torch
from PIL import Image

import whynet.data  # noqa: F401  (registers them)
from whynet import registry
from whynet.data.dataset import Dataset
from whynet.errors import OptionError
from whynet.registry import Info
from whynet.spec import Spec, Value

INFOS = registry.infos("data")
EMBEDDED = [info.name for info in INFOS if info.facts["needs"] == "nothing"]
PRESCRIBED = ("digit_pairs", "bccd")  # all three sets come with the data, for what they may show is part of the question
DRAWN = [info.name for info in INFOS if "draw" in info.parameters]


def spec_of(info: Info, folder: Path) -> Spec:
    """A spec that loads the data set; one that needs a path gets a small file or folder."""
    if info.name == "csv":
        rows = "".join(f"{i},{i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(60))
        (folder / "table.csv").write_text("a,b,answer\n" + rows)
        return Spec("csv", {"path": str(folder / "table.csv"), "target": "answer"})
    if info.name == "folder":
        for i in range(24):
            picture = folder / "pictures" / ("dark" if i % 2 else "light") / f"{i}.png"
            picture.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (9, 6), (i, i, i) if i % 2 else (255 - i, 250, 250)).save(picture)
        return Spec("folder", {"path": str(folder / "pictures"), "size": 8})
    if info.name == "mask_folder":
        for i in range(24):
            for side, value in (("images", 8 * i), ("masks", i % 3)):
                (folder / side).mkdir(exist_ok=True)
                Image.new("L", (9, 6), value).save(folder / side / f"{i}.png")
        return Spec("mask_folder", {"path": str(folder), "size": 8})
    if info.name in LABELS:
        for i in range(24):
            picture = folder / PICTURES[info.name] / f"{i}.png"
            picture.parent.mkdir(exist_ok=True)
            Image.new("RGB", (10, 10), (i, 9, i)).save(picture)
        for name, text in LABELS[info.name].items():
            for i in range(24 if "#" in name else 1):
                (folder / name.replace("#", str(i))).parent.mkdir(exist_ok=True)
                (folder / name.replace("#", str(i))).write_text(text)
        return Spec(info.name, {"path": str(folder), "size": 16})
    return Spec(info.name, SMALLER.get(info.name, {}))


SMALLER: dict[str, dict[str, Value]] = {"bccd": {"size": 16}, "coco_subset": {"size": 16}, "shapes": {"n": 60, "size": 16}}


#   one box in each of 24 pictures of 10×10 pixels, as the label files of each manner say it; # stands for a picture's number
PICTURES = {"voc": "JPEGImages", "coco": "images", "yolo_folder": "images"}
LABELS = {
    "voc": {
        "Annotations/#.xml": "<annotation><object><name>cell</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>6</xmax>"
        "<ymax>9</ymax></bndbox></object></annotation>"
    },
    "coco": {
        "cells.json": json.dumps(
            {
                "images": [{"id": i, "file_name": f"{i}.png"} for i in range(24)],
                "categories": [{"id": 1, "name": "cell"}],
                "annotations": [{"image_id": i, "category_id": 1, "bbox": [1, 2, 5, 7]} for i in range(24)],
            }
        )
    },
    "yolo_folder": {"classes.txt": "cell\n", "labels/#.txt": "0 0.35 0.55 0.5 0.7\n"},
}


def pack_pictures(path: Path) -> None:
    """A tar of thirty dark and light pictures in ``train/`` and ``test/``."""
    path.parent.mkdir()
    with tarfile.open(path, "w") as tar:
        for i in range(30):
            file = path.with_name(f"{i}.jpg")
            Image.new("RGB", (8, 8), (i, i, i) if i % 2 else (255 - i, 250, 250)).save(file)
            tar.add(file, f"{'test' if i % 3 == 0 else 'train'}/{'dark' if i % 2 else 'light'}/{file.name}")


@pytest.fixture(params=INFOS, ids=lambda info: info.name)
def named(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    if request.param.name == "cifar10_jpeg":  # the real one is decoded once, in a test of its own; 60,000 are many for these
        monkeypatch.setenv("WHYNET_DATA", str(tmp_path))
        pack_pictures(tmp_path / "cifar10-jpeg" / "cifar10-jpeg.tar")
    elif request.param.facts["needs"] == "files":
        shared: Path = request.getfixturevalue("shared_data")
        monkeypatch.setenv("WHYNET_DATA", str(shared))
    return spec_of(request.param, tmp_path)


def make(spec: Spec, seed: int = 0) -> Dataset:
    made: Dataset = registry.make("data", spec, seed=seed)
    return made


def test_the_data_is_what_the_task_says(named: Spec) -> None:
    data = make(named)
    info, task = registry.get("data", named.name), data.task
    assert task.kind in info.accepts
    for examples in (data.train, data.validation, data.test):
        assert len(examples) > 0
        assert examples.index.dtype == torch.int64
        assert examples.x.dtype == torch.float32
        assert tuple(examples.x.shape[1:]) == task.inputs
        assert torch.isfinite(examples.x).all()
        if task.kind == "classify":
            assert examples.y.dtype == torch.int64
            assert examples.y.shape == (len(examples),)
            assert set(examples.y.tolist()) <= set(range(task.outputs))
        elif task.kind == "segment":
            assert examples.y.dtype == torch.int64
            assert examples.y.shape == (len(examples), *task.inputs[1:])
            assert set(examples.y.unique().tolist()) <= set(range(-1, task.outputs))
        elif task.kind == "detect":
            assert examples.y.dtype == torch.float32
            assert examples.y.shape[::2] == (len(examples), 5)
            assert set(examples.y[..., 0].unique().tolist()) <= set(range(-1, task.outputs))
        else:
            assert examples.y.dtype == torch.float32
            assert examples.y.shape == (len(examples), task.outputs)
    if task.kind == "classify":
        assert len(task.classes) == task.outputs
        assert set(data.train.y.tolist()) == set(range(task.outputs))
        most = max(data.test.y.tolist().count(label) for label in range(task.outputs))
        assert task.largest_class == pytest.approx(most / len(data.test))
    elif task.kind == "segment":
        judged = data.test.y[data.test.y >= 0]
        assert task.largest_class == pytest.approx(judged.bincount().max().item() / len(judged))
    else:
        assert task.largest_class is None
    assert task.features == () or len(task.features) == task.inputs[0]
    assert data.frame is None or len(data.frame) == len(data.train.pool_x)


def test_sets_share_a_pool_and_no_example(named: Spec) -> None:
    data = make(named)
    assert data.train.pool_x is data.validation.pool_x is data.test.pool_x
    indices = [set(examples.index.tolist()) for examples in (data.train, data.validation, data.test)]
    if named.name.endswith("_gate"):
        assert indices[0] == indices[1] == indices[2] == {0, 1, 2, 3}
        return
    assert sum(map(len, indices)) == len(data.train.pool_x) == len(set.union(*indices))


def test_a_seed_is_a_split(named: Spec) -> None:
    first, again, other = make(named, 0), make(named, 0), make(named, 1)
    for name in ("train", "validation", "test"):
        assert getattr(first, name).index.equal(getattr(again, name).index)
        assert getattr(first, name).x.equal(getattr(again, name).x)
    if named.name in PRESCRIBED:
        assert first.train.index.equal(other.train.index)
    elif not named.name.endswith("_gate"):
        assert not first.train.index.equal(other.train.index)


def test_classes_have_their_share_in_every_set(named: Spec) -> None:
    data = make(named)
    if data.task.kind != "classify" or named.name.endswith("_gate"):
        pytest.skip("no classes to share out")
    free = [data.train, data.validation]  # a test set may be prescribed
    free += [data.test] if registry.get("data", named.name).facts["needs"] != "files" else []
    labels = torch.cat([examples.y for examples in free])
    share = labels.bincount(minlength=data.task.outputs) / len(labels)
    for examples in free:
        counts = examples.y.bincount(minlength=data.task.outputs)
        assert (counts - share * len(examples)).abs().max() <= 1.5  # rounding at either end of a stretch


def test_unscaled_seeds_share_one_pool(named: Spec) -> None:
    if named.name in ("csv", "california"):
        pytest.skip("gaps and categories are learnt from each training set")
    spec = named.replace(scale="none")
    assert make(spec, 0).train.pool_x.data_ptr() == make(spec, 1).train.pool_x.data_ptr()


def test_common_and_own_options_are_both_checked(named: Spec) -> None:
    options = registry.get("data", named.name).parameters
    assert set(options) >= {"scale", "targets", "train", "validation", "test", "fold", "folds", "shuffle_labels"}
    assert "seed" not in options
    registry.bind("data", named.replace(scale="minmax", fold=1, folds=3))
    for wrong in ({"scale": "big"}, {"test": 1.0}, {"validation": 0}, {"folds": 1}, {"train": 0}, {"colour": 3}):
        with pytest.raises(OptionError):
            registry.bind("data", named.replace(**wrong))


def test_the_idea_is_told_in_both_languages(named: Spec) -> None:
    idea = registry.get("data", named.name).idea
    assert idea.en.endswith(".")
    assert idea.ko.endswith("다.")


@pytest.mark.parametrize("name", DRAWN)
def test_another_draw_is_another_sample_of_the_same_shape(name: str) -> None:
    first, second = make(Spec(name, {"draw": 0, "n": 50})), make(Spec(name, {"draw": 1, "n": 50}))
    assert first.train.pool_x.shape == second.train.pool_x.shape == (50, *first.task.inputs)
    assert not first.train.pool_x.equal(second.train.pool_x)
    assert first.train.index.equal(second.train.index)


def test_embedded_data_sets_are_there() -> None:
    assert {"digits", "iris", "wine", "breast_cancer", "diabetes", "xor", "spirals", "moons", "sine"} <= set(EMBEDDED)
