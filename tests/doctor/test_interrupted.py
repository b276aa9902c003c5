"""Ctrl-C at any moment of a diagnosis: what is known by then is told, and said to be partial."""

from __future__ import annotations

import json

import pytest

from whynet.doctor.cause import Suspicion
from whynet.doctor.causes.lr_too_low import LrTooLow
from whynet.doctor.causes.wrong_optimizer import WrongOptimizer
from whynet.doctor.diagnose import InterruptedExaminationError, diagnose
from whynet.doctor.diagnosis import Diagnosis
from whynet.doctor.examination import Examination, examine
from whynet.doctor.rungs import RUNG
from whynet.doctor.running import _Running, run_trial
from whynet.engine.events import Stepped
from whynet.experiment.progress import Progress
from whynet.recipe import recipe
from whynet.text import use_language

SLOW = recipe("wine", "mlp(widths=[16])", optimizer="sgd(lr=1e-5)", steps=240, batch_size=16)


@pytest.fixture(scope="module")
def seen() -> Examination:
    return examine(SLOW)


@pytest.fixture(scope="module")
def suspicions(seen: Examination) -> list[Suspicion]:
    return [LrTooLow().look(seen), WrongOptimizer().look(seen)]


def test_during_the_examination_it_says_how_far_the_loss_came() -> None:
    def stop(told: object) -> None:
        if isinstance(told, Stepped) and told.step == 7:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedExaminationError, match="after 7 steps") as raised:
        diagnose(SLOW, listen=stop)
    with use_language("ko"):
        assert "7 스텝" in str(raised.value.message)
    assert "loss went from" in str(raised.value)


def test_before_any_remedy_was_seen_the_evidence_is_told() -> None:
    def stop(told: object) -> None:
        if isinstance(told, Progress):
            raise KeyboardInterrupt

    found = diagnose(SLOW, listen=stop)
    assert found.partial
    assert found.trial is None
    assert str(found.verdict).startswith("Interrupted: this is what is known so far.")
    assert "lr-too-low" in [one["cause"] for one in found.to_dict()["suspects"] if one["speaks"] == "for"]
    assert found.fix == []


def test_after_the_first_rung_its_rows_are_told(
    seen: Examination, suspicions: list[Suspicion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whynet.doctor.running.SHORT", 0.0)  # so that there is a rung
    compare, asked = _Running._compare, []

    def once(self: _Running, *arguments: object) -> object:
        if asked:
            raise KeyboardInterrupt
        asked.append(1)
        return compare(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(_Running, "_compare", once)
    trial = run_trial(seen, suspicions, 5)
    assert trial is not None
    assert trial.partial
    assert {one.share for one in trial.tried} == {RUNG}
    found = Diagnosis(seen, suspicions, trial, trial.notes, 1.0, partial=True)
    assert found.state == "mended"
    assert [cause.name for cause in found.confirmed] == ["lr-too-low"]
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["partial"]
    assert len(data["trial"]["rows"]) == len(trial.tried) > 2
    assert {one.name for one in found.cleared} <= {one.cause.name for one in trial.tried if one.left}
