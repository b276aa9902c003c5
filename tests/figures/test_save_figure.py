"""Files: the three formats, whole or not at all, with a sentence where it cannot be done."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from whynet import figures
from whynet.errors import OptionError, StoreError
from whynet.figures.save import write_whole
from whynet.text import use_language


def drawn() -> Figure:
    return figures.schedule({"a": [0.1, 0.2]}, title="t")


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")])
def test_each_format_is_written_the_same_twice(tmp_path: Path, ending: str, start: bytes) -> None:
    one = figures.save(drawn(), tmp_path / "deep" / f"one.{ending}")
    two = figures.save(drawn(), tmp_path / f"two.{ending}")
    assert one.read_bytes().startswith(start)
    assert one.read_bytes() == two.read_bytes()
    assert os.listdir(tmp_path / "deep") == [f"one.{ending}"]


def test_png_has_the_asked_resolution(tmp_path: Path) -> None:
    with Image.open(figures.save(drawn(), tmp_path / "x.png", dpi=50)) as image:
        assert image.width == pytest.approx(drawn().get_figwidth() * 50, abs=1)


def test_another_ending_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.png, \.svg, \.pdf"):
        figures.save(drawn(), tmp_path / "x.bmp")


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Choose a folder"):
        figures.save(drawn(), tmp_path / "file" / "x.png")
    with use_language("ko"), pytest.raises(StoreError, match="폴더를 고른다"):
        figures.save(drawn(), tmp_path / "file" / "x.png")


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = write_whole(tmp_path / "x.html", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.html"]
