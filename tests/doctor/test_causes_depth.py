"""Causes of depth, width, hidden activations and batch norm: seen where they are, not where they only seem to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import nn

from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.causes.batchnorm_train_eval_gap import BatchnormTrainEvalGap
from whynet.doctor.causes.exploding_gradient import ExplodingGradient
from whynet.doctor.causes.low_capacity import LowCapacity
from whynet.doctor.causes.missing_batchnorm import MissingBatchnorm
from whynet.doctor.causes.too_deep import TooDeep
from whynet.doctor.causes.wrong_hidden_activation import WrongHiddenActivation
from whynet.doctor.controls.modes import modes
from whynet.doctor.examination import Examination, examine
from whynet.doctor.facts.sample import sample
from whynet.doctor.facts.signals import first_signals
from whynet.engine.fit import fit
from whynet.recipe import Recipe, recipe

SHORT = {"steps": 30, "batch_size": 32}
LONG = {"epochs": 30, "batch_size": 32, "optimizer": "adam(lr=0.01)"}


def net(momentum: float, inputs: int = 2) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        norm = nn.BatchNorm1d(16, momentum=momentum)
        return nn.Sequential(nn.Linear(inputs, 16), norm, nn.ReLU(), nn.Linear(16, 2))


def shifted() -> tuple[torch.Tensor, torch.Tensor]:
    """Two classes far from zero, where what batch norm remembers of its start is far from right."""
    x = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    return 3 * x + 60, (x[:, 0] > x[:, 1]).long()


PATIENTS: dict[str, Callable[[], Recipe]] = {
    "softmax between": lambda: recipe("digits", 'mlp(widths=[16, 16], activation="softmax")', **SHORT),
    "softmax module between": lambda: recipe("xor", nn.Sequential(nn.Linear(2, 8), nn.Softmax(1), nn.Linear(8, 2)), **SHORT),
    "step between": lambda: recipe("xor", "sequential([linear(16), step, linear(2)])", **SHORT),
    "softmax at the end": lambda: recipe("iris", 'mlp(widths=[16], output_activation="softmax")', **SHORT),
    "mlp": lambda: recipe("xor", "mlp(widths=[16, 16])", **LONG),
    "tanh": lambda: recipe("iris", 'mlp(widths=[16] * 3, activation="tanh")', init="xavier", **SHORT),
    "normed and deep": lambda: recipe("digits", 'mlp(widths=[32] * 10, norm="batch")', **LONG),
    "he and deep": lambda: recipe("digits", "mlp(widths=[32] * 10)", init="he", **SHORT),
    "linear": lambda: recipe("iris", "softmax_regression", **LONG),
    "exploding": lambda: recipe("digits", "mlp(widths=[32] * 8)", init="normal(std=0.8)", **SHORT),
    "large inputs": lambda: recipe('wine(scale="none")', "mlp(widths=[32] * 3)", **SHORT),
    "too deep": lambda: recipe("digits", "mlp(widths=[32] * 20)", optimizer="sgd(lr=0.2)", epochs=25),
    "deep sigmoid": lambda: recipe("digits", 'mlp(widths=[32] * 10, activation="sigmoid")', **SHORT),
    "drifting": lambda: recipe("digits", "mlp(widths=[32] * 6)", init="normal(std=0.6)", **SHORT),
    "two units": lambda: recipe("digits", "mlp(widths=[1])", epochs=60, optimizer="adam(lr=0.01)"),
    "one unit on spirals": lambda: recipe("spirals", "mlp(widths=[2])", epochs=100, optimizer="adam(lr=0.02)"),
    "linear on xor": lambda: recipe("xor", "logistic_regression", epochs=60, optimizer="adam(lr=0.05)"),
    "not yet trained": lambda: recipe("digits", "mlp(widths=[64])", steps=5),
    "stale averages": lambda: recipe(shifted(), net(0.001), optimizer="adam(lr=0.01)", epochs=10, batch_size=32),
    "good averages": lambda: recipe(shifted(), net(0.1), optimizer="adam(lr=0.01)", epochs=10, batch_size=32),
    "stale brick": lambda: recipe(
        shifted(), "sequential([linear(16), batch_norm(momentum=0.001), relu])", optimizer="adam(lr=0.01)", epochs=10
    ),
}


@cache
def seen(name: str) -> Examination:
    return examine(PATIENTS[name]())


def look(cause: type[Cause], name: str) -> Suspicion:
    return cause().look(seen(name))


FAULTS: Sequence[tuple[type[Cause], str]] = [
    (WrongHiddenActivation, "softmax between"), (WrongHiddenActivation, "softmax module between"),
    (WrongHiddenActivation, "step between"), (ExplodingGradient, "exploding"), (TooDeep, "too deep"), (MissingBatchnorm, "drifting"),
    (LowCapacity, "two units"), (LowCapacity, "one unit on spirals"), (LowCapacity, "linear on xor"),
    (BatchnormTrainEvalGap, "stale averages"), (BatchnormTrainEvalGap, "stale brick"),
]  # fmt: skip
CAUSES = list(dict.fromkeys(cause for cause, _ in FAULTS))
HEALTHY = ["softmax at the end", "mlp", "tanh", "normed and deep", "linear", "good averages", "large inputs", "not yet trained"]


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


@pytest.mark.parametrize(
    ("cause", "name"),
    [
        (TooDeep, "deep sigmoid"), (TooDeep, "he and deep"), (MissingBatchnorm, "deep sigmoid"), (ExplodingGradient, "deep sigmoid"),
        (ExplodingGradient, "he and deep"), (WrongHiddenActivation, "deep sigmoid"),
    ],
)  # fmt: skip
def test_what_has_another_cause_is_not_suspected(cause: type[Cause], name: str) -> None:
    assert look(cause, name).strength == 0


def test_only_what_follows_from_the_numbers_is_proved() -> None:
    proved = {(cause, name) for cause, name in FAULTS if look(cause, name).proved}
    assert proved == {
        (WrongHiddenActivation, "step between"), (BatchnormTrainEvalGap, "stale averages"), (BatchnormTrainEvalGap, "stale brick"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "name", "longer"),
    [
        (WrongHiddenActivation, "softmax between", {"epochs": 10, "steps": None}), (TooDeep, "too deep", {}),
        (LowCapacity, "two units", {}),
        (LowCapacity, "one unit on spirals", {}), (LowCapacity, "linear on xor", {}), (BatchnormTrainEvalGap, "stale averages", {}),
        (BatchnormTrainEvalGap, "stale brick", {}),
    ],
)  # fmt: skip
def test_the_remedy_restores(cause: type[Cause], name: str, longer: dict[str, object]) -> None:
    patient = seen(name)
    sick = fit(patient.recipe.change(**longer)).score()
    mended = [remedy.apply(patient.recipe) for remedy in cause().remedies(patient)]
    best = max(fit(one.change(**longer)).score() for one in mended if one is not None)
    assert best - patient.chance > 1.25 * (sick - patient.chance)
    assert best > 0.8


def test_a_signal_is_that_of_a_plain_loop() -> None:
    patient = seen("tanh")
    h, y = sample(patient)
    linear = [child for child in patient.fitted.arm.network.template.modules() if isinstance(child, nn.Linear)]
    found = first_signals(patient)
    with torch.no_grad():
        for one, layer in zip(found, linear, strict=True):
            z = layer(h)  # (N, units)
            assert one.forward == pytest.approx(float(z.var(0, correction=0).mean().sqrt()), rel=1e-4)
            assert one.alike == pytest.approx(float(z.mean(0).norm() ** 2 / z.norm(dim=1).square().mean()), rel=1e-4)
            h = torch.tanh(z)
        error = (torch.softmax(z, 1) - nn.functional.one_hot(y, 3)) / len(y)  # of the mean cross-entropy
    assert found[-1].backward == pytest.approx(float(error.norm()), rel=1e-4)


def test_batch_and_running_statistics_are_judged_on_the_same_examples() -> None:
    good, stale = modes(seen("good averages")), modes(seen("stale averages"))
    assert good is not None
    assert stale is not None
    assert abs(good.batch - good.running) <= good.noise
    assert stale.batch - stale.running > stale.noise
    assert modes(seen("mlp")) is None


def test_averages_that_the_cut_examination_left_stale_are_no_fault() -> None:
    short = examine(recipe(shifted(), net(0.1), optimizer="adam(lr=0.05)", steps=10, batch_size=32))
    assert BatchnormTrainEvalGap().look(short).proved  # ten steps are all it was to take
    begun = BatchnormTrainEvalGap().look(replace(short, cut=True, whole_steps=500))
    assert (begun.strength, begun.proved, begun.speaks) == (0.0, False, "neither")
    hopeless = replace(short, cut=True, whole_steps=12)  # the whole training would leave a quarter
    assert BatchnormTrainEvalGap().look(hopeless).proved
