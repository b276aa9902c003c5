"""Arms trained as one against each trained alone.

The matrices of a stack are multiplied by bmm, those of one network by mm, which may add in another order: rounding, 1e-7 of a loss
at the first step. Training carries such differences on; over the 15 to 25 steps here the losses of smooth networks stay within
1e-5 of each other (measured: 2e-7 plain, 3e-6 with batch norm), those of convolutions within 1e-4 (measured 2e-5).
One exception is no error: the bias before a batch norm has no gradient but rounding, which Adam scales up to whole steps.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from whynet.data import from_tensors
from whynet.engine.arm import Arm, prepare
from whynet.engine.events import ArmLeft
from whynet.engine.fit import all_probes, fit_all, follow, groups
from whynet.engine.population import Population, UnstackableError
from whynet.engine.train import Watching, train
from whynet.recipe import recipe

AT_ONCE, LATER = 1e-6, 1e-5  # relative: the first step's loss, and any later one's


def agree(arms: list[Arm], trained: Any, tier: str = "eager", later: float = LATER, weights: float = 1e-5) -> None:
    stacked = trained(*arms, tier=tier, evaluations=2)
    for arm, together in zip(arms, stacked, strict=True):
        [alone] = trained(arm, evaluations=2)  # eager; a lone arm's tiers are bit-equal
        assert together.status == alone.status
        assert together.history.loss[0] == pytest.approx(alone.history.loss[0], rel=AT_ONCE)
        assert together.history.loss == pytest.approx(alone.history.loss, rel=later)
        assert [(e.step, e.split) for e in together.history.evaluations] == [
            (e.step, e.split) for e in alone.history.evaluations
        ]
        for a, b in zip(together.history.evaluations, alone.history.evaluations, strict=True):
            assert a.loss == pytest.approx(b.loss, rel=later)
        torch.testing.assert_close(together.weights, alone.weights, rtol=0, atol=weights)
        for name, value in alone.buffers.items():
            torch.testing.assert_close(together.buffers[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("model", ["mlp(widths=[16, 16])", 'mlp(widths=[16], norm="batch", dropout=0.3)', "softmax_regression"])
def test_a_population_is_its_arms(points: Any, trained: Any, model: str, tier: str, count: int) -> None:
    agree([prepare(recipe(points, model, optimizer="sgd(lr=0.1)", batch_size=10, epochs=4, seed=s)) for s in range(count)],
          trained, tier)  # fmt: skip


def test_convolutions_stack_too(pictures: Any, trained: Any) -> None:
    arms = [prepare(recipe(pictures, "lenet5", optimizer="sgd(lr=0.1)", batch_size=10, epochs=3, seed=s)) for s in range(2)]
    agree(arms, trained, later=1e-4, weights=1e-4)


@pytest.mark.parametrize(
    "optimizers",
    [
        ["sgd(lr=0.5, momentum=0.9)", "sgd(lr=0.01, momentum=0.0)", "sgd(lr=0.1, momentum=0.5)"],
        ["adam(lr=0.01, beta1=0.5)", "adam(lr=0.001, beta2=0.9)", "adam(lr=0.1, eps=0.1)"],
        ["rmsprop(lr=0.01, alpha=0.9)", "rmsprop(lr=0.001)"],
    ],
)
def test_every_arm_has_its_own_hyper_parameters(points: Any, trained: Any, optimizers: list[str]) -> None:
    model = 'mlp(widths=[16], activation="tanh")'
    arms = [
        prepare(recipe(points, model, optimizer=text, batch_size=10, epochs=3, seed=i)) for i, text in enumerate(optimizers)
    ]
    agree(arms, trained, later=1e-4, weights=1e-4)


def test_every_arm_has_its_own_schedule_and_initialisation(points: Any, trained: Any) -> None:
    one = recipe(points, 'mlp(widths=[16], activation="tanh")', optimizer="sgd(lr=0.3)", batch_size=10, epochs=3)
    agree([prepare(one.change(schedule="cosine")), prepare(one.change(init="xavier", schedule="warmup"))], trained)


def test_every_arm_has_its_own_data_and_order(points: Any, more_points: Any, trained: Any) -> None:
    model = 'mlp(widths=[16], norm="batch")'
    recipes = [recipe(data, model, optimizer="sgd(lr=0.1)", batch_size=10, epochs=3) for data in (points, more_points)]
    arms = [prepare(r) for r in [*recipes, recipes[1].change(shuffle=False), recipes[0].change(seed=5)]]
    agree(arms, trained)


def test_pools_are_told_apart_whatever_their_addresses(points: Any) -> None:
    """Addresses x ^ y of two pairs of tensors are often equal."""
    arm = prepare(recipe(points, batch_size=10))
    pairs: dict[int, tuple[Tensor, Tensor]] = {}
    xs = [torch.full_like(points.train.pool_x, float(i)) for i in range(64)]
    ys = [points.train.pool_y.clone() for _ in range(64)]
    for x, y in ((x, y) for x in xs for y in ys):
        other = pairs.setdefault(id(x) ^ id(y), (x, y))
        if other[0] is not x:
            break
    else:
        pytest.fail("no two pairs of 4096 collide")
    index = points.train.index
    arms = [Arm(arm.recipe, _pooled(points, *pair), arm.network, arm.loss, arm.optimizer, None) for pair in (other, (x, y))]
    gathered, _ = Population(arms).gather(Population(arms).epoch(0)[0])
    assert [float(part.mean()) for part in gathered] == [float(other[0][0, 0]), float(x[0, 0])]
    assert len(index) == 43


def _pooled(points: Any, x: Tensor, y: Tensor) -> Any:
    return replace(points, train=replace(points.train, pool_x=x, pool_y=y))


# --- noise -----------------------------------------------------------------------------------------------------------


def test_an_arm_sees_the_same_masks_wherever_it_trains(points: Any, trained: Any) -> None:
    """With half of all units dropped, one wrong mask would change a loss by far more than rounding."""
    model = "sequential([noise(0.5), linear(16), relu, dropout(0.5), linear(3)])"
    arms = [prepare(recipe(points, model, optimizer="sgd(lr=0.1)", batch_size=10, epochs=3, seed=s)) for s in (3, 1, 4)]
    agree(arms, trained, "eager")
    agree(arms, trained, "traced")
    agree(arms[::-1], trained)
    losses = [outcome.history.loss for outcome in trained(*arms)]
    assert all(a != pytest.approx(b, rel=1e-2) for a, b in pairwise(losses))


# --- arms that leave -------------------------------------------------------------------------------------------------


def test_a_diverging_arm_leaves_the_others_alone(points: Any, trained: Any) -> None:
    one = recipe(points, "mlp(widths=[16])", "mse", batch_size=10, epochs=6)
    arms = [prepare(one.change(optimizer=f"sgd(lr={rate})")) for rate in (0.05, 1e20, 0.1)]
    stacked = trained(*arms)
    assert [outcome.status for outcome in stacked] == ["finished", "diverged", "finished"]
    for i in (0, 2):
        [alone] = trained(arms[i])
        assert stacked[i].history.loss == pytest.approx(alone.history.loss, rel=LATER)
        torch.testing.assert_close(stacked[i].weights, alone.weights, rtol=0, atol=1e-5)
    [alone] = trained(arms[1])
    assert stacked[1].history.steps == alone.history.steps < arms[1].total_steps
    assert math.isnan(stacked[1].history.loss[-1]) or math.isinf(stacked[1].history.loss[-1])
    assert str(stacked[1].why) == str(alone.why)


def test_arms_stop_early_each_in_its_time(points: Any) -> None:
    one = recipe(points, "mlp(widths=[32])", batch_size=10, epochs=40, early_stopping=3, keep="best")
    arms = [prepare(one.change(optimizer=f"sgd(lr={rate})")) for rate in (1.0, 0.001, 0.5)]
    left: dict[int, int] = {}
    outcomes = follow(train(arms), lambda e: left.setdefault(e.arm, e.step) if isinstance(e, ArmLeft) else None)
    for i, arm in enumerate(arms):
        [alone] = follow(train([arm]))
        assert (outcomes[i].status, outcomes[i].step, outcomes[i].history.steps) == (
            alone.status,
            alone.step,
            alone.history.steps,
        )
        assert left.get(i, arm.total_steps) == alone.history.steps
        torch.testing.assert_close(outcomes[i].weights, alone.weights, rtol=0, atol=1e-4)
    assert outcomes[0].status == "stopped early"
    assert outcomes[1].status == "finished"


# --- who is stacked with whom ----------------------------------------------------------------------------------------


def test_arms_are_grouped_by_graph(points: Any, pictures: Any) -> None:
    one = recipe(points, "mlp(widths=[16])", batch_size=10, epochs=2)
    arms = [
        prepare(one),
        prepare(one.change(seed=1)),
        prepare(one.change(model="mlp(widths=[17])")),
        prepare(one.change(optimizer="adam(lr=0.5)")),
        prepare(one.change(optimizer="sgd")),
        prepare(one.change(batch_size=9)),
        prepare(one.change(clip="norm")),
        prepare(recipe(pictures, "lenet5", batch_size=10, epochs=2)),
        prepare(recipe(pictures, "lenet5", batch_size=10, epochs=2, seed=1)),
    ]
    assert groups(arms) == [[0, 1, 3], [2], [4], [5], [6], [7], [8]]  # convolutions go one by one
    assert groups(arms, stack=False) == [[i] for i in range(9)]
    with pytest.raises(ValueError, match="equal graphs"):
        Population([arms[0], arms[2]])


class Masked(nn.Module):
    """Holds a tensor that is neither weight nor buffer, and a number."""

    def __init__(self, mask: Tensor, scale: float) -> None:
        super().__init__()
        self.layer, self.mask, self.scale = nn.Linear(6, 3), mask, scale

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * self.layer(x * self.mask)


def test_networks_with_other_constants_are_not_stacked(points: Any, trained: Any) -> None:
    """A factory may draw more than weights; what a graph would hold as a constant has to be the same for all of a stack."""

    def factories() -> list[Any]:
        same = torch.ones(6)
        return [lambda: Masked(same, 1.0), lambda: Masked(torch.rand(6), 1.0), lambda: Masked(same, float(torch.rand(())))]

    for factory, stacked in zip(factories(), (True, False, False), strict=True):
        arms = [prepare(recipe(points, factory, optimizer="sgd(lr=0.1)", batch_size=10, epochs=2, seed=s)) for s in range(2)]
        assert groups(arms) == ([[0, 1]] if stacked else [[0], [1]])
        for arm, fitted in zip(arms, fit_all(arms, Watching(evaluations=1), tier="eager"), strict=True):
            [alone] = trained(arm)
            assert fitted.history.loss == pytest.approx(alone.history.loss, rel=LATER)


def test_stacks_have_a_greatest_size(points: Any) -> None:
    arm = prepare(recipe(points, "softmax_regression", batch_size=10, epochs=1))
    assert [len(group) for group in groups([arm] * 130)] == [64, 64, 2]


class Lstm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTM(1, 4, batch_first=True)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(x[:, :, None])[0][:, -1])  # (B, 6) as six steps in time


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.layer(x)
        return 2 * h if h.mean() > 0 else h


class InPlaceNoise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x + torch.empty(x.shape).normal_() if self.training else x)


@pytest.mark.parametrize("model", [Branching, InPlaceNoise])
def test_what_cannot_be_stacked_trains_one_by_one(points: Any, trained: Any, model: type[nn.Module]) -> None:
    arms = [prepare(recipe(points, model, batch_size=10, epochs=2, seed=s)) for s in range(3)]
    with pytest.raises(UnstackableError):
        follow(train(arms, tier="eager"))
    for arm, fitted in zip(arms, fit_all(arms, Watching(evaluations=1), tier="eager"), strict=True):
        assert torch.equal(fitted.outcome.weights, trained(arm)[0].weights)


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # functorch's own remark on aten::lstm
def test_what_can_be_trained_but_not_evaluated_as_one_is_evaluated_one_by_one(points: Any, trained: Any) -> None:
    agree([prepare(recipe(points, Lstm, optimizer="sgd(lr=0.1)", batch_size=10, epochs=2, seed=s)) for s in range(2)], trained)


def test_readings_of_a_stack_belong_to_their_arms(points: Any, trained: Any) -> None:
    arms = [prepare(recipe(points, 'mlp(widths=[8], activation="tanh")', batch_size=10, epochs=2, seed=s)) for s in range(3)]
    stacked = trained(*arms, probes=all_probes())
    for arm, together in zip(arms, stacked, strict=True):
        [alone] = trained(arm, probes=all_probes())
        assert [(r.step, r.probe, r.layer) for r in together.history.readings] == [
            (r.step, r.probe, r.layer) for r in alone.history.readings
        ]
        assert [r.value for r in together.history.readings] == pytest.approx(
            [r.value for r in alone.history.readings], rel=1e-4, abs=1e-6
        )


def test_evaluations_of_unequal_splits_are_taken_one_by_one(trained: Any) -> None:
    x = torch.randn(60, 6, generator=torch.Generator().manual_seed(0))
    wide = from_tensors(x, x[:, :3].argmax(dim=1), validation=0.1)
    other = from_tensors(torch.cat([x, x[:6]]), torch.cat([x, x[:6]])[:, :3].argmax(dim=1), train=len(wide.train), name="other")
    arms = [prepare(recipe(data, "softmax_regression", batch_size=10, epochs=2)) for data in (wide, other)]
    assert arms[0].graph_key == arms[1].graph_key
    assert len(wide.test) != len(other.test) or len(wide.validation) != len(other.validation)
    agree(arms, trained)
