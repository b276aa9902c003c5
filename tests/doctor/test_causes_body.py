"""Causes in the network's body and its beginnings: the fault is seen, and what only looks like it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.causes.bad_initialization import BadInitialization
from whynet.doctor.causes.constant_initialization import ConstantInitialization
from whynet.doctor.causes.dead_relu import DeadReLU
from whynet.doctor.causes.missing_hidden_nonlinearity import MissingHiddenNonlinearity
from whynet.doctor.causes.saturated_activation import SaturatedActivation
from whynet.doctor.controls.ceiling import ceiling
from whynet.doctor.examination import Examination, examine
from whynet.doctor.facts.chain import at_start
from whynet.engine.fit import fit
from whynet.recipe import Recipe, recipe

SHORT = {"steps": 30, "batch_size": 32}
CONV = "sequential([conv2d(4, 3), relu, max_pool(2), flatten, linear(32), relu, linear(10)])"


class Own(nn.Module):
    """A user's module that calls functions where others have modules."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second, self.function = nn.Linear(2, 16), nn.Linear(16, 2), function

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.function(self.first(x)))


@cache
def seen(name: str) -> Examination:
    return examine(PATIENTS[name]())


def plane() -> tuple[Tensor, Tensor]:
    """A linear task: y = 2a - b."""
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(300, 2))).float()
    return x, (2 * x[:, :1] - x[:, 1:])


def corners() -> tuple[Tensor, Tensor]:
    """Exclusive or, all of it."""
    return torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).repeat(4, 1), torch.tensor([0, 1, 1, 0]).repeat(4)


def low(module: nn.Sequential) -> nn.Sequential:
    """The first biases so low that no ReLU ever answers."""
    nn.init.constant_(module[0].bias, -100.0)
    return module


def filled(module: nn.Sequential, first: float, last: float | None) -> nn.Sequential:
    nn.init.constant_(module[0].weight, first)
    nn.init.constant_(module[0].bias, 0.0)
    if last is not None:
        nn.init.constant_(module[2].weight, last)
    return module


def net(inputs: int = 2, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(inputs, 16), activation(), nn.Linear(16, 2))


PATIENTS: dict[str, Callable[[], Recipe]] = {
    "linear spec": lambda: recipe("xor", 'mlp(widths=[16], activation="identity")', **SHORT),
    "linear stack on xor": lambda: recipe("xor", "sequential([linear(16), linear(8), linear(2)])", **SHORT),
    "linear stack, headed": lambda: recipe("xor", "sequential([linear(16), linear(8)])", **SHORT),
    "linear module on xor": lambda: recipe("xor", nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 2)), **SHORT),
    "linear module on four corners": lambda: recipe(corners(), nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 2)), steps=30),
    "own linear module": lambda: recipe("xor", Own(lambda h: h), **SHORT),
    "own module with relu": lambda: recipe("xor", Own(torch.relu), **SHORT),
    "linear net on a plane": lambda: recipe(plane(), 'mlp(widths=[8], activation="identity")', **SHORT),
    "no hidden layer": lambda: recipe("iris", "softmax_regression", **SHORT),
    "mlp": lambda: recipe("xor", "mlp(widths=[16])", **SHORT),
    "deep tanh": lambda: recipe("iris", 'mlp(widths=[16, 16, 16], activation="tanh")', **SHORT),
    "sigmoid": lambda: recipe("iris", 'mlp(widths=[16], activation="sigmoid")', **SHORT),
    "conv": lambda: recipe(
        "digits", CONV, **SHORT
    ),
    "batch norm": lambda: recipe("iris", 'mlp(widths=[16, 16], norm="batch")', **SHORT),
    "constant spec": lambda: recipe("iris", "mlp(widths=[16, 16])", init="constant(value=0.01)", **SHORT),
    "constant, ten classes": lambda: recipe("digits", "mlp(widths=[16])", init="constant(value=0.01)", **SHORT),
    "zeros": lambda: recipe("iris", 'mlp(widths=[16], activation="tanh")', init="zeros", **SHORT),
    "zeros, no hidden layer": lambda: recipe("iris", "softmax_regression", init="zeros", **SHORT),
    "constant module": lambda: recipe("xor", filled(net(), 0.1, 0.2), **SHORT),
    "constant first layer only": lambda: recipe("xor", filled(net(), 0.1, None), **SHORT),
    "constant with dropout": lambda: recipe("iris", "mlp(widths=[16], dropout=0.5)", init="constant(value=0.1)", **SHORT),
    "wide": lambda: recipe("digits", 'mlp(widths=[32], activation="sigmoid")', init="normal(std=3)", **SHORT),
    "narrow and deep": lambda: recipe("digits", "mlp(widths=[32] * 6)", init="normal(std=0.01)", **SHORT),
    "small and shallow": lambda: recipe("iris", "mlp(widths=[16])", init="normal(std=0.05)", **SHORT),
    "he": lambda: recipe("digits", "mlp(widths=[32] * 6)", init="he", **SHORT),
    "xavier": lambda: recipe("digits", 'mlp(widths=[32] * 3, activation="tanh")', init="xavier", **SHORT),
    "torch's own, deep": lambda: recipe("digits", "mlp(widths=[32] * 10)", **SHORT),
    "born dead": lambda: recipe("xor", low(net()), **SHORT),
    "killed": lambda: recipe("diabetes", "mlp(widths=[32])", optimizer="adam(lr=3.0)", steps=60),
    "large inputs": lambda: recipe('wine(scale="none")', 'mlp(widths=[16], activation="tanh")', **SHORT),
}  # fmt: skip


def look(cause: Cause, name: str) -> Suspicion:
    return cause.look(seen(name))


HEALTHY = [
    "own module with relu", "no hidden layer", "mlp", "deep tanh", "sigmoid", "conv", "batch norm", "zeros, no hidden layer", "he",
    "xavier", "torch's own, deep",
]  # fmt: skip
FAULTS: Sequence[tuple[type[Cause], str]] = [
    *((MissingHiddenNonlinearity, name) for name in (
        "linear spec", "linear stack on xor", "linear stack, headed", "linear module on xor", "own linear module",
        "linear module on four corners",
    )),
    *((ConstantInitialization, name) for name in ("constant spec", "zeros", "constant module")),
    *((BadInitialization, name) for name in ("wide", "narrow and deep")),
    *((DeadReLU, name) for name in ("born dead",)),
    *((SaturatedActivation, name) for name in ("wide", "large inputs")),
]  # fmt: skip
CAUSES = list(dict.fromkeys(cause for cause, _ in FAULTS))


@pytest.mark.parametrize(("cause", "name"), FAULTS)
def test_the_fault_is_suspected(cause: type[Cause], name: str) -> None:
    found = look(cause(), name)
    assert found.speaks == "for"
    assert found.strength >= 0.5
    assert any(remedy.apply(seen(name).recipe) is not None for remedy in found.cause.remedies(seen(name)))


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("cause", CAUSES)
def test_a_healthy_network_is_not_suspected(cause: type[Cause], name: str) -> None:
    found = look(cause(), name)
    assert found.speaks != "for"
    assert not found.proved


def test_what_is_computed_exactly_is_proved() -> None:
    assert look(ConstantInitialization(), "constant spec").proved
    assert look(ConstantInitialization(), "constant module").proved
    assert look(DeadReLU(), "born dead").proved
    assert not look(ConstantInitialization(), "constant with dropout").proved  # masks part the copies
    assert not look(SaturatedActivation(), "wide").proved


def test_a_linear_network_is_right_for_a_linear_task() -> None:
    found = look(MissingHiddenNonlinearity(), "linear net on a plane")
    assert found.strength == 0
    assert [one.speaks for one in found.evidence] == ["neither", "against"]


def test_equal_weights_that_part_at_once_are_no_fault() -> None:
    found = look(ConstantInitialization(), "constant first layer only")
    assert (found.strength, found.proved) == (0, False)


def test_small_weights_of_one_hidden_layer_are_no_fault() -> None:
    assert look(BadInitialization(), "small and shallow").speaks != "for"


@pytest.mark.parametrize(
    ("function", "name"),
    [(torch.relu, "ReLU"), (torch.sigmoid, "Sigmoid"), (torch.tanh, "Tanh"), (torch.square, "?"), (lambda h: h, None)],
)
def test_functions_that_no_module_shows_are_recognised(function: Callable[[Tensor], Tensor], name: str | None) -> None:
    patient = examine(recipe("xor", Own(function), steps=2))
    assert [one.activation for one in at_start(patient)] == [name]


def test_the_ceiling_of_linear_models_is_that_of_scikit_learn() -> None:
    straight, bent = ceiling(seen("linear net on a plane")), ceiling(seen("mlp"))
    assert straight.linear == pytest.approx(1.0, abs=1e-3)
    assert straight.suffices
    assert not straight.bends
    assert bent.bends
    assert bent.bent > 0.9
    assert bent.linear < 0.7


@pytest.mark.parametrize(
    ("cause", "name", "learned"),
    [
        (MissingHiddenNonlinearity, "linear spec", 0.9), (MissingHiddenNonlinearity, "linear stack, headed", 0.9),
        (MissingHiddenNonlinearity, "own linear module", 0.9), (ConstantInitialization, "constant, ten classes", 0.8),
        (DeadReLU, "born dead", 0.9),
    ],
)  # fmt: skip
def test_the_remedy_restores(cause: type[Cause], name: str, learned: float) -> None:
    patient = seen(name)
    longer = {"steps": 300, "optimizer": "adam(lr=0.01)"}
    changed = [remedy.apply(patient.recipe) for remedy in cause().remedies(patient)]
    assert fit(patient.recipe.change(**longer)).score() < learned
    assert max(fit(one.change(**longer)).score() for one in changed if one is not None) >= learned
