"""What users type: names, specs, paths, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from whynet.data import resolve
from whynet.errors import DataError, OptionError, SpecError, UnknownNameError
from whynet.spec import Spec, parse


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table and pictures, as the current one."""
    (tmp_path / "my table.csv").write_text("a,b,y\n1,2,3\n")
    (tmp_path / "table.csv").write_text("a,b,y\n1,2,3\n")
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(tmp_path / "pictures" / "cat" / "1.png")
    (tmp_path / "digits").mkdir()
    (tmp_path / "film.mp4").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_registered_specs_come_back_canonical() -> None:
    assert resolve("digits") == Spec("digits")
    assert str(resolve("spirals(300, scale=minmax)")) == 'spirals(n=300, scale="minmax")'


@pytest.mark.parametrize("typed", ["table.csv", "./table.csv", "my table.csv"])
def test_a_table_by_path(here: Path, typed: str) -> None:
    spec = resolve(typed, target="y")
    assert spec == Spec("csv", {"path": str(here / Path(typed).name), "target": "y"})
    assert parse(str(spec)) == spec


@pytest.mark.parametrize("typed", ["pictures", "pictures/", "./pictures"])
def test_a_folder_by_path(here: Path, typed: str) -> None:
    assert resolve(typed) == Spec("folder", {"path": str(here / "pictures")})


def test_home_is_understood(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    assert resolve("~/pictures") == Spec("folder", {"path": str(here / "pictures")})


def test_a_registered_name_goes_before_a_folder_of_that_name(here: Path) -> None:
    assert resolve("digits") == Spec("digits")
    assert resolve("./digits").name == "folder"


def test_a_target_may_be_given_beside_a_csv_spec(here: Path) -> None:
    assert resolve('csv("table.csv", target="a")', target="y").options["target"] == "y"
    assert resolve('csv("table.csv")', target="y").options["target"] == "y"


@pytest.mark.parametrize(
    ("typed", "target", "error", "words"),
    [
        ("digts", None, UnknownNameError, r"no data set named 'digts'.* Did you mean digits"),
        ("digts(train=3)", None, UnknownNameError, "Did you mean digits"),
        ("", None, UnknownNameError, "Known: .*digits"),
        ("digits(", None, SpecError, "not a spec"),
        ("digits(colour=3)", None, OptionError, "no option 'colour'"),
        ("tabel.csv", None, DataError, r"no file or folder tabel\.csv.* Did you mean table\.csv"),
        ("no/such/table.csv", "y", DataError, "no file or folder no/such/table.csv"),
        ("./pictuers", None, DataError, "Did you mean pictures"),
        ("table.csv", None, OptionError, "Which column .* Its columns: a, b, y"),
        ("film.mp4", None, DataError, "unknown kind"),
        ("digits", "y", OptionError, "Only a CSV file"),
        ("pictures", "y", OptionError, "Only a CSV file"),
    ],
)
def test_mistakes_are_answered(here: Path, typed: str, target: str | None, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        resolve(typed, target)


def test_a_folder_of_pictures_and_masks_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    assert resolve(str(tmp_path)).name == "folder"
    (tmp_path / "masks").mkdir()
    assert resolve(str(tmp_path)).name == "mask_folder"
