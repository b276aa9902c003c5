"""Every example of the pages runs, and prints what its comments say it prints."""

from __future__ import annotations

import importlib.util
import re
import runpy
import sys
from pathlib import Path

import pytest

import whynet.optimizers
from whynet import registry

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FILES = sorted(EXAMPLES.glob("*.py"))
PROMISED = re.compile(r"# → (.*)$", re.MULTILINE)


def promised(file: Path) -> list[str]:
    """The lines that the comments of an example say it prints, in order."""
    return PROMISED.findall(file.read_text("utf-8"))


def test_there_are_examples_and_promises() -> None:
    assert len(FILES) >= 10
    assert sum(len(promised(file)) for file in FILES) >= 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_runs_and_prints_what_it_says(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(file), run_name="__main__")
    printed = capsys.readouterr().out.splitlines()
    assert printed, "an example shows something"
    for line in promised(file):
        assert line in printed, "\n".join(printed)
        printed = printed[printed.index(line) + 1 :]


def test_a_new_optimizer_is_two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/adding, put where it belongs: found by name, trained with, tested by its own test."""
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))
    name = "whynet.optimizers.sign_sgd"
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / "adding" / "sign_sgd.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    assert "sign_sgd" in registry.names("optimizer")

    tests = {
        key: value
        for key, value in runpy.run_path(str(EXAMPLES / "adding" / "test_sign_sgd.py")).items()
        if key.startswith("test_")
    }
    assert len(tests) == 2
    for test in tests.values():
        test()

    run = whynet.engine.fit.fit(whynet.recipe("digits(train=64)", "mlp(widths=[16])", optimizer="sign_sgd(lr=0.01)", epochs=5))
    assert run.history.loss[-1] < run.history.loss[0]
