"""Pictures out of a tar: in their folders' classes, halves and order, and refused by name where they are not."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from whynet.data import load
from whynet.data.cifar10_jpeg import tar_source
from whynet.errors import DataError
from whynet.text import use_language


def jpeg(colour: tuple[int, int, int], side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(file, "jpeg", quality=95)
    return file.getvalue()


def packed(path: Path, files: dict[str, bytes], mode: str = "w:xz") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


RED, BLUE = jpeg((250, 0, 0)), jpeg((0, 0, 250))
FILES = {  # neither sorted nor all pictures
    "top/test/sea/0.jpg": BLUE,
    "top/train/sea/1.jpeg": BLUE,
    "top/train/fire/2.jpg": RED,
    "top/train/fire/1.JPG": RED,
    "top/test/fire/0.jpg": RED,
    "top/README": b"hello",
    "top/train/fire/notes.txt": b"hello",
    "top/other/fire/9.jpg": RED,
}


@pytest.mark.parametrize("mode", ["w:xz", "w:gz", "w"])
def test_folders_are_classes_and_halves(tmp_path: Path, mode: str) -> None:
    source = tar_source(packed(tmp_path / "some.tar", FILES, mode))
    assert isinstance(source.x, torch.Tensor)
    assert source.x.shape == (5, 3, 8, 8)
    assert source.x.dtype == torch.float32
    assert source.classes == ("fire", "sea")
    assert source.y.tolist() == [0, 0, 1, 0, 1]  # train before test, each by class and name
    assert source.official["test"].tolist() == [3, 4]
    for picture, label in zip(source.x, source.y, strict=True):
        with Image.open(io.BytesIO(BLUE if label else RED)) as image:
            expected = np.asarray(image, np.float32) / 255
        np.testing.assert_allclose(picture.permute(1, 2, 0).numpy(), expected, atol=1e-7)


def test_the_order_in_the_tar_says_nothing(tmp_path: Path) -> None:
    one = tar_source(packed(tmp_path / "one.tar", FILES))
    other = tar_source(packed(tmp_path / "other.tar", dict(reversed(FILES.items()))))
    assert torch.equal(one.x, other.x)  # type: ignore[arg-type]
    assert torch.equal(one.y, other.y)


def without(half: str) -> dict[str, bytes]:
    return {name: data for name, data in FILES.items() if half not in name}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, r"0 JPEG files of 0 class"),
        (without("test"), r"3 JPEG files of 2 class.*Expected both folders"),
        (without("sea"), r"3 JPEG files of 1 class.*two classes or more"),
        (FILES | {"top/train/sea/8.jpg": jpeg((0, 0, 0), 4)}, r"Expected \(8, 8\).*Received: \(4, 4\) for train/sea/8.jpg"),
        (FILES | {"top/train/sea/8.jpg": b"no picture"}, r"train/sea/8.jpg is damaged"),
        (FILES | {"top/train/sea/8.jpg": BLUE[:300]}, r"train/sea/8.jpg is damaged"),
    ],
)
def test_what_is_no_such_tar_is_refused_by_name(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        tar_source(packed(tmp_path / "odd.tar", files))
    with use_language("ko"):
        assert "odd.tar" in str(caught.value)


@pytest.mark.parametrize("mode", ["w:xz", "w:gz", "w"])
@pytest.mark.parametrize("kept", [0.0, 0.2, 0.4])  # what follows the last picture is padding
def test_a_tar_cut_short_is_refused(tmp_path: Path, kept: float, mode: str) -> None:
    path = packed(tmp_path / "cut.tar", FILES, mode)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(DataError, match=r"cut\.tar is damaged"):
        tar_source(path)


def test_it_is_found_below_a_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"{half}/{label}/{i}.jpg": BLUE if label == "sea" else RED
            for half in ("train", "test") for label in ("sea", "fire") for i in range(20)}  # fmt: skip
    packed(tmp_path / "cifar10-jpeg" / "cifar10-jpeg.tar.xz", many)
    monkeypatch.setenv("WHYNET_DATA", str(tmp_path))
    data = load("cifar10_jpeg(scale=none)")
    assert (len(data.train), len(data.validation), len(data.test)) == (36, 4, 40)
    assert data.test.index.tolist() == list(range(40, 80))
    assert "40 training and 40 test pictures" in str(data.notes[0])


def test_without_it_the_error_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WHYNET_DATA", str(tmp_path / "data"))
    with pytest.raises(DataError, match="not downloaded") as caught:
        load("cifar10_jpeg")
    for place in (tmp_path / "data", tmp_path / "home" / ".cache" / "whynet"):
        assert str(place / "cifar10-jpeg") in str(caught.value)


def test_the_real_pictures(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNET_DATA", str(shared_data))
    data = load('cifar10_jpeg(scale="none")')
    assert (len(data.train), len(data.validation), len(data.test)) == (45_000, 5_000, 10_000)
    assert not data.notes
    assert data.train.pool_x.shape == (60_000, 3, 32, 32)
    assert data.task.classes == ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    assert data.test.y.bincount().tolist() == [1000] * 10
    means = data.train.pool_x[:50_000].mean((0, 2, 3))
    torch.testing.assert_close(means, torch.tensor([0.4914, 0.4822, 0.4465]), rtol=0, atol=2e-3)  # those of the originals
