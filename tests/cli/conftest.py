"""Running a command line inside this process, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from whynet.cli import main


@dataclass(frozen=True)
class Said:
    """What a command line came to."""

    code: int
    out: str
    err: str


Whynet = Callable[..., Said]


@pytest.fixture
def whynet(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Whynet:
    """``whynet("fit", "digits")``: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "COLUMNS", "FORCE_COLOR", "WHYNET_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two runs, an MLP on the digits after two epochs and a linear network that diverged."""
    from whynet.recipe import recipe
    from whynet.runs.fit import fit
    from whynet.runs.store import Store

    folder = tmp_path_factory.mktemp("store")
    fit(recipe("digits", "mlp(widths=[])", "mse", "sgd(lr=1e9)", epochs=1), Store(folder))  # each step multiplies the error
    fit(recipe("digits", "mlp(widths=[16])", optimizer="adam(lr=0.01)", epochs=2), Store(folder))
    return folder
