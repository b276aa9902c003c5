"""Networks as people write them: frozen and shared weights, buffers, draws of all kinds; and that theirs stay as they were."""

from __future__ import annotations

import copy
import random
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from whynet.engine.arm import prepare
from whynet.engine.fit import all_probes, fit, fit_all
from whynet.engine.network import Network, clone
from whynet.engine.noise import Tape, taped
from whynet.engine.train import Watching
from whynet.recipe import recipe

TIERS = pytest.mark.parametrize("tier", ["eager", "traced"])


def fitted(points: Any, model: Any, tier: str = "eager", **settings: Any) -> Any:
    one = recipe(points, model, **{"optimizer": "sgd(lr=0.1)", "batch_size": 10, "epochs": 3, **settings})
    return fit(one, watching=Watching(evaluations=1), tier=tier)  # type: ignore[arg-type]


# --- weights ---------------------------------------------------------------------------------------------------------


def half_frozen() -> nn.Module:
    module = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3))
    module[0].weight.requires_grad_(False)
    module[1].bias.requires_grad_(False)
    return module


@TIERS
def test_frozen_parameters_stay_as_they_were(points: Any, by_hand: Any, tier: str) -> None:
    own = half_frozen()
    result = fitted(points, own, tier)
    trained = result.module
    assert torch.equal(trained[0].weight, own[0].weight)
    assert torch.equal(trained[1].bias, own[1].bias)
    assert not trained[0].weight.requires_grad
    assert not torch.equal(trained[3].bias, own[3].bias)
    losses, twin = by_hand(result.arm, lambda p: optim.SGD([v for v in p if v.requires_grad], lr=0.1), F.cross_entropy)
    assert result.history.loss == pytest.approx(losses, rel=1e-4)
    torch.testing.assert_close(trained.state_dict(), twin.state_dict(), rtol=1e-4, atol=1e-5)


class Tied(nn.Module):
    """An autoencoder's trick: the way out is the way in, transposed; and one layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.inwards, self.again = nn.Linear(6, 6), nn.Linear(6, 6)
        self.again.weight = self.inwards.weight
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.inwards(x))
        return self.head(torch.tanh(self.again(h) + h @ self.inwards.weight))


@TIERS
def test_shared_weights_stay_shared(points: Any, by_hand: Any, tier: str) -> None:
    result = fitted(points, Tied, tier)
    assert result.arm.network.size == 36 + 6 + 6 + 6 * 3 + 3
    trained = result.module
    assert trained.again.weight is trained.inwards.weight
    losses, twin = by_hand(result.arm, partial(optim.SGD, lr=0.1), F.cross_entropy)
    assert result.history.loss == pytest.approx(losses, rel=1e-4)
    torch.testing.assert_close(trained.state_dict(), twin.state_dict(), rtol=1e-4, atol=1e-5)


class Functional(nn.Module):
    """Parameters of its own and no modules but one."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(8, 6) / 3), nn.Parameter(torch.zeros(8))
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(F.linear(x, self.weight, self.bias)))


@TIERS
def test_functional_layers(points: Any, by_hand: Any, tier: str) -> None:
    result = fitted(points, Functional, tier)
    losses, _ = by_hand(result.arm, partial(optim.SGD, lr=0.1), F.cross_entropy)
    assert result.history.loss == pytest.approx(losses, rel=1e-4)
    assert [layer.name for layer in result.arm.network.layers] == ["", "head"]
    assert result.arm.network.activations == []


def test_one_vector_and_back() -> None:
    module = half_frozen()
    network = Network(module)
    assert network.size == 8 + 8 + 24 + 3
    assert torch.equal(network.pack(module), network.initial)
    for name, value in network.unpack(network.initial).items():
        assert torch.equal(value, module.get_parameter(name))
    shifted = network.load(network.initial + 1, network.buffers)
    torch.testing.assert_close(shifted[3].weight, module[3].weight + 1)
    assert torch.equal(shifted[0].weight, module[0].weight)
    assert not shifted.training


# --- buffers ---------------------------------------------------------------------------------------------------------


class Averaging(nn.Module):
    """Keeps averages in both ways: a new tensor under the old name, and in place."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)
        self.register_buffer("mean", torch.zeros(6))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))
        self.register_buffer("passes", torch.zeros(()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1  # in evaluation, too
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(dim=0)
            self.count.add_(1)
        return self.layer(x - self.mean)


@TIERS
def test_buffers_follow_the_passes_of_training_alone(points: Any, by_hand: Any, tier: str) -> None:
    result = fitted(points, Averaging, tier)
    losses, twin = by_hand(result.arm, partial(optim.SGD, lr=0.1), F.cross_entropy)
    assert result.history.loss == pytest.approx(losses, rel=1e-4)
    assert result.module.count == twin.count == result.arm.total_steps
    torch.testing.assert_close(result.module.mean, twin.mean)
    assert result.module.passes == result.arm.total_steps  # evaluations leave nothing behind


def test_buffers_of_a_stack_are_each_arms_own(points: Any) -> None:
    arms = [prepare(recipe(points, Averaging, optimizer="sgd(lr=0.1)", batch_size=10, epochs=2, seed=s)) for s in range(3)]
    for arm, together in zip(arms, fit_all(arms, Watching(evaluations=1), tier="eager"), strict=True):
        alone = fit(arm.recipe, watching=Watching(evaluations=1), tier="eager")
        torch.testing.assert_close(together.outcome.buffers, alone.outcome.buffers, rtol=1e-5, atol=1e-6)


def test_a_pass_leaves_the_network_and_its_buffers_as_they_were(points: Any) -> None:
    network = Network(nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8)))
    before = clone(network.buffers)
    given = clone(network.buffers)
    network.train()
    network(network.initial, given, points.train.x)
    assert not torch.equal(given["1.running_mean"], before["1.running_mean"])
    torch.testing.assert_close(network.buffers, before, rtol=0, atol=0)
    torch.testing.assert_close(dict(network.module.named_buffers()), before, rtol=0, atol=0)


def test_cumulative_batch_norm(points: Any, by_hand: Any) -> None:
    """momentum=None looks at its counter's value, so that it can be neither traced nor stacked; it trains all the same."""
    result = fitted(points, lambda: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8, momentum=None), nn.Linear(8, 3)), "traced")
    losses, twin = by_hand(result.arm, partial(optim.SGD, lr=0.1), F.cross_entropy)
    assert result.history.loss == pytest.approx(losses, rel=1e-4)
    torch.testing.assert_close(result.module[1].running_var, twin[1].running_var)


# --- theirs stays theirs ---------------------------------------------------------------------------------------------


class Keeping(nn.Module):
    """Keeps what it computed, as many do to look at it later."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm, self.head = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.norm(self.layer(x))
        return self.head(self.last.relu())


@TIERS
def test_a_live_module_is_not_touched(points: Any, tier: str) -> None:
    module = Keeping()
    F.cross_entropy(module(points.train.x), points.train.y).backward()  # it has gradients, statistics and a kept result
    calls: list[int] = []
    handle = module.layer.register_forward_hook(lambda *_: calls.append(1))
    module.head.eval()
    kept, before = module.last, copy.deepcopy(module.state_dict())
    gradients = {name: p.grad.clone() for name, p in module.named_parameters()}
    modes = [child.training for child in module.modules()]
    hooks = list(module.layer._forward_hooks)
    torch.manual_seed(3), random.seed(3), np.random.seed(3)
    states = torch.get_rng_state(), random.getstate(), repr(np.random.get_state(legacy=False))
    for seed in (0, 1):
        result = fit(recipe(points, module, batch_size=10, epochs=2, seed=seed), watching=Watching(all_probes()), tier=tier)  # type: ignore[arg-type]
        result.predict(points.test.x)
        assert result.module is not module
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1:] == (random.getstate(), repr(np.random.get_state(legacy=False)))
    torch.testing.assert_close(module.state_dict(), before, rtol=0, atol=0)
    torch.testing.assert_close({name: p.grad for name, p in module.named_parameters()}, gradients, rtol=0, atol=0)
    assert [child.training for child in module.modules()] == modes
    assert list(module.layer._forward_hooks) == hooks
    assert module.last is kept
    handle.remove()


def test_what_comes_out_is_an_ordinary_module(points: Any) -> None:
    result = fitted(points, Keeping)
    again = copy.deepcopy(result.module)
    assert torch.equal(again(points.test.x), result.module(points.test.x))
    assert "last" not in vars(result.arm.network.load(result.outcome.weights, result.outcome.buffers))


# --- draws -----------------------------------------------------------------------------------------------------------


class Drawing(nn.Module):
    """Draws in the way it is told, in training alone or always."""

    def __init__(self, way: str, always: bool = False) -> None:
        super().__init__()
        self.layer, self.head, self.way, self.always = nn.Linear(6, 16), nn.Linear(16, 3), way, always

    def forward(self, x: Tensor) -> Tensor:
        h = self.layer(x)
        if self.training or self.always:
            h = WAYS[self.way](h)
        return self.head(h)


WAYS: dict[str, Any] = {
    # known to the tape: each arm's own numbers, whoever trains beside it
    "F.dropout": F.dropout,
    "named": lambda h: F.dropout(input=h, p=0.5, training=True),
    "torch.dropout": lambda h: torch.dropout(h, p=0.5, train=True),
    "channels": lambda h: F.dropout1d(h[:, :, None], 0.5)[:, :, 0],
    "rand": lambda h: h * torch.rand(h.shape),
    "randn": lambda h: h + torch.randn(*h.shape),
    "rand_like": lambda h: h * torch.rand_like(h),
    "randn_like": lambda h: h + torch.randn_like(h),
    "bernoulli": lambda h: h * torch.bernoulli(torch.full_like(h, 0.5)),
    # drawn in the open: reproducible, and one by one
    "in place": lambda h: h + torch.empty(h.shape).normal_(),
    "normal": lambda h: h + torch.normal(0.0, 1.0, h.shape),
    "permutation": lambda h: h[:, torch.randperm(h.shape[1])],
    "alpha dropout": lambda h: F.alpha_dropout(h, 0.5, training=True),
    "python": lambda h: h * random.random(),
    "numpy": lambda h: h * float(np.random.rand()),
}
TAPED = list(WAYS)[:9]


@pytest.mark.parametrize("way", WAYS)
def test_draws_are_reproducible_however_they_are_made(points: Any, way: str) -> None:
    module = Drawing(way)
    eager = fitted(points, module)
    torch.manual_seed(99), random.seed(99), np.random.seed(99)  # what the world does in between
    states = torch.get_rng_state(), random.getstate(), np.random.get_state(legacy=False)["state"]["pos"]
    for tier in ("eager", "traced"):
        again = fitted(points, module, tier)
        assert again.history.loss == eager.history.loss
        assert torch.equal(again.outcome.weights, eager.outcome.weights)
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1] == random.getstate()
    assert states[2] == np.random.get_state(legacy=False)["state"]["pos"]
    quiet = fitted(points, nn.Sequential(module.layer, module.head))
    assert quiet.history.loss != eager.history.loss


@pytest.mark.parametrize("way", WAYS)
def test_every_step_draws_anew(points: Any, way: str) -> None:
    """With a learning rate of next to nothing and one batch, only the draws differ between steps."""
    losses = fitted(points, Drawing(way), optimizer="sgd(lr=1e-12)", batch_size="all", steps=4).history.loss
    assert len(set(losses)) == 4


@pytest.mark.parametrize("way", WAYS)
def test_draws_in_a_population(points: Any, way: str) -> None:
    module = Drawing(way)
    recipes = [recipe(points, module, optimizer="sgd(lr=0.1)", batch_size=10, epochs=2, seed=s) for s in range(3)]
    heard: set[tuple[int, ...]] = set()
    together = fit_all(
        [prepare(r) for r in recipes], Watching(evaluations=1), lambda group, _: heard.add(tuple(group)), tier="eager"
    )
    assert heard == ({(0, 1, 2)} if way in TAPED else {(0,), (1,), (2,)})
    for r, one in zip(recipes, together, strict=True):
        alone = fit(r, watching=Watching(evaluations=1), tier="eager")
        assert one.history.loss == pytest.approx(alone.history.loss, rel=1e-5)
        assert one.history.evaluations[-1].loss == pytest.approx(alone.history.evaluations[-1].loss, rel=1e-5)


@pytest.mark.parametrize("way", ["F.dropout", "in place", "python"])
def test_draws_in_evaluation_are_reproducible_too(points: Any, way: str) -> None:
    """A dropout that was not told of evaluation mode, as F.dropout(x) is not."""
    one = recipe(points, Drawing(way, always=True), batch_size=10, epochs=2)
    a = fit(one, tier="eager").history
    torch.manual_seed(5), random.seed(5)
    assert fit(one, tier="eager").history.evaluations == a.evaluations
    stacked = fit_all([prepare(one), prepare(one.change(seed=1))], tier="eager")
    assert [e.loss for e in stacked[0].history.evaluations] == pytest.approx([e.loss for e in a.evaluations], rel=1e-5)


def test_dropout_keeps_the_share_and_the_mean() -> None:
    x, tape = torch.ones(2000, 16), Tape(torch.rand(32000, generator=torch.Generator().manual_seed(0)), torch.zeros(0))
    with taped(tape):
        out = F.dropout(x, 0.3)
    assert out.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert float((out == 0).float().mean()) == pytest.approx(0.3, abs=4 * (0.21 / 32000) ** 0.5)  # four standard errors
    assert tape.asked == {"uniform": 32000, "normal": 0}


def test_whole_channels_are_dropped() -> None:
    for drop, shape in ((F.dropout1d, (8, 16, 5)), (F.dropout2d, (8, 16, 5, 5)), (F.dropout3d, (8, 16, 3, 3, 3))):
        tape = Tape(torch.rand(8 * 16, generator=torch.Generator().manual_seed(0)), torch.zeros(0))
        with taped(tape):
            out = drop(torch.ones(shape), 0.5)
        channels = out.flatten(2)
        assert torch.equal(channels.amin(dim=2), channels.amax(dim=2))
        assert set(channels.unique().tolist()) == {0.0, 2.0}


def test_nothing_is_dropped_at_0_and_everything_at_1() -> None:
    with taped(Tape(torch.rand(6), torch.zeros(0))):
        assert torch.equal(F.dropout(torch.ones(6), 0.0), torch.ones(6))
    with taped(Tape(torch.rand(6), torch.zeros(0))):
        assert torch.equal(F.dropout(torch.ones(6), 1.0), torch.zeros(6))
        assert torch.equal(F.dropout(torch.ones(6), 0.5, training=False), torch.ones(6))
