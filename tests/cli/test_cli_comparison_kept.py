"""Ctrl-C during a comparison, going on with it, and looking at what is kept of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from whynet.engine.events import Event
from whynet.runs.store import Store
from whynet.runs.underway import Phase

COMPARE = (
    "compare", "moons(n=60)", "mlp(widths=[4])", "--factor", "model.activation=relu,tanh", "--seeds", "2", "--steps", "30",
    "--workers", "0",
)  # fmt: skip


@pytest.fixture
def interrupted(whynet: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What was said when Ctrl-C came after the networks of the first value had ended."""
    keep = Phase._end

    def stopping(self: Phase, group: list[int], event: Event) -> None:
        keep(self, group, event)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Phase, "_end", stopping)
        return whynet(*COMPARE)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_it_says_how_far_it_came_and_goes_on(whynet: Any, interrupted: Any, lang: str) -> None:
    assert interrupted.code == 130
    [one] = Store().runs()
    assert (one.status, one.step, one.total_steps) == ("interrupted", 60, 120)
    assert "2 of 4 networks had ended" in interrupted.err
    assert f"whynet resume {one.id}" in interrupted.err
    shown = whynet("show", "last", "--lang", lang).out
    assert f"whynet resume {one.id}" in shown
    assert ("2 of 4 have ended" if lang == "en" else "4개 가운데 2개가 끝났다") in shown
    resumed = whynet("resume", "last", "--lang", lang)
    assert resumed.code == 0
    assert "activation=tanh" in resumed.out
    assert "report.html" in resumed.out
    whole = json.loads(whynet(*COMPARE, "--no-store", "--json").out)
    kept = Store().result(one.id).payload
    assert kept["levels"] == whole["levels"]
    assert kept["verdict"][lang] in resumed.out


def test_what_has_ended_is_shown_with_its_levels_and_told_again(whynet: Any) -> None:
    told = json.loads(whynet(*COMPARE, "--json").out)
    shown = whynet("show", "last").out
    assert told["verdict"]["en"] in shown
    assert "activation=relu" in shown
    assert "4 of 4 have ended" in shown
    again = whynet("resume", "last")
    assert "is not interrupted" in again.out
    assert told["verdict"]["en"] in again.out
    listed = whynet("runs").out
    assert "120/120" in listed


def test_without_a_store_nothing_is_kept(whynet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("whynet.experiment.compare.train_arms", stop)
    said = whynet(*COMPARE, "--no-store")
    assert said.code == 130
    assert "--no-store" in said.err
    said = whynet(*COMPARE)
    assert said.code == 130
    assert not Store().runs()  # interrupted before anything was planned, it leaves nothing behind
