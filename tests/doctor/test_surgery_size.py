"""Surgery of size and of what holds a network back: the right change in each of the three ways a model may be written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from whynet.doctor.surgery import (
    deeper,
    shallower,
    wider,
    with_dropout,
    with_hidden_activation,
    with_nonlinearity,
    with_norm_momentum,
    with_penalty,
)
from whynet.engine.arm import prepare
from whynet.engine.fit import fit
from whynet.recipe import Recipe, recipe

Change = Callable[[Recipe], Recipe | None]
SPEC = 'mlp(widths=[8, 8, 8], activation="tanh")'
STACK = "sequential([linear(8), tanh, linear(8), tanh, linear(8), tanh, linear(3)])"


def net() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3)
    )


def of(model: object) -> Recipe:
    return recipe("iris", model, optimizer="sgd(lr=0.1)", steps=3, batch_size=16)


def leaves(one: Recipe | None) -> list[nn.Module]:
    assert one is not None
    return [child for child in prepare(one).network.module.modules() if not list(child.children())]


def widths(one: Recipe | None) -> list[int]:
    """Outputs of every linear layer."""
    return [child.out_features for child in leaves(one) if isinstance(child, nn.Linear)]


@pytest.mark.parametrize("model", [SPEC, STACK, net, net()], ids=["spec", "stack", "factory", "module"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda r: wider(r, 4), [32, 32, 32, 3]), (shallower, [8, 8, 3]), (lambda r: shallower(r, 1), [8, 3]),
    ],
)  # fmt: skip
def test_size_is_changed_and_the_answer_is_not(change: Change, expected: list[int], model: object) -> None:
    before = of(model)
    changed = change(before)
    assert widths(changed) == expected
    assert widths(before) == [8, 8, 8, 3]
    fit(changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [SPEC, STACK, net, net()], ids=["spec", "stack", "factory", "module"])
def test_one_more_layer_comes_before_the_answer(model: object) -> None:
    changed = deeper(of(model))
    assert len(widths(changed)) == 5
    assert widths(changed)[-1] == 3
    fit(changed)  # type: ignore[arg-type]


def test_a_network_without_hidden_layers_gets_one() -> None:
    assert widths(deeper(of("softmax_regression"))) == [64, 3]
    assert wider(of("softmax_regression")) is None
    assert shallower(of("softmax_regression")) is None


@pytest.mark.parametrize("model", [SPEC, STACK, net, net()], ids=["spec", "stack", "factory", "module"])
def test_dropout_is_put_behind_every_hidden_activation_and_taken_away_again(model: object) -> None:
    dropped = with_dropout(of(model), 0.5)
    rates = [child.p for child in leaves(dropped) if isinstance(child, nn.Dropout)]
    assert rates == [0.5] * 3
    assert dropped is not None
    less = with_dropout(dropped, 0.0)
    assert all(child.p == 0 for child in leaves(less) if isinstance(child, nn.Dropout))
    fit(dropped)


@pytest.mark.parametrize("model", [SPEC, STACK, net, net()], ids=["spec", "stack", "factory", "module"])
def test_hidden_activations_are_swapped(model: object) -> None:
    kinds = [type(child).__name__ for child in leaves(with_hidden_activation(of(model), "leaky_relu"))]
    assert kinds.count("LeakyReLU") == 3
    assert "Tanh" not in kinds


def test_a_softmax_after_the_last_layer_is_kept() -> None:
    mine = nn.Sequential(nn.Linear(4, 8), nn.Softmax(1), nn.Linear(8, 3), nn.Softmax(1))
    stack = "sequential([linear(8), softmax, linear(3), softmax])"
    for model in (mine, stack):
        kinds = [type(child).__name__ for child in leaves(with_hidden_activation(of(model), "relu"))]
        assert kinds == ["Linear", "ReLU", "Linear", "Softmax"]


def test_a_bend_is_put_where_there_is_none() -> None:
    stack = with_nonlinearity(of("sequential([linear(8), linear(8), tanh, linear(3)])"), ["layers.linear_0"])
    assert [type(child).__name__ for child in leaves(stack)] == ["Linear", "ReLU", "Linear", "Tanh", "Linear"]
    headed = with_nonlinearity(of("sequential([linear(8)])"), ["layers.linear_0"], headed=True)
    assert [type(child).__name__ for child in leaves(headed)] == ["Linear", "ReLU", "Linear"]
    mine = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))
    changed = with_nonlinearity(of(mine), ["0"])
    assert [type(child).__name__ for child in leaves(changed)] == ["Linear", "ReLU", "Linear"]
    assert len(mine) == 2
    assert isinstance(mine[0], nn.Linear)


def test_the_penalty_is_an_option_of_the_rule() -> None:
    before = recipe("iris", SPEC, optimizer="adam(lr=0.01)")
    changed = with_penalty(before, 0.1)
    assert changed is not None
    assert str(changed.optimizer) == "adam(lr=0.01, weight_decay=0.1)"
    assert with_penalty(changed, 0.1) is None
    assert with_penalty(before, None) is None
    assert str(with_penalty(recipe("iris", SPEC, optimizer="adamw"), None).optimizer) == "adamw(weight_decay=0.0)"  # type: ignore[union-attr]
    own = torch.optim.SGD(net().parameters(), lr=0.1, weight_decay=0.5)
    assert "weight_decay=0.005" in str(with_penalty(recipe("iris", SPEC, optimizer=own), 0.005).optimizer)  # type: ignore[union-attr]


def test_the_memory_of_batch_norm_is_changed_in_a_copy() -> None:
    mine = net()
    mine[3].momentum = 0.001
    changed = with_norm_momentum(of(mine), 0.1)
    assert [child.momentum for child in leaves(changed) if isinstance(child, nn.BatchNorm1d)] == [0.1]
    assert mine[3].momentum == 0.001
    assert with_norm_momentum(of(net()), 0.1) is None
    stack = with_norm_momentum(of("sequential([linear(8), batch_norm(momentum=0.01), relu])"), 0.1)
    assert "batch_norm(momentum=0.1)" in str(stack.model)  # type: ignore[union-attr]
