"""Saying where networks train, and hearing why."""

from __future__ import annotations

import json
from typing import Any

import pytest

COMPARE = (
    "compare",
    "iris",
    "mlp(widths=[4])",
    "--factor",
    "optimizer.lr=0.01,0.1",
    "--seeds",
    "2",
    "--epochs",
    "1",
    "--no-store",
)


def test_the_plan_is_told_where_it_is_asked_for(whynet: Any) -> None:
    told = whynet(*COMPARE, "--workers", "0", "--explain")
    assert told.code == 0
    assert "4 networks with 1 different graphs" in told.out
    assert "How it was trained" not in whynet(*COMPARE).out


def test_the_plan_is_told_in_korean(whynet: Any) -> None:
    told = whynet(*COMPARE, "--explain", "--lang", "ko").out
    assert "어떻게 학습했는가" in told
    assert "네트워크 4개, 서로 다른 그래프 1개" in told


def test_the_plan_is_in_the_json(whynet: Any) -> None:
    assert json.loads(whynet(*COMPARE, "--json").out)["plan"][0]["en"].startswith("4 networks")


def test_a_wrong_number_of_workers_is_refused(whynet: Any) -> None:
    said = whynet(*COMPARE, "--workers", "-1")
    assert said.code == 2
    assert "--workers" in said.err


@pytest.mark.parametrize(("words", "tier"), [([], "auto"), (["--fast"], "fast")])
def test_fast_is_passed_on(whynet: Any, monkeypatch: pytest.MonkeyPatch, words: list[str], tier: str) -> None:
    asked: list[str] = []

    def stop(*given: Any, **named: Any) -> None:
        asked.append(named.get("tier") or given[-1])
        raise KeyboardInterrupt

    monkeypatch.setattr("whynet.experiment.compare.compare", stop)
    monkeypatch.setattr("whynet.doctor.diagnose.diagnose", stop)
    assert whynet(*COMPARE, *words).code == 130
    assert whynet("why", "xor", *words).code == 130
    assert asked == [tier, tier]
