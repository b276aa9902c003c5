"""Causes of batches, order, penalties and time: seen where they are, not where they only seem to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from whynet.data import load
from whynet.data.dataset import Dataset, Examples
from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.causes.batch_too_large import BatchTooLarge
from whynet.doctor.causes.batch_too_small import BatchTooSmall
from whynet.doctor.causes.data_not_shuffled import DataNotShuffled
from whynet.doctor.causes.dropout_too_high import DropoutTooHigh
from whynet.doctor.causes.missing_regularization import MissingRegularization
from whynet.doctor.causes.optimizer_epsilon_too_low import OptimizerEpsilonTooLow
from whynet.doctor.causes.overfitting import Overfitting
from whynet.doctor.causes.regularization_too_strong import RegularizationTooStrong
from whynet.doctor.controls.noise_scale import scale
from whynet.doctor.examination import Examination, examine
from whynet.engine.fit import fit
from whynet.recipe import Recipe, recipe
from whynet.spec import parse
from whynet.task import Task

SMALL = {"epochs": 30, "batch_size": 16}


def by_class(seed: int) -> Dataset:
    """Digits, stored class after class."""
    whole = load(parse("digits"), seed)
    index = whole.train.index[whole.train.y.argsort(stable=True)]
    return Dataset("sorted", whole.task, Examples(whole.train.pool_x, whole.train.pool_y, index), whole.validation, whole.test)


def few_among_noise(seed: int) -> Dataset:
    """Sixty examples of forty columns, of which one says something, and many others to be judged by."""
    drawn = torch.Generator().manual_seed(seed)
    x = torch.randn(1060, 40, generator=drawn)
    y = (x[:, 0] + torch.randn(1060, generator=drawn) > 0).long()
    parts = torch.arange(1060).split([60, 500, 500])
    return Dataset("few", Task("classify", (40,), 2), *(Examples(x, y, part) for part in parts))


def thin() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.9), nn.Linear(6, 3))


PATIENTS: dict[str, Callable[[], Recipe]] = {
    "mlp": lambda: recipe("iris", "mlp(widths=[16])", optimizer="adam(lr=0.01)", **SMALL),
    "digits": lambda: recipe("digits", "mlp(widths=[32])", optimizer="adam(lr=0.005)", epochs=15),
    "sorted": lambda: recipe(by_class, "mlp(widths=[32])", optimizer="sgd(lr=0.1)", epochs=5, shuffle=False),
    "not shuffled, no order": lambda: recipe("digits", "mlp(widths=[32])", epochs=3, shuffle=False),
    "sorted, but shuffled": lambda: recipe(by_class, "mlp(widths=[32])", epochs=3),
    "by heart": lambda: recipe(few_among_noise, "mlp(widths=[64])", optimizer="adam(lr=0.01)", epochs=60, batch_size=16),
    "gap alone": lambda: recipe(few_among_noise, "mlp(widths=[64])", optimizer="sgd(lr=0.01)", epochs=40, batch_size=16),
    "gap, penalised": lambda: recipe(
        few_among_noise, "mlp(widths=[64])", optimizer="sgd(lr=0.01, weight_decay=0.001)", epochs=40, batch_size=16
    ),
    "strong penalty": lambda: recipe("digits", "mlp(widths=[32])", optimizer="sgd(lr=0.1, weight_decay=0.3)", epochs=15),
    "strong decoupled": lambda: recipe(
        "digits", "mlp(widths=[32])", optimizer="adamw(lr=0.001, weight_decay=100.0)", epochs=15
    ),
    "usual penalty": lambda: recipe("digits", "mlp(widths=[32])", optimizer="sgd(lr=0.1, weight_decay=0.0001)", epochs=15),
    "adamw": lambda: recipe("iris", "mlp(widths=[32])", optimizer="adamw(lr=0.01)", **SMALL),
    "much dropout": lambda: recipe("digits", "mlp(widths=[32, 32], dropout=0.9)", optimizer="adam(lr=0.005)", epochs=15),
    "much dropout, module": lambda: recipe("iris", thin(), optimizer="adam(lr=0.01)", **SMALL),
    "usual dropout": lambda: recipe("digits", "mlp(widths=[128], dropout=0.2)", optimizer="adam(lr=0.005)", epochs=10),
    "all at once": lambda: recipe("digits", "mlp(widths=[32])", optimizer="sgd(lr=0.1)", batch_size="all", epochs=20),
    "all at once, long": lambda: recipe("iris", "mlp(widths=[16])", optimizer="adam(lr=0.01)", batch_size="all", epochs=400),
    "two, normed": lambda: recipe("iris", 'mlp(widths=[16], norm="batch")', optimizer="sgd(lr=0.1)", batch_size=2, epochs=10),
    "one, noisy": lambda: recipe("diabetes", "mlp(widths=[16])", optimizer="sgd(lr=0.02)", batch_size=1, epochs=10),
    "no epsilon": lambda: recipe("digits", "mlp(widths=[16])", optimizer="adam(lr=0.001, eps=0.0)", epochs=10),
    "momentum": lambda: recipe("iris", "mlp(widths=[16])", optimizer="sgd(lr=0.1, momentum=0.9)", **SMALL),
}


@cache
def seen(name: str) -> Examination:
    return examine(PATIENTS[name]())


def look(cause: type[Cause], name: str) -> Suspicion:
    return cause().look(seen(name))


FAULTS: Sequence[tuple[type[Cause], str]] = [
    (DataNotShuffled, "sorted"), (Overfitting, "by heart"), (MissingRegularization, "gap alone"),
    (RegularizationTooStrong, "strong penalty"), (RegularizationTooStrong, "strong decoupled"), (DropoutTooHigh, "much dropout"),
    (DropoutTooHigh, "much dropout, module"), (BatchTooLarge, "all at once"), (BatchTooSmall, "two, normed"),
    (OptimizerEpsilonTooLow, "no epsilon"),
]  # fmt: skip
CAUSES = list(dict.fromkeys(cause for cause, _ in FAULTS))
HEALTHY = ["mlp", "digits", "usual penalty", "adamw", "usual dropout", "all at once, long", "sorted, but shuffled", "momentum"]


@pytest.mark.parametrize(("cause", "name"), FAULTS)
def test_the_fault_is_suspected(cause: type[Cause], name: str) -> None:
    found = look(cause, name)
    assert found.speaks == "for"
    assert found.strength >= 0.5
    assert any(remedy.apply(seen(name).recipe) is not None for remedy in cause().remedies(seen(name)))


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("cause", CAUSES)
def test_a_healthy_network_is_not_suspected(cause: type[Cause], name: str) -> None:
    found = look(cause, name)
    assert found.strength == 0
    assert found.speaks != "for"
    assert not found.proved


def test_what_only_looks_like_it_is_not_suspected() -> None:
    assert look(DataNotShuffled, "not shuffled, no order").strength == 0
    assert look(MissingRegularization, "by heart").strength == 0  # time is to blame
    assert look(Overfitting, "gap alone").strength == 0
    assert look(MissingRegularization, "gap, penalised").strength == 0
    assert look(DropoutTooHigh, "strong penalty").strength == 0


def test_a_division_by_zero_is_proved_and_a_network_that_learns_by_heart() -> None:
    proved = {(OptimizerEpsilonTooLow, "no epsilon"), (Overfitting, "by heart")}
    assert {(cause, name) for cause, name in FAULTS if look(cause, name).proved} == proved


@pytest.mark.parametrize(
    ("cause", "name", "least"),
    [
        (DataNotShuffled, "sorted", 0.8), (RegularizationTooStrong, "strong penalty", 0.8),
        (RegularizationTooStrong, "strong decoupled", 0.8),
        (DropoutTooHigh, "much dropout", 0.8), (BatchTooLarge, "all at once", 0.8), (OptimizerEpsilonTooLow, "no epsilon", 0.5),
    ],
)  # fmt: skip
def test_the_remedy_restores(cause: type[Cause], name: str, least: float) -> None:
    patient = seen(name)
    sick = patient.metric if np.isfinite(patient.metric) else patient.chance
    mended = [remedy.apply(patient.recipe) for remedy in cause().remedies(patient)]
    best = max(fit(one).score() for one in mended if one is not None)
    assert best - patient.chance > 1.25 * (sick - patient.chance)
    assert best > least


def test_the_noise_scale_is_that_of_gradients_with_a_known_one() -> None:
    drawn = torch.Generator().manual_seed(0)
    gradients = torch.randn(2000, 50, generator=drawn, dtype=torch.double) * 2 + 1  # tr Σ = 4 · 50, |G|² = 50
    assert scale(gradients) == pytest.approx(4.0, rel=0.1)
    assert scale(gradients - 1) > 100  # a mean that is nothing but noise
    assert scale(gradients[:1]) == float("inf")
