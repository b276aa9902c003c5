"""The tier asked of a comparison is the one in which its arms train: those it tunes rates on, those it compares, those of a trial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import whynet.engine.fit as engine_fit
from whynet.doctor.diagnose import why
from whynet.engine.population import Tier
from whynet.engine.train import train
from whynet.experiment.compare import compare
from whynet.recipe import recipe

BASE = recipe("xor(n=100)", "mlp(widths=[4])", optimizer="sgd(lr=0.5)", steps=20, batch_size=32)


@pytest.fixture
def tiers(monkeypatch: pytest.MonkeyPatch) -> list[Tier]:
    """The tiers of all that is trained in this process, in turn."""
    found: list[Tier] = []

    def noting(arms: Any, watching: Any = None, tier: Tier = "auto", *rest: Any) -> Iterator[Any]:
        found.append(tier)
        return train(arms, watching, tier, *rest)

    monkeypatch.setattr(engine_fit, "train", noting)
    return found


def test_what_is_compared_and_what_is_tuned(tiers: list[Tier]) -> None:
    compare(BASE, {"optimizer": ["sgd", "adam"]}, 2, workers=0, tier="traced")
    assert len(tiers) == 4  # a stack for each optimizer, once for its rates and once for the comparison
    assert set(tiers) == {"traced"}


def test_by_default_nothing_is_compiled(tiers: list[Tier]) -> None:
    compare(BASE, {"optimizer.lr": [0.1, 0.5]}, 2, workers=0)
    assert set(tiers) == {"auto"}


def test_the_trial_of_a_diagnosis(tiers: list[Tier]) -> None:
    assert why(BASE.change(**{"optimizer.lr": 1e-6}), budget=None, seeds=4, workers=0, tier="fast").trial
    assert set(tiers) == {"fast"}


def test_all_tiers_find_the_same() -> None:
    made = {tier: compare(BASE, {"optimizer.lr": [0.1, 0.5]}, 3, workers=0, tier=tier) for tier in ("eager", "traced")}  # type: ignore[arg-type]
    assert made["eager"].values == made["traced"].values
