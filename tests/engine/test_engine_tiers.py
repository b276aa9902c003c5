"""Eager and traced are the same arithmetic in the same order: bit-equal, whatever the network."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from whynet import registry
from whynet.engine.arm import prepare
from whynet.engine.events import Noticed, Outcome
from whynet.engine.fit import all_probes, fit
from whynet.engine.population import Population
from whynet.engine.train import Watching
from whynet.recipe import recipe
from whynet.text import LANGUAGES

MODELS = {  # every registered model, and the corners of the larger ones: its data set, two classes or as they are
    "mlp(widths=[8, 8])": "points",
    'mlp(widths=[8], norm="batch", dropout=0.3, activation="gelu")': "points",
    'mlp(widths=[8, 8], norm="layer", skip="add", output_activation="tanh")': "values",
    'mlp(widths=[8, 8], skip="concat", activation="prelu")': "points",
    "lenet5": "pictures",
    'lenet5(activation="relu", pool="max")': "pictures",
    "linear_regression": "values",
    "softmax_regression": "points",
    "logistic_regression": "two",
    "perceptron": "two",
    "sequential([conv2d(4, 3), batch_norm, relu, noise(0.1), max_pool(2), flatten, dropout(0.2), linear(3)])": "pictures",
}
DEEP = {  # larger ones, by their own small example, for a few steps: a fixture or a spec of data
    "alexnet": "pictures",
    "densenet": "pictures",
    "fast_rcnn": "shapes(n=40, size=24)",
    "faster_rcnn": "shapes(n=40, size=24)",
    "fcn": "shape_masks(n=40, size=16)",
    "googlenet": "pictures",
    "hebbian": "digits(train=40)",
    "lrcn": "moving_shapes(n=60)",
    "nin": "pictures",
    "rcnn": "shapes(n=40, size=24)",
    "resnet": "pictures",
    "siamese": "digit_pairs(n=100)",
    "sppnet": "shapes(n=40, size=24)",
    "svm": "points",
    "vgg": "pictures",
    "vit": "pictures",
    "yolo": "shapes(n=40, size=24)",
}


@pytest.fixture(scope="session")
def two(points: Any) -> tuple[Tensor, Tensor]:
    return points.train.pool_x, points.train.pool_y.clamp(max=1)


def same(a: Outcome, b: Outcome) -> bool:
    """Bit for bit: history, weights, running statistics."""
    return (
        repr(a.history) == repr(b.history)  # repr tells NaN from NaN no more than it should
        and torch.equal(a.weights, b.weights)
        and all(torch.equal(a.buffers[name], b.buffers[name]) for name in a.buffers | b.buffers)
    )


def test_every_model_is_here() -> None:
    assert {spec.partition("(")[0] for spec in MODELS} | set(DEEP) == set(registry.names("model"))


@pytest.mark.parametrize("model", MODELS)
def test_traced_is_eager(request: pytest.FixtureRequest, trained: Any, model: str) -> None:
    data = request.getfixturevalue(MODELS[model])
    arm = prepare(recipe(data, model, batch_size=10, epochs=3))
    watching = {"probes": all_probes(), "evaluations": None}
    [eager], [traced] = trained(arm, tier="eager", **watching), trained(arm, tier="traced", **watching)
    assert eager.history.steps == arm.total_steps
    assert same(eager, traced)


@pytest.mark.parametrize("model", DEEP)
def test_traced_is_eager_for_deep_ones(request: pytest.FixtureRequest, trained: Any, model: str) -> None:
    data = DEEP[model] if "(" in DEEP[model] else request.getfixturevalue(DEEP[model])
    arm = prepare(recipe(data, registry.get("model", model).facts.get("example", model), batch_size=8, steps=3))
    [eager], [traced] = trained(arm, tier="eager"), trained(arm, tier="traced")
    assert eager.history.steps == 3
    assert same(eager, traced)


@pytest.mark.parametrize("model", ['mlp(widths=[8], norm="batch", dropout=0.3)', "softmax_regression"])
def test_a_stack_traced_is_a_stack_eager(points: Any, trained: Any, model: str) -> None:
    arms = [prepare(recipe(points, model, batch_size=10, epochs=3, seed=seed)) for seed in range(3)]
    for eager, traced in zip(trained(*arms, tier="eager"), trained(*arms, tier="traced"), strict=True):
        assert same(eager, traced)


def test_the_tier_is_chosen_by_how_often_a_step_is_used(points: Any) -> None:
    population = Population([prepare(recipe(points, batch_size=10, epochs=200))])  # 5 steps an epoch, the last of 3 examples
    assert population._traces(10, probing=False)
    assert population._traces(3, probing=False)
    assert not population._traces(10, probing=True)  # nobody reads probes
    short = Population([prepare(recipe(points, batch_size=10, epochs=25))])
    assert short._traces(10, probing=False)
    assert not short._traces(3, probing=False)


class Branching(nn.Module):
    """Looks at the values of its activations, which no fixed graph can."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.layer(x)
        return 2 * h if h.mean() > 0 else h


def test_a_branch_on_values_runs_eagerly_and_says_so_once(points: Any) -> None:
    one = recipe(points, Branching, batch_size=10, epochs=3)
    seen: list[Any] = []
    traced = fit(one, seen.append, Watching(), "traced")
    notes = [event.note for event in seen if isinstance(event, Noticed)]
    assert len(notes) == 1
    assert "cannot be traced" in notes[0].show("en")
    assert "즉시 실행" in notes[0].show("ko")
    assert same(traced.outcome, fit(one, None, Watching(), "eager").outcome)
    assert {notes[0].show(language) for language in LANGUAGES} == {notes[0].show("en"), notes[0].show("ko")}


class Counting(nn.Module):
    """Halves its output after ten calls in training."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        return self.layer(x) / (2 if self.calls > 10 else 1)


def test_a_module_that_counts_is_not_frozen_into_a_graph(points: Any) -> None:
    one = recipe(points, Counting, optimizer="sgd(lr=1e-6)", batch_size="all", steps=20)
    seen: list[Any] = []
    losses = fit(one, seen.append, Watching(), "traced").history.loss
    assert any("Counting.calls" in event.note.show("en") for event in seen if isinstance(event, Noticed))
    assert losses == fit(one, None, Watching(), "eager").history.loss
    assert abs(losses[0] - losses[5]) < 1e-4 < abs(losses[5] - losses[-1])  # what was counted took effect
