"""The report of a watched loop says what the terminal says, in both languages, in one file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import whynet
from whynet.doctor.watch import Watch
from whynet.errors import StoreError
from whynet.report.blocks import Code, Paragraph, Table
from whynet.report.watched import watched_report
from whynet.text import Text


def watched(clear: bool = True, lr: float = 0.1, steps: int = 24, error: bool = False) -> Watch:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    x = torch.randn(128, 6, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    w = whynet.watch(model, optimizer)

    def train() -> None:
        for _ in range(steps):
            part = torch.randint(0, 128, (16,))
            if clear:
                optimizer.zero_grad()
            F.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
        if error:
            raise ValueError("<own>")

    if error:
        with pytest.raises(ValueError, match="own"), w:
            train()
    else:
        with w:
            train()
    return w


@pytest.fixture(scope="module")
def faulty() -> Watch:
    w = watched(clear=False)
    w.trial(60.0)
    return w


def test_one_file_in_both_languages(faulty: Watch, tmp_path: Path) -> None:
    path = faulty.report(tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    for words in (
        "The loop is wired wrongly: gradient never cleared.", "학습 루프가 잘못 이어져 있다: 지우지 않은 기울기",
        "+ optimizer.zero_grad()", "What is wrong in this training loop?", "이 학습 루프는 어디가 잘못되었을까?", "23 of 23",
    ):  # fmt: skip
        assert words in page
    assert "language-ko" in page
    assert page.count("<svg") == 2 * 3  # loss, gradient and trial, once in each language
    assert not re.search(r"<(script|link|iframe)", page)
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)


def texts(w: Watch) -> list[Text]:
    report = watched_report(w.diagnosis)
    blocks = [block for section in report.sections for block in section.blocks]
    cells = [
        cell for block in blocks if isinstance(block, Table) for row in block.rows for cell in row if isinstance(cell, Text)
    ]
    return [report.verdict, *(block.text for block in blocks if isinstance(block, Paragraph)), *cells]


def test_the_report_says_what_the_terminal_says(faulty: Watch) -> None:
    said = [str(one) for one in texts(faulty)]
    found = faulty.diagnosis
    assert str(found.verdict) in said
    assert str(found.measured) in said
    assert found.trial is not None
    assert str(found.trial.told) in said
    for one in found.suspicions:
        for evidence in one.evidence:
            assert str(evidence.what) in said
            assert str(evidence.observed) in said
    report = watched_report(found)
    code = [str(block.text) for section in report.sections for block in section.blocks if isinstance(block, Code)]
    assert "\n".join(code).splitlines() == found.fix
    assert report.tone == "bad"


def test_a_healthy_loop_and_an_empty_one() -> None:
    report = watched_report(watched().diagnosis)
    assert report.tone == "good"
    assert not any(isinstance(block, Code) for section in report.sections for block in section.blocks)
    assert watched_report(watched(steps=0).diagnosis).tone == "neutral"


def test_an_error_is_told_and_harmless(tmp_path: Path) -> None:
    page = watched(error=True).report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "ValueError: &lt;own&gt;" in page


def test_a_loop_that_broke_can_be_drawn(tmp_path: Path) -> None:
    w = watched(lr=1e30)
    w.trial(60.0)
    assert w.report(tmp_path / "report.html").stat().st_size > 0


def test_where_it_cannot_be_written(faulty: Watch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        faulty.report(tmp_path / "file" / "report.html")
