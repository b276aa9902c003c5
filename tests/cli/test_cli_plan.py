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


def test_a_place_that_is_none_is_refused_in_both_languages(whynet: Any) -> None:
    said = whynet(*COMPARE, "--on", "cloud")
    assert said.code == 2
    assert "ray:HOST:PORT. Received: cloud" in said.err
    assert "받은 것: cloud" in whynet(*COMPARE, "--on", "cloud", "--lang", "ko").err


def test_the_place_is_passed_on(whynet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def stop(on: str) -> None:
        asked.append(on)
        raise KeyboardInterrupt

    monkeypatch.setattr("whynet.engine.plan.reach", stop)
    assert whynet(*COMPARE, "--on", "ray:head:6379").code == 130
    tuning = ["optimizer=sgd,adam" if word.startswith("optimizer.lr") else word for word in COMPARE]
    assert whynet(*tuning, "--on", "ray").code == 130  # from the first step of tuning on
    assert asked == ["ray:head:6379", "ray"]


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
