"""What a training says, in which order, and how it is paused and cancelled."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.engine.arm import prepare
from whynet.engine.events import ArmLeft, Checkpointed, Finished, Measured, Started, Stepped
from whynet.engine.fit import all_probes, fit, fit_all
from whynet.engine.train import Watching, probe_steps, train
from whynet.recipe import recipe


def short(points: Any, **settings: Any) -> Any:
    return recipe(points, **{"model": "mlp(widths=[8])", "batch_size": 10, "epochs": 2, **settings})  # 5 steps an epoch


def test_order_of_events(points: Any) -> None:
    arm = prepare(short(points), label="here")
    events = list(train([arm], Watching(checkpoint_every=0), "eager"))
    assert [type(event) for event in events] == [
        Started, Measured,
        *[Stepped, Checkpointed] * 4, Stepped, Measured, Checkpointed,
        *[Stepped, Checkpointed] * 4, Stepped, Measured, Checkpointed,
        Measured, Finished,
    ]  # fmt: skip
    assert events[0] == Started(["here"], 0, 10, 5)
    assert [event.step for event in events if isinstance(event, Stepped)] == list(range(1, 11))
    measured = [event for event in events if isinstance(event, Measured)]
    assert [(m.step, m.epoch) for m in measured] == [(0, 0.0), (5, 1.0), (10, 2.0), (10, 2.0)]
    assert [[e.split for e in m.evaluations[0]] for m in measured] == [["train", "validation"]] * 3 + [["test"]]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.outcomes[0].history.loss == [float(event.losses) for event in events if isinstance(event, Stepped)]
    assert finished.outcomes[0].history.evaluations == [e for m in measured for e in m.evaluations[0]]


def test_a_population_steps_together(points: Any) -> None:
    arms = [prepare(short(points, seed=seed), str(seed)) for seed in range(3)]
    events = list(train(arms, tier="eager"))
    steps = [event for event in events if isinstance(event, Stepped)]
    assert [event.losses.shape for event in steps] == [(3,)] * 10
    assert isinstance(events[-1], Finished)
    histories = [outcome.history for outcome in events[-1].outcomes]
    assert [history.loss for history in histories] == torch.stack([event.losses for event in steps]).T.tolist()


def test_not_asking_pauses_and_asking_takes_one_step(points: Any) -> None:
    whole = fit(short(points), tier="eager").history.loss
    training = train([prepare(short(points))], tier="eager")
    losses = []
    for event in training:
        if isinstance(event, Stepped):
            losses.append(float(event.losses))
            torch.manual_seed(len(losses))  # whatever happens in the pause
            torch.rand(7)
    assert losses == whole


def test_training_uses_one_thread_and_gives_the_others_back_between_events(points: Any) -> None:
    inside: list[int] = []

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        inside.append(torch.get_num_threads())
        return F.cross_entropy(outputs, targets)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        one, other = (train([prepare(short(points, loss=loss))], tier="eager") for _ in range(2))
        inside.clear()
        for _ in zip(one, other, strict=True):  # two trainings in turn
            assert torch.get_num_threads() == 3
        assert set(inside) == {1}
    finally:
        torch.set_num_threads(before)


def test_closing_cancels(points: Any) -> None:
    training = train([prepare(short(points))], tier="eager")
    taken = list(islice(training, 4))
    training.close()  # type: ignore[attr-defined]
    assert [type(event) for event in taken] == [Started, Measured, Stepped, Stepped]
    assert list(training) == []


@pytest.mark.parametrize(
    ("evaluations", "steps"),
    [
        (None, [0, 5, 10]), (1, [0, 10]), (0, [0, 10]), (2, [0, 5, 10]), (4, [0, 2, 5, 8, 10]), (10, [*range(11)]),
        (25, [*range(11)]),
    ],
)  # fmt: skip
def test_how_often_the_splits_are_evaluated(points: Any, evaluations: int | None, steps: list[int]) -> None:
    history = fit(short(points), watching=Watching(evaluations=evaluations), tier="eager").history
    assert history.curve("validation")[0].tolist() == history.curve("train")[0].tolist() == steps
    assert history.curve("test")[0].tolist() == [10]


def test_the_test_split_may_stay_unseen(points: Any) -> None:
    fitted = fit(short(points), watching=Watching(test=False), tier="eager")
    assert not len(fitted.history.curve("test")[0])
    assert fitted.score("test") != fitted.score("test")  # NaN


def test_watching_does_not_change_what_is_watched(points: Any) -> None:
    one = short(points, model='mlp(widths=[8], norm="batch", dropout=0.5)', epochs=4)
    blind = fit(one, watching=Watching(evaluations=1, test=False), tier="eager").outcome
    for watching in (Watching(), Watching(all_probes(), at=frozenset(range(1, 21)), evaluations=20, checkpoint_every=0)):
        seeing = fit(one, watching=watching, tier="eager").outcome
        assert seeing.history.loss == blind.history.loss
        assert torch.equal(seeing.weights, blind.weights)
        assert all(torch.equal(seeing.buffers[name], value) for name, value in blind.buffers.items())


def test_checkpoints_hold_a_history_of_their_own(points: Any) -> None:
    events = list(train([prepare(short(points))], Watching(all_probes(), checkpoint_every=0), "eager"))
    taken = [event for event in events if isinstance(event, Checkpointed)]
    assert len(taken) == 10
    for event in taken:  # although the training went on since
        assert event.histories[0].steps == event.step == event.checkpoints[0].step
        last_read = event.step - (event.step % 5 == 0)  # an epoch's last batch has 3 examples, too few to read probes on
        assert max(reading.step for reading in event.histories[0].readings) == last_read


def test_probes_are_read_on_full_batches_unless_told_otherwise(points: Any) -> None:
    for settings, steps in (
        ({}, [1, 2, 3, 4, 6, 7, 8, 9]),
        ({"batch_size": 21}, [1, 2, 3, 4]),  # 21, 21, and the single one left out
        ({"batch_size": "all"}, [1, 2]),
    ):
        history = fit(short(points, **settings), watching=Watching(all_probes()), tier="eager").history
        assert list(history.probe("gradient_norm").index) == steps
    told = Watching(all_probes(), at=frozenset({5, 6}))
    assert list(fit(short(points), watching=told, tier="eager").history.probe("gradient_norm").index) == [5, 6]


def test_checkpoints_wait_for_their_time(points: Any) -> None:
    events = list(train([prepare(short(points))], Watching(checkpoint_every=3600), "eager"))
    assert not [event for event in events if isinstance(event, Checkpointed)]


def test_an_arm_that_leaves_says_why_in_both_languages(points: Any) -> None:
    left = [
        event for event in train([prepare(short(points, loss="mse", optimizer="sgd(lr=1e20)"))]) if isinstance(event, ArmLeft)
    ]
    assert len(left) == 1
    assert left[0].status == "diverged"
    assert f"step {left[0].step}" in left[0].why.show("en")
    assert f"{left[0].step}번째 스텝" in left[0].why.show("ko")


def test_listeners_of_many_hear_whom_it_concerns(points: Any) -> None:
    arms = [prepare(short(points)), prepare(short(points, model="mlp(widths=[9])")), prepare(short(points, seed=1))]
    heard: list[Any] = []
    fitted = fit_all(arms, listen=lambda group, event: heard.append((tuple(group), type(event))), tier="eager")
    assert [f.arm for f in fitted] == arms
    assert [(group, kind) for group, kind in heard if kind in (Started, Finished)] == [
        ((0, 2), Started), ((0, 2), Finished), ((1,), Started), ((1,), Finished),
    ]  # fmt: skip


@pytest.mark.parametrize("total", [1, 2, 8, 9, 50, 1000, 10**6])
def test_probes_are_read_densely_and_then_sparsely(total: int) -> None:
    steps = sorted(probe_steps(total))
    assert steps[: min(total, 8)] == list(range(1, min(total, 8) + 1))
    assert steps[-1] == total
    assert len(steps) <= 8 + 65
    gaps = [b - a for a, b in pairwise(steps)]
    assert all(b <= 1.3 * a + 2 for a, b in pairwise(gaps))
