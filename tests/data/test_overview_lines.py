"""What `whynet look` says of a data set."""

from __future__ import annotations

from pathlib import Path

import torch

from whynet.data import from_tensors, load, summary
from whynet.data.overview import duplicates
from whynet.spec import Spec
from whynet.text import use_language


def said(data: object, language: str = "en") -> str:
    with use_language(language):  # type: ignore[arg-type]
        return "\n".join(str(line) for line in summary(data))  # type: ignore[arg-type]


def test_sizes_shapes_classes_and_ranges() -> None:
    data = load("iris", 0)
    lines = said(data)
    assert "108 training, 12 validation and 30 test" in lines
    assert "shape (4,)" in lines
    assert "setosa 36, versicolor 36, virginica 36" in lines
    assert "33.3%" in lines
    assert f"from {data.train.x.min().item():.4g} to {data.train.x.max().item():.4g}" in lines
    assert "No cell of the table is empty" in lines


def test_values_are_described_in_place_of_classes() -> None:
    lines = said(load('diabetes(targets="raw")'))
    assert "Target progression: from" in lines
    assert "mean" in lines


def test_gaps_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{'' if i < 3 else i},{'' if i == 9 else 'red'}{i % 2},{i % 2}\n" for i in range(40))
    (tmp_path / "t.csv").write_text("a,b,y\n" + rows)
    assert "3 cells of the table are empty: a 3." in said(load(Spec("csv", {"path": str(tmp_path / "t.csv"), "target": "y"})))


def test_twins_of_training_and_test_are_counted() -> None:
    x = torch.arange(40.0).unsqueeze(1).repeat(1, 2)
    data = from_tensors(
        x, torch.arange(40) % 2, test_x=x[:10] + torch.tensor([[0.0]] * 7 + [[0.5]] * 3), test_y=torch.arange(10) % 2
    )
    train = set(data.train.x[:, 0].tolist())
    expected = sum(value in train for value in data.test.x[:, 0].tolist())
    assert 0 < duplicates(data) == expected <= 7
    assert f"{expected} of 10 test inputs" in said(data)
    assert "No test input is in the training set" in said(load("digits", 0))
    assert "The test set is the training set" in said(load("xor_gate"))


def test_korean() -> None:
    for spec in ("iris", "diabetes", "xor_gate", "digits"):
        lines = said(load(spec), "ko").splitlines()
        assert all(any("가" <= letter <= "힣" for letter in line) for line in lines)
