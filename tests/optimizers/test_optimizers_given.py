"""A user's torch.optim optimizer is read, not touched; what we do not have is refused with a sentence."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch.func import grad

from whynet.errors import OptionError, RecipeError
from whynet.optimizers.given import READERS, from_torch

CASES: list[tuple[type[torch.optim.Optimizer], dict[str, Any]]] = [
    (torch.optim.SGD, {"lr": 0.1}),
    (torch.optim.SGD, {"lr": torch.tensor(0.1), "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (torch.optim.Adam, {}),
    (torch.optim.Adam, {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-4, "weight_decay": 0.1}),
    (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.2}),
    (torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.8, "momentum": 0.5, "centered": True, "weight_decay": 0.1}),
    (torch.optim.Adagrad, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1}),
    (torch.optim.Adadelta, {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
]


def bowl(w: torch.Tensor) -> torch.Tensor:
    return ((w - 1) ** 2 / 2 + (3 * w).sin()).sum()


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_steps_as_the_given_one_does(kind: Any, options: dict[str, Any]) -> None:
    w = torch.nn.Parameter(torch.tensor([0.3, -1.0, 2.0]))
    theirs = kind([w], **options)
    before = copy.deepcopy(theirs.state_dict())
    mine, at = from_torch(theirs), w.detach().clone()
    torch.testing.assert_close(theirs.state_dict(), before, atol=0, rtol=0)
    state, hyper = mine.start(at), {k: torch.tensor(v, dtype=torch.float64) for k, v in mine.hyper.items()}
    for t in range(1, 21):
        at, state = mine.update(at, grad(bowl)(at), state, hyper, torch.tensor(float(t), dtype=torch.float64))
        theirs.zero_grad()
        bowl(w).backward()
        theirs.step()
    torch.testing.assert_close(at, w.detach(), atol=1e-6, rtol=1e-6)


def test_every_rule_that_is_read_is_tested() -> None:
    assert {kind for kind, _ in CASES} == set(READERS)


def parameters(n: int = 1) -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.zeros(2)) for _ in range(n)]


def test_groups_with_the_same_options_are_one() -> None:
    first, second = parameters(2)
    assert from_torch(torch.optim.SGD([{"params": first}, {"params": second}], lr=0.1)).lr == 0.1


def test_groups_with_different_options_are_refused() -> None:
    first, second = parameters(2)
    groups = [{"params": first, "weight_decay": 0.1}, {"params": second, "lr": 0.5}]
    with pytest.raises(RecipeError, match="2 parameter groups that differ in lr, weight_decay"):
        from_torch(torch.optim.SGD(groups, lr=0.1))


class Mine(torch.optim.SGD):
    pass


@pytest.mark.parametrize("kind", [torch.optim.NAdam, Mine])
def test_unknown_rules_are_refused(kind: Any) -> None:
    with pytest.raises(RecipeError, match=rf"{kind.__name__}. Known: SGD, Adam, AdamW, RMSprop, Adagrad, Adadelta") as refusal:
        from_torch(kind(parameters()))
    assert kind.__name__ in refusal.value.message.show("ko")


@pytest.mark.parametrize(
    ("optimizer", "option"),
    [
        (torch.optim.SGD(parameters(), momentum=0.9, dampening=0.5), "dampening=0.5"),
        (torch.optim.SGD(parameters(), maximize=True), "maximize=True"),
        (torch.optim.Adam(parameters(), amsgrad=True), "amsgrad=True"),
        (torch.optim.Adagrad(parameters(), lr_decay=0.1), "lr_decay=0.1"),
        (torch.optim.Adagrad(parameters(), initial_accumulator_value=0.1), "initial_accumulator_value=0.1"),
    ],
)
def test_options_that_change_the_rule_are_refused(optimizer: torch.optim.Optimizer, option: str) -> None:
    with pytest.raises(RecipeError, match=option):
        from_torch(optimizer)


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(OptionError, match="sgd: lr"):
        from_torch(torch.optim.SGD(parameters(), lr=0.0))
