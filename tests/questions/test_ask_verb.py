"""``whynet ask`` from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from whynet.cli.app import main
from whynet.questions import ask, book, find
from whynet.registry import names

SMALL = ["--data", "iris", "--seeds", "2", "--set", "depths=[1, 3]", "--set", "epochs=1"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_without_a_name_it_lists_the_book(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--lang", language]) == 0
    said = capsys.readouterr().out
    for name in names("question"):
        assert name in said
        assert find(name).idea.show(language) in said  # type: ignore[arg-type]


def test_one_question_prints_claims_and_keeps_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "vanishing-gradient", *SMALL]) == 0
    said = capsys.readouterr().out
    same = ask("vanishing-gradient", data="iris", seeds=2, depths=[1, 3], epochs=1)
    assert str(same.verdict) in said
    for one in same.claims:
        assert str(one.claim.sentence) in said
        assert str(one.measured) in said
    [report] = Path("runs").glob("*/report.html")
    assert str(report) in said
    assert same.asked.en in report.read_text("utf-8")


def test_json_is_json_and_out_is_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "vanishing_gradient", *SMALL, "--json", "--out", str(tmp_path / "here")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["question"] == "vanishing-gradient"
    assert said["options"] == {"data": "iris", "depths": "[1, 3]", "epochs": "1", "seeds": "2"}
    assert sorted(os.listdir(tmp_path / "here")) == ["answer.json", "report.html"]
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["vanishng-gradient"], "vanishing-gradient"),
        (["vanishing-gradient", "--set", "depth=3"], "depths"),
        (["vanishing-gradient", "--set", "depths"], "NAME=VALUE"),
        (["vanishing-gradient", "--model", "lenet5"], "mlp"),
        (["vanishing-gradient", "--data", "digit"], "digits"),
        (["vanishing-gradient", "--seeds", "0"], "--seeds"),
        (["vanishing-gradient", "--all"], "--all"),
    ],
)
def test_a_mistake_is_told_with_what_was_meant(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", *words]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert not told.out.strip() or "--data" in words
    assert not Path("runs").exists()


def test_the_whole_book_is_one_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With one small question in the book; each of the real ones is asked elsewhere."""
    found = [(chapter, info) for chapter, infos in book().items() for info in infos if info.name == "vanishing-gradient"]
    small = {chapter: [info] for chapter, info in found}
    monkeypatch.setattr("whynet.questions.book", lambda: small)
    assert main(["ask", "--all", *SMALL]) == 0
    said = capsys.readouterr().out
    assert said.count("vanishing-gradient") >= len(find("vanishing-gradient").make().claims())
    assert "0 claims held, 0 did not" in said  # two seeds settle nothing
