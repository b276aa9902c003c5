"""Where a loss stopped being a number: the first layer and the step, in words."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from whynet.data import Dataset
from whynet.engine.arm import prepare
from whynet.engine.events import ArmLeft, Outcome
from whynet.engine.fit import follow
from whynet.engine.train import Watching, train
from whynet.recipe import Recipe, recipe


def outcome(one: Recipe, tier: str = "eager") -> Outcome:
    """How the training ended, and that it left when it said."""
    events = list(train([prepare(one)], Watching(evaluations=1), tier))  # type: ignore[arg-type]
    [left] = [event for event in events if isinstance(event, ArmLeft)]
    [ended] = events[-1].outcomes  # type: ignore[union-attr]
    assert (ended.status, left.status) == ("diverged", "diverged")
    assert left.step == ended.history.steps
    assert str(left.why) == str(ended.why)
    *before, last = ended.history.loss
    assert all(map(math.isfinite, before))
    assert not math.isfinite(last)
    return ended


@pytest.mark.parametrize("tier", ["eager", "traced"])
def test_a_learning_rate_that_is_far_too_large(points: Any, tier: str) -> None:
    one = recipe(points, "mlp(widths=[8, 8])", "mse", "sgd(lr=1e30)", batch_size=10, epochs=4)
    ended = outcome(one, tier)
    step, layer = by_hand(one)
    assert f"At step {step} the output of layer {layer} is the first" in ended.why.show("en")
    assert f"{step}번째 스텝에서 {layer} 층의 출력이 처음으로" in ended.why.show("ko")


def by_hand(one: Recipe) -> tuple[int, str]:
    """The step and the first layer whose output is not finite, in a plain loop with hooks."""
    arm = prepare(one)
    module = arm.network.load(arm.network.initial, arm.network.buffers).train()
    rule = torch.optim.SGD(module.parameters(), lr=arm.optimizer.lr)
    broken: list[str] = []
    for name, child in module.named_modules():
        if not list(child.children()):
            child.register_forward_hook(
                lambda _m, _i, output, name=name: broken.append(name) if not output.isfinite().all() else None
            )
    for step, positions in enumerate(arm.order(0), start=1):
        outputs = module(arm.dataset.train.pool_x[positions])
        if broken:
            return step, broken[0]
        rule.zero_grad()
        arm.loss(outputs, arm.dataset.train.pool_y[positions]).backward()
        rule.step()
    raise AssertionError("it did not diverge")


class Holding(nn.Module):
    """Three layers, one of which may hold what is no number."""

    def __init__(self, where: str = "", what: float = math.nan) -> None:
        super().__init__()
        self.first, self.norm, self.second, self.bend = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3), nn.Tanh()
        if where:
            with torch.no_grad():
                self.get_parameter(where).view(-1)[1] = what

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.bend(self.norm(self.first(x))))


@pytest.mark.parametrize(
    ("where", "layer", "what"),
    [
        ("first.weight", "first", math.nan),
        ("first.bias", "first", math.inf),
        ("norm.weight", "norm", math.nan),
        ("norm.bias", "norm", math.nan),
        ("second.weight", "second", -math.inf),
        ("second.bias", "second", math.nan),
    ],
)
def test_weights_that_are_no_numbers(points: Any, where: str, layer: str, what: float) -> None:
    ended = outcome(recipe(points, Holding(where, what), "mse", batch_size=10))
    assert ended.history.steps == 1
    assert f"weights of layer {layer} infinite or NaN" in ended.why.show("en")
    assert f"{layer} 층의 가중치" in ended.why.show("ko")


class Logarithm(nn.Module):
    """Fine until a value is negative."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.log(self.inner(self.first(x)) - 0.1))


def test_a_logarithm_of_a_negative(points: Any) -> None:
    """The logarithm itself is no module; the first layer that shows what it did is named, not those before it."""
    ended = outcome(recipe(points, Logarithm, batch_size=10))
    assert ended.history.steps == 1
    assert "step 1 the output of layer last is the first that is infinite or NaN" in ended.why.show("en")
    assert "last 층의 출력이 처음으로" in ended.why.show("ko")


class Division(nn.Module):
    """Its output itself overflows, after every layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) / (0 * x[:, :3])


def test_an_output_that_no_layer_put_out(points: Any) -> None:
    assert "output of layer output is the first" in outcome(recipe(points, Division, batch_size=10)).why.show("en")


def test_inputs_that_are_no_numbers(points: Any) -> None:
    x = points.train.pool_x.clone()
    x[points.train.index[7], 2] = math.nan
    broken = Dataset("broken", points.task, replace(points.train, pool_x=x), points.validation, points.test)
    one = recipe(broken, "mlp(widths=[8])", batch_size=10, shuffle=False)
    ended = outcome(one)
    assert ended.history.steps == 1
    assert "At step 1 the input itself holds values that are not numbers" in ended.why.show("en")
    assert "입력 자체에 수가 아닌 값" in ended.why.show("ko")
    shown = outcome(one.change(batch_size=5))
    assert shown.history.steps == 2  # the step whose batch holds the eighth example
    assert "At step 2 the input itself" in shown.why.show("en")


def test_a_loss_that_is_no_number_of_finite_outputs(values: Any) -> None:
    def logarithmic(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - 100).log().mean() + targets.mean()

    ended = outcome(recipe(values, "mlp(widths=[8])", logarithmic, batch_size=10))
    assert "every layer's output is finite" in ended.why.show("en")
    assert "모든 층의 출력은 유한하지만" in ended.why.show("ko")


def test_the_update_before_is_named(points: Any) -> None:
    """A gradient that is infinite while the loss is not: the square root at zero."""

    def rooted(outputs: Tensor, targets: Tensor) -> Tensor:
        return (0 * outputs).sum(dim=1).abs().sqrt().mean() + targets.float().mean()

    ended = outcome(recipe(points, "softmax_regression", rooted, "sgd", batch_size=10))
    assert ended.history.steps == 2
    assert "The update of step 1 made weights of layer" in ended.why.show("en")
    assert "loss of step 2 could not be computed" in ended.why.show("en")


def test_what_diverged_is_tested_with_what_is_left(points: Any) -> None:
    one = recipe(points, "mlp(widths=[8])", "mse", "sgd(lr=1e30)", batch_size=10)
    [ended] = follow(train([prepare(one)]))
    [tested] = [e for e in ended.history.evaluations if e.split == "test"]
    assert tested.step == ended.history.steps
    assert not math.isfinite(tested.loss)
