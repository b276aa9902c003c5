"""Every probe against a slow, obvious twin: plain autograd, plain hooks, loops over units, copies of the weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from whynet import registry
from whynet.engine.arm import Arm, prepare
from whynet.engine.fit import all_probes
from whynet.recipe import recipe

EVERY_STEP = frozenset(range(1, 100))


@dataclass
class Seen:
    """One step of a plain loop."""

    before: dict[str, Tensor]  # a layer's own parameters, as one vector
    gradient: dict[str, Tensor]
    after: dict[str, Tensor]
    activations: dict[str, Tensor] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


def norm(vector: Tensor) -> float:
    return math.sqrt(sum(float(v) ** 2 for v in vector))


def dead(output: Tensor, _: str) -> float:
    units = output.transpose(0, 1).flatten(1)  # (units, B · places)
    return sum(all(v == 0 for v in unit.tolist()) for unit in units) / len(units)


def spread(output: Tensor, _: str) -> float:
    units = output.flatten(1).T.tolist()  # each place of each channel is a unit of its own here
    deviations = []
    for unit in units:
        mean = sum(unit) / len(unit)
        deviations.append(math.sqrt(sum((v - mean) ** 2 for v in unit) / len(unit)))
    return sum(deviations) / len(deviations)


def saturated(output: Tensor, kind: str) -> float:
    steepest = {"Sigmoid": 0.25, "Tanh": 1.0}.get(kind)
    if steepest is None:
        return 0.0
    slopes = [v * (1 - v) if kind == "Sigmoid" else 1 - v**2 for v in output.flatten().tolist()]
    return sum(slope < 0.05 * steepest for slope in slopes) / len(slopes)


BY_LAYER: dict[str, Callable[[Seen, str], float]] = {
    "gradient_norm": lambda seen, layer: norm(seen.gradient[layer]),
    "weight_norm": lambda seen, layer: norm(seen.before[layer]),
    "update_ratio": lambda seen, layer: norm(seen.after[layer] - seen.before[layer]) / norm(seen.before[layer]),
}
BY_ACTIVATION: dict[str, Callable[[Tensor, str], float]] = {
    "activation_mean": lambda output, _: sum(output.flatten().tolist()) / output.numel(),
    "activation_spread": spread,
    "dead_fraction": dead,
    "saturated_fraction": saturated,
}


class Custom(nn.Module):
    """Layers of all sorts, a norm between, an activation that is a function and one that is a module inside a module."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Sigmoid())
        self.scale = nn.Parameter(torch.ones(8))
        self.hidden, self.relu, self.head = nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = 10 * self.inner(x) - 5
        return self.head(torch.tanh(self.relu(self.hidden(h) - 2) * self.scale))


LAYERS: dict[str, list[str]] = {
    "mlp": ["hidden.0.linear", "hidden.1.linear", "head"],
    "lenet5": ["conv1", "conv2", "dense1", "dense2", "head"],
    "custom": ["inner.0", "hidden", "head"],
}
ACTIVATIONS: dict[str, list[str]] = {
    "mlp": ["hidden.0.activation", "hidden.1.activation"],
    "lenet5": ["act1", "act2", "act3", "act4"],
    "custom": ["inner.2", "relu"],
}


def an_arm(request: pytest.FixtureRequest, name: str, **settings: Any) -> Arm:
    data = request.getfixturevalue("pictures" if name == "lenet5" else "points")
    model: Any = {"mlp": 'mlp(widths=[8, 8], activation="relu")', "lenet5": "lenet5(activation=tanh)", "custom": Custom}[name]
    return prepare(recipe(data, model, optimizer="sgd(lr=0.5)", batch_size=10, steps=4, **settings))


def watched_by_hand(arm: Arm, name: str, clip: Callable[[Any], object]) -> list[Seen]:
    module = arm.network.load(arm.network.initial, arm.network.buffers).train()
    rule = optim.SGD(module.parameters(), lr=0.5)

    def own(of: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
        return {
            layer: torch.cat([of(p).detach().flatten() for p in module.get_submodule(layer).parameters(recurse=False)])
            for layer in LAYERS[name]
        }

    found = []
    for positions in arm.order(0)[:4]:
        activations: dict[str, Tensor] = {}
        handles = [
            module.get_submodule(a).register_forward_hook(
                lambda _m, _i, output, a=a, into=activations: into.update({a: output.detach().clone()})
            )
            for a in ACTIVATIONS[name]
        ]
        rule.zero_grad()
        F.cross_entropy(module(arm.dataset.train.pool_x[positions]), arm.dataset.train.pool_y[positions]).backward()
        gradient, before = own(lambda p: p.grad.clone()), own(lambda p: p.clone())
        clip(module.parameters())
        rule.step()
        for handle in handles:
            handle.remove()
        kinds = {a: type(module.get_submodule(a)).__name__ for a in activations}
        found.append(Seen(before, gradient, own(lambda p: p.clone()), activations, kinds))
    return found


def test_every_probe_has_a_twin() -> None:
    assert set(registry.names("probe")) == BY_LAYER.keys() | BY_ACTIVATION.keys()
    assert {probe.name for probe in all_probes()} == set(registry.names("probe"))


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("clip", [None, "norm(most=0.1)"])
@pytest.mark.parametrize("name", LAYERS)
def test_probes(request: pytest.FixtureRequest, trained: Any, name: str, clip: str | None, tier: str) -> None:
    arm = an_arm(request, name, clip=clip)
    by_hand = (lambda p: nn.utils.clip_grad_norm_(p, 0.1)) if clip else (lambda p: None)
    seen = watched_by_hand(arm, name, by_hand)
    [outcome] = trained(arm, tier=tier, probes=all_probes(), at=EVERY_STEP)
    for probe in registry.names("probe"):
        table = outcome.history.probe(probe)
        assert list(table.index) == [1, 2, 3, 4]
        assert list(table.columns) == (LAYERS if probe in BY_LAYER else ACTIVATIONS)[name]
        for step, one in enumerate(seen, start=1):
            for layer in table.columns:
                if probe in BY_LAYER:
                    expected = BY_LAYER[probe](one, layer)
                else:
                    expected = BY_ACTIVATION[probe](one.activations[layer], one.kinds[layer])
                # shares are counts: equal unless one value lies on the edge within rounding
                assert table.loc[step, layer] == pytest.approx(expected, rel=2e-4, abs=2e-6), (probe, step, layer)


def test_the_twins_see_something(request: pytest.FixtureRequest) -> None:
    """Clipping shortens the update and not the gradient; units die and saturate: else the tests above would show little."""
    clipped = watched_by_hand(an_arm(request, "custom"), "custom", lambda p: nn.utils.clip_grad_norm_(p, 0.1))
    free = watched_by_hand(an_arm(request, "custom"), "custom", lambda p: None)
    assert BY_LAYER["gradient_norm"](clipped[0], "head") == BY_LAYER["gradient_norm"](free[0], "head")
    assert math.hypot(*(BY_LAYER["gradient_norm"](free[0], layer) for layer in LAYERS["custom"])) > 0.1
    assert BY_LAYER["update_ratio"](clipped[0], "head") < BY_LAYER["update_ratio"](free[0], "head")
    assert any(dead(one.activations["relu"], "ReLU") > 0 for one in free)
    tanhs = watched_by_hand(an_arm(request, "lenet5"), "lenet5", lambda p: None)
    assert any(spread(one.activations["act1"], "Tanh") > 0 for one in tanhs)


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("name", LAYERS)
def test_probing_changes_nothing(request: pytest.FixtureRequest, trained: Any, name: str, tier: str) -> None:
    arm = an_arm(request, name)
    [blind] = trained(arm, tier=tier)
    [seeing] = trained(arm, tier=tier, probes=all_probes(), at=EVERY_STEP)
    assert seeing.history.loss == blind.history.loss
    assert torch.equal(seeing.weights, blind.weights)


def test_saturation_by_hand() -> None:
    """tanh is flat where |x| > 2.178…, a sigmoid where |x| > 4.357…, at 5 % of the greatest slope."""
    probe = next(probe for probe in all_probes() if probe.name == "saturated_fraction")
    at = torch.tensor([[-5.0, -4.3, -2.3, -2.1, 0.0, 2.1, 2.3, 5.0]])
    assert float(probe.of(at.tanh(), "Tanh")) == pytest.approx(5 / 8)
    assert float(probe.of(at.sigmoid(), "Sigmoid")) == pytest.approx(2 / 8)
    assert float(probe.of(at.relu(), "ReLU")) == 0


def test_chosen_probes_at_chosen_steps(points: Any, trained: Any) -> None:
    arm = prepare(recipe(points, "mlp(widths=[8])", batch_size=10, epochs=2))
    chosen = tuple(probe for probe in all_probes() if probe.name in ("weight_norm", "dead_fraction"))
    [outcome] = trained(arm, probes=chosen, at=frozenset({2, 7}))
    assert [(r.step, r.probe, r.layer) for r in outcome.history.readings] == [
        (step, *row)
        for step in (2, 7)
        for row in [(p.name, layer) for p in chosen for layer in p.layers(arm.network)]
    ]  # fmt: skip
    assert outcome.history.probe("gradient_norm").empty


class Plain(nn.Module):
    """No activation is a module here, and one that is never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head, self.unused = nn.Linear(6, 8), nn.Linear(8, 3), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.first(x)))


def test_activations_that_never_ran_are_nan(points: Any, trained: Any) -> None:
    [outcome] = trained(prepare(recipe(points, Plain, batch_size=10, steps=3)), probes=all_probes())
    assert outcome.history.probe("dead_fraction")["unused"].isna().all()
    assert outcome.history.probe("gradient_norm").notna().all(axis=None)


def test_without_activations_there_is_nothing_to_read(points: Any, trained: Any) -> None:
    [outcome] = trained(prepare(recipe(points, "softmax_regression", batch_size=10, steps=3)), probes=all_probes())
    assert {reading.probe for reading in outcome.history.readings} == BY_LAYER.keys()


@pytest.mark.parametrize("count", [1, 2])
def test_probes_that_find_nothing_to_read_read_nothing(points: Any, trained: Any, count: int) -> None:
    probes = tuple(probe for probe in all_probes() if probe.name in BY_ACTIVATION)
    arms = [prepare(recipe(points, "softmax_regression", batch_size=10, steps=3, seed=seed)) for seed in range(count)]
    assert [outcome.history.readings for outcome in trained(*arms, probes=probes)] == [[]] * count
