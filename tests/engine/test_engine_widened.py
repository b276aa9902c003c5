"""What may differ between stacked arms beside optimizer, seed, weights and data; each arm against the same arm alone.

The bound is that of `test_engine_populations`: rounding, 1e-6 of the first loss, which training carries on to 1e-5 over the steps
here (1e-4 where a test says so: many steps, or large ones).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import nn

from whynet.engine.arm import Arm, prepare
from whynet.engine.batch_norm import WrittenOut
from whynet.engine.checkpoint import restore
from whynet.engine.events import ArmLeft, Checkpointed, Finished, Measured, Outcome, Started, Stepped
from whynet.engine.fit import all_probes, follow, groups
from whynet.engine.noise import Tape, draw
from whynet.engine.population import Population
from whynet.engine.train import Watching, train
from whynet.losses.cross_entropy import CrossEntropy
from whynet.recipe import recipe

AT_ONCE, LATER = 1e-6, 1e-5  # relative: the first step's loss, and any later one's


def alike(together: Outcome, alone: Outcome, later: float = LATER) -> None:
    a, b = together.history, alone.history
    assert (together.status, together.step, str(together.why)) == (alone.status, alone.step, str(alone.why))
    assert a.loss[0] == pytest.approx(b.loss[0], rel=AT_ONCE)
    assert a.loss == pytest.approx(b.loss, rel=later, nan_ok=True)
    assert [(e.step, e.epoch, e.split) for e in a.evaluations] == [(e.step, e.epoch, e.split) for e in b.evaluations]
    assert [e.loss for e in a.evaluations] == pytest.approx([e.loss for e in b.evaluations], rel=later, nan_ok=True)
    assert [(r.step, r.probe, r.layer) for r in a.readings] == [(r.step, r.probe, r.layer) for r in b.readings]
    if alone.status != "diverged":
        torch.testing.assert_close(together.weights, alone.weights, rtol=0, atol=later)
        for name, value in alone.buffers.items():
            torch.testing.assert_close(together.buffers[name], value, rtol=1e-4, atol=1e-5)


def agree(arms: Sequence[Arm], tier: str = "eager", later: float = LATER, **watching: Any) -> list[Outcome]:
    """Train the arms stacked, and each alone; the outcomes of the stack."""
    assert groups(arms) == [list(range(len(arms)))]
    watched = Watching(**{"evaluations": 2, **watching})
    stacked = follow(train(arms, watched, tier))  # type: ignore[arg-type]
    for arm, together in zip(arms, stacked, strict=True):
        alike(together, follow(train([arm], watched, "eager"))[0], later)
    return stacked


# --- losses and clipping ---------------------------------------------------------------------------------------------

SMOOTH = 'mlp(widths=[16], activation="tanh")'


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_every_arm_has_its_own_label_smoothing(points: Any, tier: str, reduction: str) -> None:
    losses = [f'cross_entropy(label_smoothing={e}, reduction="{reduction}")' for e in (0.0, 0.1, 0.5)]
    one = recipe(points, SMOOTH, optimizer="sgd(lr=0.01)", batch_size=10, epochs=3)
    stacked = agree([prepare(one.change(loss=loss)) for loss in losses], tier)
    assert len({outcome.history.loss[0] for outcome in stacked}) == 3


@pytest.mark.parametrize("tier", ["eager", "traced"])
def test_every_arm_has_its_own_delta(values: Any, tier: str) -> None:
    one = recipe(values, SMOOTH, optimizer="sgd(lr=0.1)", batch_size=10, epochs=3)
    stacked = agree([prepare(one.change(loss=f"huber(delta={delta})")) for delta in (0.1, 1.0, 5.0)], tier)
    assert len({outcome.history.loss[0] for outcome in stacked}) == 3


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("clip", ["norm", "value"])
def test_every_arm_is_clipped_at_its_own_size(points: Any, clip: str, tier: str) -> None:
    one = recipe(points, SMOOTH, optimizer="sgd(lr=0.3)", batch_size=10, epochs=3)
    stacked = agree([prepare(one.change(clip=f"{clip}({most})")) for most in (1e-3, 0.03, 100.0)], tier)
    assert len({outcome.history.loss[-1] for outcome in stacked}) == 3


def test_loss_delta_clip_and_optimizer_may_differ_at_once(values: Any) -> None:
    one = recipe(values, SMOOTH, batch_size=10, epochs=3)
    agree([
        prepare(one.change(loss=f"huber(delta={delta})", clip=f"norm({most})", optimizer=f"sgd(lr={lr}, momentum={m})", seed=s))
        for s, (delta, most, lr, m) in enumerate([(0.5, 0.1, 0.1, 0.0), (0.5, 1.0, 0.2, 0.9), (2.0, 0.1, 0.05, 0.5)])
    ])  # fmt: skip


def test_no_smoothing_stays_none_beside_an_arm_with_some() -> None:
    """A score of -inf, by which a network rules a class out, makes the mean over classes -inf as well."""
    scores = torch.tensor([[1.0, 2.0, -torch.inf]])
    labels = torch.tensor([1])
    outputs = [scores.clone().requires_grad_() for _ in range(2)]
    values = [CrossEntropy(0.0)(outputs[0], labels), CrossEntropy(torch.zeros(()))(outputs[1], labels)]  # type: ignore[arg-type]
    for value in values:
        value.backward()
    torch.testing.assert_close(values[1], values[0])
    torch.testing.assert_close(outputs[1].grad, outputs[0].grad)


def test_what_shapes_the_graph_of_a_loss_or_a_clip_keeps_arms_apart(points: Any) -> None:
    one = recipe(points, SMOOTH, batch_size=10, epochs=1)
    settings: list[dict[str, Any]] = [
        {"loss": "cross_entropy(label_smoothing=0.1)"},
        {"loss": 'cross_entropy(label_smoothing=0.1, reduction="sum")'},
        {"loss": CrossEntropy(0.1)},  # the reader's own object: what it does with its numbers is not known
        {"loss": CrossEntropy(0.2)},
        {"clip": "norm(1.0)"},
        {"clip": "value(1.0)"},
    ]
    arms = [prepare(one.change(**setting)) for setting in settings]
    assert groups(arms) == [[i] for i in range(len(arms))]


# --- dropout and noise -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize(
    "models",
    [
        ['mlp(widths=[16, 16], activation="tanh", dropout=0.5)', 'mlp(widths=[16, 16], activation="tanh", dropout=0.1)'],
        [f"sequential([noise({a}), linear(16), tanh, dropout({b}), noise({c}), linear(3)])"
         for a, b, c in ((0.5, 0.9, 0.0), (0.0, 0.0, 2.0), (1.5, 0.3, 0.1))],
        [f"sequential([noisy_linear(16, std={std}), tanh, linear(3)])" for std in (0.0, 0.5, 2.0)],
    ],
)  # fmt: skip
def test_every_arm_has_its_own_dropout_and_noise(points: Any, models: list[str], tier: str) -> None:
    """Masks follow from the seed: with one rate for another, a loss would be off by far more than rounding."""
    one = recipe(points, optimizer="sgd(lr=0.1)", batch_size=10, epochs=3)
    stacked = agree([prepare(one.change(model=model)) for model in models], tier)
    losses = {outcome.history.loss[0] for outcome in stacked}
    assert len(losses) == len(models)
    assert max(losses) - min(losses) > 1e-3


def test_whole_channels_are_dropped_at_each_arms_rate(pictures: Any) -> None:
    class Net(nn.Sequential):
        def __init__(self, p: float) -> None:
            super().__init__(nn.Conv2d(1, 4, 3), nn.Dropout2d(p), nn.Tanh(), nn.Flatten(), nn.Linear(144, 3))

    arms = [prepare(recipe(pictures, Net(p), optimizer="sgd(lr=0.1)", batch_size=10, epochs=2)) for p in (0.2, 0.6)]
    x = pictures.train.x[:10]
    for arm in arms:  # a reader's own module is not stacked with another; the pass itself takes any rates
        asked = arm.network.noise_wanted(x).asked
        uniform, normal = draw(asked, seed=0, step=1)
        network = arm.network
        network.train()
        own = network(network.initial, {}, x, Tape(uniform, normal))
        given = network(network.initial, {}, x, Tape(uniform, normal), torch.tensor([0.35]))
        assert not torch.allclose(own, given)
        assert network.rates in ([0.2], [0.6])  # as it was
        network.module[1].p = 0.35  # type: ignore[index]
        torch.testing.assert_close(network(network.initial, {}, x, Tape(uniform, normal)), given)


def test_where_noise_stops_says_what_it_says_alone(points: Any) -> None:
    """An arm that diverges is looked into with its own rates."""
    one = recipe(points, optimizer="sgd(lr=1e18)", batch_size=10, epochs=3)
    arms = [prepare(one.change(model=f"mlp(widths=[16], dropout={p})")) for p in (0.2, 0.7)]
    assert [outcome.status for outcome in agree(arms)] == ["diverged", "diverged"]


def test_who_shares_a_graph_whatever_its_rates(points: Any) -> None:
    def keys(*models: Any) -> list[list[int]]:
        return groups([prepare(recipe(points, model, batch_size=10, epochs=1)) for model in models])

    assert keys("mlp(dropout=0.1)", "mlp(dropout=0.2)") == [[0, 1]]
    assert keys("mlp(dropout=0.1)", "mlp(dropout=0.0)") == [[0], [1]]  # no dropout at all is another graph
    assert keys("mlp", "mlp(dropout=0.0)") == [[0, 1]]
    assert keys("mlp(dropout=0.1)", 'mlp(dropout=0.1, norm="batch")', "mlp(dropout=0.1, widths=[3])") == [[0], [1], [2]]
    many = "sequential([{}, residual([dropout(0.5), {}]), linear(3)])"
    assert keys(many.format("dropout(p=0.1)", "noise"), many.format("dropout", "noise(0.7)")) == [[0, 1]]
    assert keys(many.format("dropout", "noise"), many.format("noise", "dropout")) == [[0], [1]]
    assert keys("sequential([noisy_linear(4, std=0.1)])", "sequential([noisy_linear(4, std=0.2)])") == [[0, 1]]
    assert keys("sequential([elu(1.0), linear(3)])", "sequential([elu(0.5), linear(3)])") == [[0], [1]]
    mine = [nn.Sequential(nn.Dropout(p), nn.Linear(6, 3)) for p in (0.1, 0.2)]
    assert keys(*mine, mine[0]) == [[0, 2], [1]]


# --- arms that leave ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """From how many arms to how many a population was compacted, each time it was."""
    seen: list[tuple[int, int]] = []
    keep = Population.keep

    def noted(population: Population, arms: Sequence[int]) -> Population:
        smaller = keep(population, arms)
        seen.append((population.size, smaller.size))
        return smaller

    monkeypatch.setattr(Population, "keep", noted)
    return seen


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_arms_that_diverge_are_left_behind_and_disturb_nobody(
    points: Any, sizes: list[tuple[int, int]], norm: str, tier: str
) -> None:
    model = f'mlp(widths=[8], activation="tanh", norm="{norm}", dropout=0.2)'
    one = recipe(points, model, "mse", optimizer="sgd(lr=0.05)", batch_size=10, steps=130)
    worst = one.change(optimizer="sgd(lr=1e30)")
    arms = [prepare(r) for r in (one, worst, worst.change(seed=1), one.change(seed=1), worst.change(seed=2))]
    stacked = agree(arms, tier, later=1e-4)
    assert [outcome.status for outcome in stacked] == ["finished", "diverged", "diverged", "finished", "diverged"]
    assert sizes == [(5, 2)]


def test_the_last_arm_is_not_left_alone(points: Any, sizes: list[tuple[int, int]]) -> None:
    one = recipe(points, SMOOTH, "mse", optimizer="sgd(lr=0.05)", batch_size=10, steps=130)
    arms = [prepare(one.change(optimizer=f"sgd(lr={lr})")) for lr in (1e30, 0.05, 1e25, 1e20, 1e30)]
    agree(arms, later=1e-4, probes=all_probes())
    assert sizes == [(5, 2)]


LENGTHS = (3, 160, 20, 21, 150, 20)  # steps; five make an epoch


def of_unequal_length(points: Any) -> list[Arm]:
    model = 'mlp(widths=[8], activation="tanh", norm="batch", dropout={})'
    one = recipe(points, optimizer="sgd(lr=0.1, momentum=0.5)", batch_size=10)
    settings: list[dict[str, Any]] = [
        {"schedule": "cosine"},
        {"schedule": "warmup(then=cosine)", "optimizer": "sgd(lr=0.05, momentum=0.9)"},
        {},
        {"keep": "best"},
        {"schedule": "cosine", "seed": 1},
        {"schedule": "step(every=2)", "seed": 1},
    ]
    return [
        prepare(one.change(steps=steps, model=model.format(0.1 * (i + 1)), **setting))
        for i, (steps, setting) in enumerate(zip(LENGTHS, settings, strict=True))
    ]


@pytest.mark.parametrize("tier", ["eager", "traced"])
@pytest.mark.parametrize("evaluations", [None, 3])
def test_arms_take_their_own_number_of_steps(
    points: Any, sizes: list[tuple[int, int]], tier: str, evaluations: int | None
) -> None:
    """Schedules, evaluations, probes and the test follow from an arm's own length."""
    arms = of_unequal_length(points)
    stacked = agree(arms, tier, later=1e-4, probes=(*all_probes(),) if evaluations else (), evaluations=evaluations)
    assert [outcome.history.steps for outcome in stacked] == list(LENGTHS)
    assert sizes == [(6, 3)]  # at step 20; when most of those three are done, the last has ten steps ahead


def test_what_is_told_of_arms_that_are_done(points: Any) -> None:
    events = list(train(of_unequal_length(points), Watching(), "eager"))
    assert not any(isinstance(event, ArmLeft) for event in events)  # none left before its time
    assert isinstance(events[0], Started)
    assert events[0].total_steps == max(LENGTHS)
    steps = [event for event in events if isinstance(event, Stepped)]
    assert [event.step for event in steps] == list(range(1, 161))
    assert {event.losses.shape for event in steps} == {(6,)}
    finished = events[-1]
    assert isinstance(finished, Finished)
    for i, outcome in enumerate(finished.outcomes):
        assert outcome.history.loss == [float(event.losses[i]) for event in steps[: LENGTHS[i]]]
    assert steps[-1].losses.isnan().tolist() == [True, False, True, False, False, True]
    measured = [event for event in events if isinstance(event, Measured)]
    for i, outcome in enumerate(finished.outcomes):
        assert outcome.history.evaluations == [one for event in measured for one in event.evaluations[i]]


def test_a_stack_is_compacted_only_where_that_pays_and_halves_each_time(points: Any, sizes: list[tuple[int, int]]) -> None:
    one = recipe(points, "softmax_regression", optimizer="sgd(lr=0.1)", batch_size=10)

    def run(*lengths: int) -> list[tuple[int, int]]:
        sizes.clear()
        follow(train([prepare(one.change(steps=steps)) for steps in lengths], Watching(evaluations=1), "eager"))
        return list(sizes)

    assert run(*[5 * (i + 1) for i in range(16)], 300) == [(17, 8), (8, 4), (4, 2)]
    assert run(30, 30, 129, 129) == []  # 99 steps ahead
    assert run(30, 30, 130, 130) == [(4, 2)]
    assert run(30, 30, 30, 130) == [(4, 2)]
    assert run(30, 200, 200, 200) == []  # most of them are there
    assert run(30, 30, 200) == run(30, 200) == []  # two is as few as a stack can be


def test_arms_stop_early_each_with_its_own_patience(points: Any, sizes: list[tuple[int, int]]) -> None:
    one = recipe(points, "mlp(widths=[32])", optimizer="sgd(lr=1.0)", batch_size=10, epochs=60)
    settings: list[dict[str, Any]] = [
        {"early_stopping": 3},
        {"early_stopping": 6, "keep": "best"},
        {"optimizer": "sgd(lr=0.001)"},
        {"early_stopping": 4, "seed": 1},
    ]
    stacked = agree([prepare(one.change(**setting)) for setting in settings], later=1e-3, evaluations=None)
    assert [outcome.status for outcome in stacked] == ["stopped early", "stopped early", "finished", "stopped early"]
    assert sizes == [(4, 2)]


def test_nothing_tells_with_whom_an_arm_was_stacked(points: Any) -> None:
    """Bit for bit: where only some arms differ in a number, are due for a look, or are done, the rest comes to the same."""
    one = recipe(points, optimizer="sgd(lr=0.1)", batch_size=10)
    losses = [f"cross_entropy(label_smoothing={e})" for e in (0.0, 0.0, 0.2, 0.2, 0.1, 0.0)]
    models = [
        f"sequential([noise({p}), linear(12), batch_norm, tanh, dropout({p / 2}), linear(3)])"
        for p in (0.3, 0.3, 0.3, 0.3, 0.7, 0.2)
    ]
    clips = [f"norm({c})" for c in (0.3, 0.3, 0.1, 0.1, 0.3, 0.3)]
    lengths = (7, 140, 12, 130, 140, 9)
    arms = [
        prepare(one.change(loss=loss, model=model, clip=clip, steps=steps, seed=seed))
        for seed, (loss, model, clip, steps) in enumerate(zip(losses, models, clips, lengths, strict=True))
    ]
    watching = Watching(all_probes(), evaluations=3)
    for tier in ("eager", "traced"):
        whole = follow(train(arms, watching, tier))  # type: ignore[arg-type]
        parts = [follow(train(arms[at : at + 2], watching, tier)) for at in (0, 2, 4)]  # type: ignore[arg-type]
        for together, apart in zip(whole, [outcome for part in parts for outcome in part], strict=True):
            assert repr(together.history) == repr(apart.history)
            assert torch.equal(together.weights, apart.weights)


# --- going on from a checkpoint ----------------------------------------------------------------------------------------


def test_a_stack_of_unequal_arms_resumes_from_any_checkpoint(points: Any, sizes: list[tuple[int, int]]) -> None:
    """Bit for bit, also where some arms were done by then and the stack had been compacted."""
    arms = of_unequal_length(points)
    watching = Watching(all_probes(), evaluations=3, checkpoint_every=0)
    events = list(train(arms, watching, "eager"))
    whole = events[-1]
    assert isinstance(whole, Finished)
    taken = [event for event in events if isinstance(event, Checkpointed)]
    assert [event.step for event in taken] == list(range(1, 161))
    for at in (1, 3, 10, 20, 21, 100, 155, 160):
        sizes.clear()
        kept = taken[at - 1]
        assert [one.step for one in kept.checkpoints] == [min(at, length) for length in LENGTHS]
        written = [
            restore({k: v.clone() for k, v in one.tensors().items()}, json.loads(json.dumps(one.numbers())))
            for one in kept.checkpoints
        ]
        resumed = follow(train(arms, watching, "eager", list(zip(written, kept.histories, strict=True))))
        assert sizes == [(6, 3)]
        for a, b in zip(resumed, whole.outcomes, strict=True):
            assert (a.status, a.step, repr(a.history)) == (b.status, b.step, repr(b.history))
            assert torch.equal(a.weights, b.weights)
            assert all(torch.equal(a.buffers[name], b.buffers[name]) for name in b.buffers)


def test_checkpoints_of_different_moments_are_refused(points: Any) -> None:
    arms = of_unequal_length(points)
    taken = [event for event in train(arms, Watching(checkpoint_every=0), "eager") if isinstance(event, Checkpointed)]
    first, later = ([*zip(event.checkpoints, event.histories, strict=True)] for event in (taken[0], taken[5]))
    with pytest.raises(ValueError, match="one moment"):
        next(iter(train(arms, resume=[later[0], first[1], *later[2:]])))


# --- batch normalisation in a stack ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(8, 5), (4, 5, 3), (2, 5, 3, 4)])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("track", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_written_out_is_torchs(shape: tuple[int, ...], affine: bool, track: bool, training: bool) -> None:
    kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)]
    theirs, ours = (kind(5, momentum=0.3, affine=affine, track_running_stats=track).train(training) for _ in range(2))
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 3 + 1
    a, b = (x.clone().requires_grad_() for _ in range(2))
    for _ in range(2):
        wanted = theirs(a)
        with WrittenOut():
            given = ours(b)
        torch.testing.assert_close(given, wanted)
    pull = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    wanted.backward(pull)
    given.backward(pull)
    torch.testing.assert_close(b.grad, a.grad)
    torch.testing.assert_close([p.grad for p in ours.parameters()], [p.grad for p in theirs.parameters()])
    torch.testing.assert_close(dict(ours.named_buffers()), dict(theirs.named_buffers()))
