"""Surgery: the right change in the right place, on a copy; nothing where there is no place."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from whynet.data.dataset import Dataset, Examples
from whynet.doctor.rates import nearest_power, power_above, rate, scaled_rate
from whynet.doctor.scaling import standard, standardised
from whynet.doctor.surgery import (
    looks_like_probabilities,
    shallower,
    tried,
    with_activation,
    with_norm,
    with_skip,
    without_output_activation,
)
from whynet.engine.arm import make_module, prepare
from whynet.engine.fit import fit
from whynet.recipe import Recipe, changed_lines, diff, recipe
from whynet.task import Task

Change = Callable[[Recipe], Recipe | None]
DEEP = 'mlp(widths=[8, 8, 8], activation="sigmoid")'
STACK = "sequential([flatten, linear(8), sigmoid, linear(8), tanh, linear(3), softmax])"


def net() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(4, 8), nn.Sigmoid(), nn.Sequential(nn.Linear(8, 8), nn.Tanh()), nn.Linear(8, 3), nn.Softmax(1)
    )


def of(model: object) -> Recipe:
    return recipe("iris", model, optimizer="sgd(lr=0.1)", steps=5, batch_size=16)


def kinds(one: Recipe | None) -> list[str]:
    """The leaves of the network that a recipe makes, in order."""
    assert one is not None
    module = prepare(one).network.module
    return [type(child).__name__ for child in module.modules() if not list(child.children())]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (with_activation, 'mlp(widths=[8, 8, 8], activation="relu")'),
        (lambda r: with_norm(r, "layer"), 'mlp(widths=[8, 8, 8], activation="sigmoid", norm="layer")'),
        (with_skip, 'mlp(widths=[8, 8, 8], activation="sigmoid", skip="add")'),
        (shallower, 'mlp(widths=[8, 8], activation="sigmoid")'),
    ],
)
def test_a_spec_has_one_option_changed(change: Change, expected: str) -> None:
    changed = change(of(DEEP))
    assert changed is not None
    assert str(changed.model) == expected
    assert len(diff(of(DEEP), changed)) == 1


@pytest.mark.parametrize(
    ("change", "model"),
    [
        (with_activation, "mlp"), (with_skip, 'mlp(skip="add")'), (with_norm, 'mlp(norm="batch")'), (shallower, "mlp"),
        (shallower, "logistic_regression"), (with_norm, "logistic_regression"), (without_output_activation, "mlp"),
        (without_output_activation, "sequential([flatten, linear(3)])"), (with_skip, STACK), (with_skip, net()),
        (with_activation, nn.Linear(4, 3)), (without_output_activation, nn.Linear(4, 3)), (shallower, net),
    ],
)  # fmt: skip
def test_where_there_is_no_place_nothing_is_changed(change: Change, model: object) -> None:
    assert change(recipe("iris", model)) is None


def test_a_stack_of_bricks_is_changed_brick_by_brick() -> None:
    assert kinds(with_activation(of(STACK))).count("ReLU") == 2
    assert kinds(without_output_activation(of(STACK)))[-1] == "Linear"
    normed = kinds(with_norm(of(STACK)))
    assert sum("norm" in name.lower() for name in normed) == 2  # after every layer but the last
    assert "norm" not in normed[-2].lower()


@pytest.mark.parametrize("given", [net, net()], ids=["factory", "module"])
def test_ones_own_module_is_changed_in_a_copy(given: object) -> None:
    assert kinds(with_activation(of(given))) == ["Linear", "ReLU", "Linear", "ReLU", "Linear", "Softmax"]
    assert kinds(with_norm(of(given))) == [
        "Linear", "BatchNorm1d", "Sigmoid", "Linear", "BatchNorm1d", "Tanh", "Linear", "Softmax",
    ]  # fmt: skip
    assert kinds(without_output_activation(of(given)))[-1] == "Identity"


def test_ones_own_module_is_bit_identical_afterwards() -> None:
    mine = net().train()
    before = copy.deepcopy(mine.state_dict())
    for change in (with_activation, with_norm, without_output_activation, with_skip, shallower):
        changed = change(of(mine))
        if changed is not None:
            fit(changed)
    assert [type(child).__name__ for child in mine] == ["Linear", "Sigmoid", "Sequential", "Linear", "Softmax"]
    assert mine.training
    assert all(torch.equal(before[name], value) for name, value in mine.state_dict().items())
    assert all(parameter.grad is None for parameter in mine.parameters())


@pytest.mark.parametrize("given", [net, net(), DEEP, STACK], ids=["factory", "module", "spec", "stack"])
def test_a_normed_network_trains(given: object) -> None:
    changed = with_norm(of(given))
    assert changed is not None
    history = fit(changed.change(steps=40)).history
    assert np.isfinite(history.loss).all()
    assert np.mean(history.loss[-5:]) < np.mean(history.loss[:5])


def test_convolutions_are_normed_by_channel() -> None:
    mine = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Sigmoid(), nn.Flatten(), nn.Linear(4 * 36, 10))
    changed = with_norm(recipe("digits", mine, steps=3))
    assert kinds(changed) == ["Conv2d", "BatchNorm2d", "Sigmoid", "Flatten", "Linear"]
    fit(changed)  # type: ignore[arg-type]


def test_what_is_not_changed_keeps_its_initial_weights() -> None:
    plain = of(net())
    changed = without_output_activation(plain)
    assert changed is not None
    assert torch.equal(prepare(plain).network.initial, prepare(changed).network.initial)
    other = with_activation(of(net))
    assert other is not None
    data = prepare(other)
    first, second = make_module(of(net), data.dataset, data.loss), make_module(other, data.dataset, data.loss)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_a_refused_change_is_no_change() -> None:
    assert tried(lambda r: r.change(model="mlp(widths=[0])"), of(DEEP)) is None


# --- inputs -----------------------------------------------------------------------------------------------------------


def test_standardised_inputs_keep_everything_else() -> None:
    raw = recipe('wine(scale="none")', "mlp", batch_size=16)
    changed = standardised(raw)
    assert changed is not None
    assert changed_lines(raw, changed) == ['- data wine(scale="none")', '+ data wine(scale="standard")']
    assert standardised(changed) is None


@pytest.mark.parametrize("seed", [0, 3])
def test_standardised_inputs_of_ones_own_keep_the_pairing(seed: int) -> None:
    x = np.random.default_rng(0).normal(5, [1, 10, 100], (90, 3))
    raw = recipe((x, np.arange(90) % 3), "mlp(widths=[4])", batch_size=16, seed=seed)
    changed = standardised(raw)
    assert changed is not None
    before, after = prepare(raw), prepare(changed)
    for split in ("train", "validation", "test"):
        a, b = getattr(before.dataset, split), getattr(after.dataset, split)
        assert torch.equal(a.index, b.index)
        assert torch.equal(a.y, b.y)
    assert torch.equal(before.network.initial, after.network.initial)
    assert all(torch.equal(p, q) for p, q in zip(before.order(0), after.order(0), strict=True))
    inputs = after.dataset.train.x.double()
    assert torch.allclose(inputs.mean(0), torch.zeros(3, dtype=torch.double), atol=1e-5)
    assert torch.allclose(inputs.std(0, correction=0), torch.ones(3, dtype=torch.double), atol=1e-5)
    assert prepare(raw).dataset.train.x[0, 2].abs() > 3  # the original still is as it was


def test_examples_in_pools_of_their_own_are_standardised_by_the_training_ones() -> None:
    def part(shift: float) -> Examples:
        drawn = torch.Generator().manual_seed(int(shift))
        return Examples(torch.randn(50, 2, generator=drawn) * 3 + shift, torch.arange(50) % 2, torch.arange(50))

    raw = Dataset("apart", Task("classify", (2,), 2), part(5), part(6), part(7))
    made = standard(raw)
    mean, std = raw.train.x.double().mean(0), raw.train.x.double().std(0, correction=0)
    for split in ("train", "validation", "test"):
        expected = (getattr(raw, split).x.double() - mean) / std
        assert torch.allclose(getattr(made, split).x.double(), expected, atol=1e-5)
    assert raw.train.x.mean() > 3  # the original still is as it was


# --- rates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "factor", "expected"),
    [
        ("sgd(lr=0.1)", 10, "sgd(lr=1.0)"), ("sgd(lr=0.1, momentum=0.9)", 0.1, "sgd(lr=0.01, momentum=0.9)"),
        ("adam", 0.1, "adam(lr=0.0001)"),
    ],
)  # fmt: skip
def test_a_rate_is_scaled_and_nothing_else(optimizer: str, factor: float, expected: str) -> None:
    changed = scaled_rate(recipe("iris", "mlp", optimizer=optimizer), factor)
    assert changed is not None
    assert not diff(changed, recipe("iris", "mlp", optimizer=expected))


def test_the_rate_of_ones_own_optimizer_is_read_and_scaled() -> None:
    mine = torch.optim.SGD(net().parameters(), lr=0.3, momentum=0.5)
    one = recipe("iris", "mlp", optimizer=mine)
    assert rate(one) == 0.3
    changed = scaled_rate(one, 0.1)
    assert changed is not None
    assert rate(changed) == pytest.approx(0.03)
    assert "momentum=0.5" in str(changed.optimizer)
    assert mine.param_groups[0]["lr"] == 0.3


@pytest.mark.parametrize(
    ("factor", "power"), [(7, 10), (0.01, 10), (300, 100), (1e9, 10_000), (float("nan"), 10), (float("inf"), 10)]
)
def test_the_nearest_power_of_ten(factor: float, power: int) -> None:
    assert nearest_power(factor) == power


@pytest.mark.parametrize(
    ("factor", "power"), [(7, 10), (10, 10), (11, 100), (300, 1000), (1e9, 10_000), (float("nan"), 10), (0, 10)]
)
def test_the_power_of_ten_above(factor: float, power: int) -> None:
    assert power_above(factor) == power


@pytest.mark.parametrize(
    ("outputs", "yes"),
    [
        (torch.softmax(torch.randn(8, 3), 1), True), (torch.randn(8, 3), False), (torch.rand(8, 3), False),
        (torch.sigmoid(torch.randn(8, 1)), False), (torch.full((8, 3), float("nan")), False),
        (torch.log_softmax(torch.randn(8, 3), 1), False),
    ],
)  # fmt: skip
def test_probabilities_are_known_by_their_looks(outputs: torch.Tensor, yes: bool) -> None:
    assert looks_like_probabilities(outputs) is yes
