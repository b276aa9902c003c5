"""Weights to begin with, frozen parts, and rates by part: against parameter groups of torch, in every tier, in stacks, elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from whynet import registry
from whynet.engine.arm import Arm, prepare
from whynet.engine.compilation import compiler
from whynet.engine.events import Noticed
from whynet.engine.fit import follow
from whynet.engine.parcel import pack
from whynet.engine.population import Population
from whynet.engine.train import Watching, train
from whynet.engine.worker import work
from whynet.errors import RecipeError, WeightsError
from whynet.models.stages import Rates, factors
from whynet.optimizers.optimizer import Optimizer
from whynet.recipe import recipe

CLOSE = {"rtol": 2e-4, "atol": 2e-5}  # of float32 after some 20 steps, as in test_engine_step_by_hand
NET = 'mlp(widths=[8, 8], norm="batch", activation="tanh")'
RULES: dict[str, Callable[..., optim.Optimizer]] = {  # whose learning rate is 0.1
    "sgd(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)": lambda g: optim.SGD(
        g, 0.1, 0.9, nesterov=True, weight_decay=0.01
    ),
    "sgd(lr=0.1)": lambda g: optim.SGD(g, 0.1),
    "adam(lr=0.1, weight_decay=0.1)": lambda g: optim.Adam(g, 0.1, weight_decay=0.1),
    "adamw(lr=0.1, weight_decay=0.1)": lambda g: optim.AdamW(g, 0.1, weight_decay=0.1),
    "adagrad(lr=0.1, weight_decay=0.01)": lambda g: optim.Adagrad(g, 0.1, weight_decay=0.01),
    "adadelta(lr=0.1, weight_decay=0.01)": lambda g: optim.Adadelta(g, 0.1, weight_decay=0.01),
    "rmsprop(lr=0.1, momentum=0.5, centered=True, weight_decay=0.01)": lambda g: optim.RMSprop(
        g, 0.1, momentum=0.5, centered=True, weight_decay=0.01
    ),
}
RATES = {"hidden": 0.1, "hidden.1": 0.0, "head": 3.0}


class Net(nn.Module):
    """Two hidden blocks with norms and a head; as a user would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.5))
        self.hidden = nn.Sequential(nn.Linear(8, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh())
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.hidden(self.stem(x)))


def net(seed: int = 0) -> Net:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Net()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file of weights of `Net`, of statistics that no data here has."""
    module = net(5)
    with torch.no_grad():
        for block in (module.stem, module.hidden):
            block[1].running_mean.fill_(0.25)
            block[1].running_var.fill_(2.0)
    torch.save(module.state_dict(), tmp_path / "net.pt")
    return tmp_path / "net.pt"


# --- rates -----------------------------------------------------------------------------------------------------------


def test_every_rule_is_tried() -> None:
    assert {spec.partition("(")[0] for spec in RULES} == set(registry.names("optimizer"))


@pytest.mark.parametrize("spec", RULES)
def test_a_scaled_step_is_the_step_of_a_parameter_group(spec: str) -> None:
    """In float64, so that nothing but rounding may differ."""
    generator = torch.Generator().manual_seed(0)
    weights, scales = torch.randn(4, 5, dtype=torch.float64, generator=generator), [0.0, 0.1, 1.0, 2.5]
    rule: Optimizer = registry.make("optimizer", spec)
    rows = [nn.Parameter(row.clone()) for row in weights]
    theirs = RULES[spec]([{"params": [row], "lr": 0.1 * scale} for row, scale in zip(rows, scales, strict=True)])
    ours, state = weights.reshape(-1), rule.start(weights.reshape(-1))
    by_weight = torch.tensor(scales, dtype=torch.float64).repeat_interleave(5)
    hyper = {name: torch.tensor(value, dtype=torch.float64) for name, value in rule.hyper.items()}
    for step in range(1, 21):
        gradient = torch.randn(20, dtype=torch.float64, generator=generator)
        for row, own in zip(rows, gradient.view(4, 5), strict=True):
            row.grad = own.clone()
        theirs.step()
        updated, state = rule.update(ours, gradient, state, hyper, torch.tensor(float(step), dtype=torch.float64))
        ours = torch.lerp(ours, updated, by_weight)
    torch.testing.assert_close(ours.view(4, 5), torch.stack([row.detach() for row in rows]), rtol=1e-12, atol=1e-12)


def groups(arm: Arm, rule: Callable[..., optim.Optimizer]) -> Callable[..., optim.Optimizer]:
    """The rule with a parameter group for each parameter."""

    def made(parameters: Iterator[nn.Parameter]) -> optim.Optimizer:
        scale = {"hidden1": 0.1, "hidden1.norm": 0.0, "head": 3.0}
        fitting = [[p for p in scale if n == p or n.startswith(p + ".")] for n in arm.network.names]
        own = [scale[max(ps, key=len)] if ps else 1.0 for ps in fitting]
        assert set(own) == {1.0, 0.1, 0.0, 3.0}
        return rule([{"params": [p], "lr": 0.1 * s} for p, s in zip(parameters, own, strict=True)])

    return made


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(6, 8)
        self.hidden1 = nn.ModuleDict({"linear": nn.Linear(8, 8), "norm": nn.LayerNorm(8)})
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.hidden1["norm"](self.hidden1["linear"](self.stem(x).tanh())).tanh()
        return self.head(x)


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("spec", ["sgd(lr=0.1)", "adamw(lr=0.1, weight_decay=0.1)"])
def test_rates_by_hand(points: Any, by_hand: Any, trained: Any, spec: str, tier: str) -> None:
    torch.manual_seed(1)
    scale = "hidden1=0.1, hidden1.norm=0, head=3"
    arm = prepare(recipe(points, Named(), optimizer=spec, rates=scale, clip="norm(0.5)", batch_size=10, epochs=4))
    losses, module = by_hand(arm, groups(arm, RULES[spec]), F.cross_entropy, lambda ps: nn.utils.clip_grad_norm_(ps, 0.5))
    [outcome] = trained(arm, tier=tier)
    assert outcome.history.loss == pytest.approx(losses, rel=CLOSE["rtol"], abs=CLOSE["atol"])
    ours = arm.network.load(outcome.weights, outcome.buffers).state_dict()
    for name, value in module.state_dict().items():
        torch.testing.assert_close(ours[name], value, **CLOSE)
    assert torch.equal(ours["hidden1.norm.weight"], torch.ones(8))


def test_the_longest_prefix_counts_and_ends_with_a_part_of_the_name() -> None:
    names = ["stage1.0.weight", "stage1.1.weight", "stage10.weight", "stage1.0.norm.bias"]
    rates = Rates({"stage1": 0.5, "stage1.0": 0.25, "stage1.0.norm": 0.0})
    assert factors(names, [2, 1, 1, 1], rates, names).tolist() == [0.25, 0.25, 0.5, 1.0, 0.0]


# --- frozen ----------------------------------------------------------------------------------------------------------


def loop(arm: Arm, module: Net, rule: optim.Optimizer) -> list[float]:
    """By hand, with the frozen stem in evaluation mode."""
    losses: list[float] = []
    for epoch in range(arm.recipe.epochs):
        for positions in arm.order(epoch):
            module.train()
            module.stem.eval()
            rule.zero_grad()
            value = F.cross_entropy(module(arm.dataset.train.pool_x[positions]), arm.dataset.train.pool_y[positions])
            value.backward()
            rule.step()
            losses.append(value.item())
    return losses


@pytest.mark.parametrize("tier", ["eager", "traced"])
def test_frozen_by_hand(points: Any, trained: Any, weights: Path, tier: str) -> None:
    arm = prepare(
        recipe(points, net(), optimizer="adam(lr=0.01)", freeze=["stem"], pretrained=weights, batch_size=10, epochs=3)
    )
    module = Net()
    module.load_state_dict(torch.load(weights))
    before = {name: value.clone() for name, value in module.stem.state_dict().items()}
    rest = [*module.hidden.parameters(), *module.head.parameters()]
    losses = loop(arm, module, optim.Adam(rest, 0.01))
    [outcome] = trained(arm, tier=tier)
    assert outcome.history.loss == pytest.approx(losses, rel=CLOSE["rtol"], abs=CLOSE["atol"])
    ours: Any = arm.network.load(outcome.weights, outcome.buffers)
    for name, value in module.eval().state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, **CLOSE)
    assert all(torch.equal(value, before[name]) for name, value in ours.stem.state_dict().items())
    assert not torch.equal(ours.hidden[1].running_mean, torch.full((8,), 0.25))  # what is not frozen moves


def test_the_users_own_module_is_left_as_it_was(points: Any, trained: Any) -> None:
    mine = net()
    trained(prepare(recipe(points, mine, freeze=["stem"], epochs=1)))
    assert all(parameter.requires_grad for parameter in mine.parameters())


def test_a_live_module_keeps_what_is_frozen_under_every_seed(points: Any) -> None:
    mine = net()
    one, other = (prepare(recipe(points, mine, freeze=["stem"], seed=seed)).network for seed in (0, 3))
    assert torch.equal(one.buffers["stem.0.weight"], mine.stem[0].weight)
    assert torch.equal(other.buffers["stem.0.weight"], mine.stem[0].weight)
    assert not torch.equal(one.initial, other.initial)


def test_parts_that_are_not_there(points: Any, weights: Path) -> None:
    with pytest.raises(RecipeError, match=r"freeze: no parameter's name begins with 'stm'. Did you mean stem\?"):
        prepare(recipe(points, net(), freeze=["stm"]))
    with pytest.raises(RecipeError, match=r"rates: no parameter's name begins with 'hidden\.2'\..*hidden\.[01]"):
        prepare(recipe(points, net(), rates={"hidden.2": 1}))
    with pytest.raises(RecipeError, match="no weights to train"):
        prepare(recipe(points, net(), freeze=["stem", "hidden", "head"]))
    with pytest.raises(WeightsError, match="do not fit the model"):
        prepare(recipe(points, NET, pretrained=weights))


# --- the same everywhere ---------------------------------------------------------------------------------------------

SETTINGS = {"optimizer": "adam(lr=0.01)", "freeze": "stem", "rates": "hidden=0.1, head=2", "batch_size": 10, "epochs": 20}


def arms(points: Any, weights: Path, **changes: Any) -> list[Arm]:
    mine = net()
    return [prepare(recipe(points, mine, pretrained=weights, **{**SETTINGS, **changes}, seed=seed)) for seed in range(3)]


def test_pretrained_weights_are_those_of_every_seed(points: Any, weights: Path) -> None:
    one, *others = arms(points, weights)
    assert all(torch.equal(one.network.initial, other.network.initial) for other in others)


@pytest.mark.skipif(compiler() is None, reason="there is no C++ compiler here")
def test_machine_code_agrees(points: Any, weights: Path, trained: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    arm = arms(points, weights)[0]
    population = Population([arm], tier="compiled")
    batch = population.epoch(0)[0]
    population.make_ready(batch)
    assert population.bursts(len(batch))  # our own: freezing and rates have a C++ form
    population.close()
    [eager] = trained(arm, tier="eager")
    [outcome] = trained(arm, tier="compiled")
    torch.testing.assert_close(outcome.weights, eager.weights, **CLOSE)
    assert all(torch.equal(outcome.buffers[n], eager.buffers[n]) for n in eager.buffers if n.startswith("stem."))


@pytest.mark.parametrize("tier", ["eager", "traced"])
def test_stacked_arms_come_out_as_two_of_them_would(points: Any, weights: Path, trained: Any, tier: str) -> None:
    mine = net()
    made = [
        prepare(recipe(points, mine, pretrained=weights, **{**SETTINGS, "rates": rates, "epochs": 3}))
        for rates in ("hidden=0.1", "hidden=0, head=2", "head=1")
    ]
    assert len({arm.graph_key for arm in made}) == 1
    arm, [_, outcome, _] = made[1], trained(*made, tier=tier)
    twice, _ = trained(arm, arm, tier=tier)
    assert outcome.history.loss == twice.history.loss
    assert torch.equal(outcome.weights, twice.weights)
    [alone] = trained(arm, tier=tier)
    torch.testing.assert_close(outcome.weights, alone.weights, **CLOSE)


def test_arms_that_freeze_other_parts_are_not_stacked(points: Any, weights: Path) -> None:
    mine = net()
    keys = {
        prepare(recipe(points, mine, **changes)).graph_key
        for changes in ({}, {"freeze": ["stem"]}, {"freeze": ["hidden"]}, {"rates": {"head": 1}})
    }
    assert len(keys) == 4


def test_workers_train_from_the_weights_that_were_read_here(tmp_path: Path) -> None:
    """Even where the file is another one, or gone, by the time that they begin."""
    module = registry.make("model", "softmax_regression", inputs=(4,), outputs=3)
    path = tmp_path / "start.pt"
    torch.save({name: torch.full_like(value, 0.5) for name, value in module.state_dict().items()}, path)
    made = [prepare(recipe("iris", "softmax_regression", pretrained=path, epochs=2, seed=seed)) for seed in (0, 1)]
    path.unlink()
    here = [follow(train([arm], Watching())) for arm in made]
    parcels = [pack([arm], Watching(), "auto") for arm in made]
    for [outcome], parcel in zip(here, parcels, strict=True):
        *_, last = work(0, parcel)  # what a worker does with it
        assert torch.equal(last.what.outcomes[0].weights, outcome.weights)


def test_that_the_head_is_new_is_said_once(points: Any, tmp_path: Path) -> None:
    module = net()
    torch.save(
        {name: torch.cat([v, v]) if "head" in name else v for name, v in module.state_dict().items()}, tmp_path / "six.pt"
    )
    two = [prepare(recipe(points, module, pretrained=tmp_path / "six.pt", epochs=1, seed=seed)) for seed in (0, 1)]
    said: list[str] = []
    follow(train(two, Watching()), lambda event: said.append(str(event.note)) if isinstance(event, Noticed) else None)
    assert said == ["six.pt is for 6 classes and the task has 3: head begins as initialised, all else with the file's weights."]
