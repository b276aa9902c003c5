"""Numbers that the pages state in words are those of the code."""

from __future__ import annotations

import inspect
import re
from itertools import pairwise
from pathlib import Path

import pytest

from whynet.cli import keeping
from whynet.data import Options
from whynet.doctor.diagnose import diagnose, sick_recipe
from whynet.engine.fit import LARGEST_POPULATION
from whynet.engine.train import probe_steps
from whynet.experiment.compare import compare
from whynet.experiment.statistics import seeds_needed
from whynet.experiment.tuning import RATES, TUNING_SEEDS
from whynet.runs.fit import fit

ROOT = Path(__file__).parents[2]


def said(page: str, *sentences: str) -> None:
    """In the English page, and its Korean twin, whatever stands around them and however the lines are broken."""
    language = "ko" if "/ko/" in page or ".ko." in page else "en"
    text = re.sub(r"\s+", " ", (ROOT / page).read_text("utf-8"))
    for sentence in sentences:
        assert sentence in text, f"{page} ({language}) no longer says: {sentence}"


def test_seeds() -> None:
    assert [seeds_needed(n) for n in (1, 2, 6, 7, 25, 26)] == [3, 4, 4, 5, 5, 6]
    said("docs/en/comparisons.md", "at least 3 seeds, up to six levels take 4, up to twenty-five take 5")
    said("docs/ko/comparisons.md", "적어도 3개, 수준이 여섯까지면 4개, 스물다섯까지면 5개")
    assert (
        inspect.signature(compare).parameters["seeds"].default == inspect.signature(diagnose).parameters["seeds"].default == 5
    )
    said("docs/en/doctor.md", "Five seeds are the default")
    said("docs/ko/doctor.md", "시드는 기본이 5개다")


def test_rates_that_are_tuned() -> None:
    assert (len(RATES), min(RATES), round(max(RATES), 2), len(TUNING_SEEDS)) == (10, 0.0001, 3.16, 2)
    assert all(b / a == pytest.approx(10**0.5, rel=0.01) for a, b in pairwise(RATES))
    said("docs/en/comparisons.md", "the same ten rates (0.0001 to 3.16, half a power of ten apart)", "on two seeds")
    said("docs/ko/comparisons.md", "학습률 열 개(0.0001에서 3.16까지, 10의 반제곱 간격)", "시드 두 개")


def test_probes_are_read_about_seventy_times() -> None:
    assert all(60 <= len(probe_steps(total)) <= 75 for total in (100, 420, 1000, 10_000))
    assert set(range(1, 9)) <= probe_steps(1000)
    said("docs/en/engine.md", "at each of the first eight steps", "about seventy times in a run")
    said("docs/ko/engine.md", "처음 여덟 스텝은 매번", "한 런에 일흔 번쯤")


def test_populations() -> None:
    assert LARGEST_POPULATION == 64
    said("docs/en/engine.md", "up to 64 of them")
    said("docs/ko/engine.md", "64개까지 쌓아서")


def test_bounds_on_stacks_are_those_that_are_tested() -> None:
    tested = (ROOT / "tests" / "engine" / "test_engine_populations.py").read_text("utf-8")
    assert "AT_ONCE, LATER = 1e-6, 1e-5" in tested
    assert "measured: 2e-7 plain, 3e-6 with batch norm" in tested
    said(
        "docs/en/engine.md",
        "the first loss within 10⁻⁶, a short training within 10⁻⁵ of each loss (measured 2·10⁻⁷, with batch",
    )
    said("docs/ko/engine.md", "첫 손실은 10⁻⁶, 짧은 학습의 모든 손실은 10⁻⁵ 안에서(잰 값 2·10⁻⁷")


def test_checkpoints() -> None:
    assert keeping.EVERY == inspect.signature(fit).parameters["checkpoint_every"].default == 5.0
    said("docs/en/store.md", "every five seconds")
    said("docs/ko/store.md", "5초마다")


def test_shares() -> None:
    assert (Options().test, Options().validation) == (0.2, 0.1)
    said("docs/en/data.md", "0.2 of all, then 0.1 of the rest")
    said("docs/ko/data.md", "전체의 0.2, 그 나머지의 0.1")


def test_the_patient_of_the_demo_is_the_one_shown() -> None:
    patient = sick_recipe()
    for page in ("README.md", "README.ko.md"):
        said(
            page,
            f"{patient.model}",
            f"{patient.optimizer}",
            f"- model {patient.model}",
            f"+ model {patient.model.replace(norm='batch')}",
        )
