"""The step against a hand-written loop: nn.Module, torch.optim, backward, for every optimizer, clip and schedule."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F

from whynet import registry
from whynet.engine.arm import Arm, prepare
from whynet.recipe import recipe

# float32: losses and weights of some 20 steps. One vector of weights and torch's tensor by tensor round in other places.
CLOSE = {"rtol": 2e-4, "atol": 2e-5}

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd(lr=0.1)": partial(optim.SGD, lr=0.1),
    "sgd(lr=0.1, momentum=0.9)": partial(optim.SGD, lr=0.1, momentum=0.9),
    "sgd(lr=0.1, momentum=0.0)": partial(optim.SGD, lr=0.1),
    "sgd(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)": partial(
        optim.SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01
    ),
    "adam(lr=0.01)": partial(optim.Adam, lr=0.01),
    "adam(lr=0.01, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.1)": partial(
        optim.Adam, lr=0.01, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1
    ),
    "adamw(lr=0.01, weight_decay=0.1)": partial(optim.AdamW, lr=0.01, weight_decay=0.1),
    "adagrad(lr=0.05, weight_decay=0.01)": partial(optim.Adagrad, lr=0.05, weight_decay=0.01),
    "adadelta(lr=1.0, weight_decay=0.01)": partial(optim.Adadelta, lr=1.0, weight_decay=0.01),
    "rmsprop(lr=0.01)": partial(optim.RMSprop, lr=0.01),
    "rmsprop(lr=0.01, momentum=0.5, centered=True, weight_decay=0.01)": partial(
        optim.RMSprop, lr=0.01, momentum=0.5, centered=True, weight_decay=0.01
    ),
}
CLIPS: dict[str, Callable[..., Any]] = {
    "norm(most=0.2)": partial(nn.utils.clip_grad_norm_, max_norm=0.2),
    "norm(most=100.0)": partial(nn.utils.clip_grad_norm_, max_norm=100.0),
    "value(most=0.01)": partial(nn.utils.clip_grad_value_, clip_value=0.01),
}


def agree(arm: Arm, tier: str, trained: Any, twin: tuple[list[float], nn.Module]) -> None:
    losses, module = twin
    [outcome] = trained(arm, tier=tier)
    assert outcome.history.loss == pytest.approx(losses, rel=CLOSE["rtol"], abs=CLOSE["atol"])
    ours = arm.network.load(outcome.weights, outcome.buffers).state_dict()
    for name, value in module.state_dict().items():
        torch.testing.assert_close(ours[name], value, **CLOSE, msg=lambda m, name=name: f"{name}: {m}")


def test_every_optimizer_and_clip_has_a_twin() -> None:
    assert {spec.partition("(")[0] for spec in OPTIMIZERS} == set(registry.names("optimizer"))
    assert {spec.partition("(")[0] for spec in CLIPS} == set(registry.names("clip"))


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(points: Any, by_hand: Any, trained: Any, optimizer: str, tier: str) -> None:
    arm = prepare(recipe(points, 'mlp(widths=[8], activation="tanh")', optimizer=optimizer, batch_size=10, epochs=4))
    agree(arm, tier, trained, by_hand(arm, OPTIMIZERS[optimizer], F.cross_entropy))


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("clip", CLIPS)
def test_clips(points: Any, by_hand: Any, trained: Any, clip: str, tier: str) -> None:
    one = recipe(points, 'mlp(widths=[8], activation="tanh")', optimizer="sgd(lr=1.0)", clip=clip, batch_size=10, epochs=3)
    agree(prepare(one), tier, trained, by_hand(prepare(one), partial(optim.SGD, lr=1.0), F.cross_entropy, CLIPS[clip]))


SCHEDULES: dict[str, Callable[[int], float]] = {  # factors on the rate of 20 steps, 5 an epoch, from torch's own schedulers
    "constant": lambda rule: optim.lr_scheduler.ConstantLR(rule, 1.0),
    "cosine": lambda rule: optim.lr_scheduler.CosineAnnealingLR(rule, 20),
    "exponential(gamma=0.5)": lambda rule: optim.lr_scheduler.LambdaLR(rule, lambda t: 0.5 ** (t // 5)),
    'step(every=3, factor=0.5, unit="step")': lambda rule: optim.lr_scheduler.StepLR(rule, 3, 0.5),
    "warmup(steps=4)": lambda rule: optim.lr_scheduler.LinearLR(rule, 0.25, 1.0, 3),
}


def test_every_schedule_has_a_twin() -> None:
    assert {spec.partition("(")[0] for spec in SCHEDULES} == set(registry.names("schedule"))


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules(points: Any, by_hand: Any, trained: Any, schedule: str, tier: str) -> None:
    one = recipe(
        points, 'mlp(widths=[8], activation="tanh")', optimizer="sgd(lr=0.5)", schedule=schedule, batch_size=10, epochs=4
    )
    arm = prepare(one)
    assert (arm.total_steps, arm.steps_per_epoch) == (20, 5)
    rule = optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler: Any = SCHEDULES[schedule](rule)  # type: ignore[arg-type]
    rates = []
    for _ in range(20):
        rates.append(rule.param_groups[0]["lr"])
        rule.step()
        scheduler.step()
    agree(arm, tier, trained, by_hand(arm, partial(optim.SGD, lr=0.5), F.cross_entropy, rate=rates.__getitem__))


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("model", ['mlp(widths=[8, 8], norm="batch", activation="tanh")', 'mlp(widths=[8], norm="layer")'])
def test_norms_and_their_running_statistics(points: Any, by_hand: Any, trained: Any, model: str, tier: str) -> None:
    arm = prepare(recipe(points, model, optimizer="sgd(lr=0.1, momentum=0.9)", batch_size=10, epochs=4))
    agree(arm, tier, trained, by_hand(arm, partial(optim.SGD, lr=0.1, momentum=0.9), F.cross_entropy))


@pytest.mark.parametrize("tier", ["eager", "traced"])
def test_convolutions(pictures: Any, by_hand: Any, trained: Any, tier: str) -> None:
    arm = prepare(recipe(pictures, "lenet5", optimizer="adam(lr=0.001)", batch_size=10, epochs=2))
    agree(arm, tier, trained, by_hand(arm, partial(optim.Adam, lr=0.001), F.cross_entropy))


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize(("loss", "twin"), [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)])
def test_regression(values: Any, by_hand: Any, trained: Any, loss: str, twin: Any, tier: str) -> None:
    one = recipe(values, 'mlp(widths=[8], activation="tanh")', loss, optimizer="sgd(lr=0.1)", batch_size=10, epochs=3)
    agree(prepare(one), tier, trained, by_hand(prepare(one), partial(optim.SGD, lr=0.1), twin))
