"""The idx format, finding files, and downloads that come whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from whynet.data import load
from whynet.data.files import download, locate
from whynet.data.idx import idx_source, read_idx
from whynet.errors import DataError
from whynet.text import use_language


def idx_bytes(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and no other place to look."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WHYNET_DATA", raising=False)
    return tmp_path / "home"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(array=arrays(np.uint8, array_shapes(max_dims=4, max_side=6)), packed=st.booleans())
def test_what_is_written_is_read(tmp_path: Path, array: np.ndarray, packed: bool) -> None:
    path = tmp_path / "array.idx"
    path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    np.testing.assert_array_equal(read_idx(path), array)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.binary(max_size=60) | st.binary(max_size=20).map(lambda rest: b"\0\0\x08\1\0\0\0" + rest))
def test_any_other_bytes_are_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "noise.idx"
    path.write_bytes(data)
    axes = data[3] if len(data) > 3 else 0
    header = data[: 4 + 4 * axes]
    whole = header[:3] == b"\0\0\x08" and len(header) == 4 + 4 * axes
    if whole and len(data) == len(header) + int(np.prod(struct.unpack(f">{axes}I", header[4:]), dtype=object)):
        assert idx_bytes(read_idx(path)) == data
    else:
        with pytest.raises(DataError, match=r"noise\.idx"):
            read_idx(path)


def test_a_file_cut_short_names_the_bytes_expected_and_received(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (7, 4, 5), dtype=np.uint8)
    path = tmp_path / "cut.gz"
    path.write_bytes(idx_bytes(array)[:-3])
    with pytest.raises(DataError, match=r"cut\.gz.*156 bytes. Received: 153 bytes"):
        read_idx(path)
    path.write_bytes(gzip.compress(idx_bytes(array))[:-40])
    with pytest.raises(DataError, match=r"cut\.gz.*156 bytes. Received: \d+ bytes"):
        read_idx(path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(idx_bytes(np.zeros((50, 4), np.uint8))))
    packed[-6] ^= 255  # the checksum of the content
    path = tmp_path / "bad.gz"
    path.write_bytes(packed)
    with pytest.raises(DataError, match=r"bad\.gz.*damaged"):
        read_idx(path)


def small_mnist(folder: Path, labels: int = 30) -> dict[str, str]:
    """Four idx files as MNIST has them, and their checksums."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    sums = {}
    for half, n in (("train", 30), ("t10k", 10)):
        parts = {
            "images-idx3-ubyte.gz": rng.integers(0, 256, (n, 4, 4), dtype=np.uint8),
            "labels-idx1-ubyte.gz": (np.arange(min(n, labels)) % 2).astype(np.uint8),
        }
        for name, array in parts.items():
            data = gzip.compress(idx_bytes(array), mtime=0)
            (folder / f"{half}-{name}").write_bytes(data)
            sums[f"{half}-{name}"] = sha256(data)
    return sums


def test_training_and_test_images_make_one_pool(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sums = small_mnist(tmp_path / "data" / "small")
    monkeypatch.setenv("WHYNET_DATA", f"{tmp_path / 'nowhere'}:{tmp_path / 'data'}")
    source = idx_source("small", "file:///nowhere/", sums, ("even", "odd"))
    images = np.concatenate([read_idx(tmp_path / "data/small" / f"{half}-images-idx3-ubyte.gz") for half in ("train", "t10k")])
    np.testing.assert_allclose(source.x[:, 0], images / 255, rtol=1e-6)  # type: ignore[index]
    assert source.official["test"].tolist() == list(range(30, 40))
    assert not source.notes
    other = idx_source("small", "file:///nowhere/", dict.fromkeys(sums, "0" * 64), ("even", "odd"))
    assert "not the original file" in str(other.notes[0])


def test_images_without_their_labels_are_refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sums = small_mnist(tmp_path / "data" / "small", labels=29)
    monkeypatch.setenv("WHYNET_DATA", str(tmp_path / "data"))
    with pytest.raises(DataError, match=r"do not belong together.*\(30, 4, 4\) and \(29,\)"):
        idx_source("small", "file:///nowhere/", sums, ("even", "odd"))


def test_a_file_is_downloaded_once_into_the_cache(home: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.bin"
    there.write_bytes(b"twelve bytes")
    found = locate("set", "here.bin", sha256(b"twelve bytes"), ["file:///no/such/file", there.as_uri()])
    assert found == home / ".cache" / "whynet" / "set" / "here.bin"
    assert found.read_bytes() == b"twelve bytes"
    there.unlink()
    assert locate("set", "here.bin", "", []) == found


def test_a_download_with_another_checksum_leaves_nothing_behind(tmp_path: Path) -> None:
    there = tmp_path / "there.bin"
    there.write_bytes(b"another")
    with pytest.raises(DataError, match=f"Expected SHA-256 {'0' * 64}. Received: {sha256(b'another')}"):
        download(there.as_uri(), tmp_path / "cache" / "here.bin", "0" * 64)
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_network_the_error_says_where_to_put_the_file(home: Path) -> None:
    with pytest.raises(DataError) as caught:
        locate("mnist", "train.gz", "0" * 64, ["file:///no/such/train.gz"])
    for language in ("en", "ko"):
        with use_language(language):  # type: ignore[arg-type]
            message = str(caught.value)
        assert str(home / ".cache" / "whynet" / "mnist") in message
        assert "WHYNET_DATA" in message
        assert "file:///no/such/train.gz" in message
    assert not (home / ".cache" / "whynet" / "mnist" / "train.gz").exists()


@pytest.mark.parametrize(("name", "first", "classes"), [("mnist", 5, "0"), ("fashion_mnist", 9, "T-shirt/top")])
def test_the_original_files(name: str, first: int, classes: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNET_DATA", str(shared_data))
    data = load(f'{name}(scale="none")')
    assert not data.notes  # the files have the checksums of the originals
    assert (len(data.train), len(data.validation), len(data.test)) == (54_000, 6_000, 10_000)
    assert data.train.pool_x.shape == (70_000, 1, 28, 28)
    assert (data.train.pool_x.min(), data.train.pool_x.max()) == (0, 1)
    assert data.train.pool_y[0] == first  # the first training label of the published files
    assert data.task.classes[0] == classes
    assert data.test.index.tolist() == list(range(60_000, 70_000))
