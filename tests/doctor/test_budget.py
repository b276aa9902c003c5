"""The budget: what fits is not cut, what does not is cut for all alike, and the diagnosis says so."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whynet.data import load
from whynet.data.dataset import Dataset, Examples
from whynet.doctor.causes.lr_too_low import LrTooLow
from whynet.doctor.causes.too_few_epochs import TooFewEpochs
from whynet.doctor.course import Course
from whynet.doctor.diagnose import diagnose
from whynet.doctor.examination import Examination, examine
from whynet.doctor.pace import LEAST, Pace, smaller, stacked_pace
from whynet.doctor.plan import Plan, plan
from whynet.doctor.running import run_trial
from whynet.doctor.seen_pace import Seen
from whynet.engine.arm import load_data, prepare
from whynet.engine.train import probe_steps
from whynet.recipe import Recipe, recipe
from whynet.text import use_language


def slow() -> Recipe:
    """A rate too low, and many steps."""
    return recipe("wine", "mlp(widths=[16])", optimizer="sgd(lr=1e-5)", steps=400, batch_size=16)


@pytest.fixture(scope="module")
def seen() -> Examination:
    return examine(slow())


@pytest.fixture(scope="module")
def plans(seen: Examination) -> list[Plan]:
    return plan(seen, [LrTooLow().look(seen), TooFewEpochs().look(seen)])


def at_pace(seen: Examination, step: float) -> Examination:
    """As if a step had taken so many seconds."""
    return replace(seen, pace=Pace(step, 0.0, 0.0))


def test_without_a_budget_nothing_is_cut(seen: Examination, plans: list[Plan]) -> None:
    course = Course.within(at_pace(seen, 1e6), plans, 5, None, 10)
    assert course.steps is None
    assert course.apply(seen.recipe) is seen.recipe


def test_what_fits_is_not_cut(seen: Examination, plans: list[Plan]) -> None:
    assert Course.within(seen, plans, 5, 60.0, 10).steps is None


def test_the_prediction_adds_up_all_arms(seen: Examination, plans: list[Plan]) -> None:
    course = Course.within(at_pace(seen, 0.01), plans, 5, None, 10)
    lengths = [400] + [one.recipe.steps or 0 for one in plans]
    assert 1200 in lengths  # three times the steps
    assert course.seconds(plans, 5) == pytest.approx(5 * sum(lengths) * 0.01)
    assert course.seconds(plans, 5, share=0.5) == pytest.approx(5 * sum(lengths) * 0.005)


def test_a_stack_is_timed_before_anything_is_cut(seen: Examination, plans: list[Plan]) -> None:
    """A lone step of ten seconds would be cut, but these arms run stacked, and are measured to be fast."""
    course = Course.within(at_pace(seen, 10.0), plans, 5, 60.0, 10)
    assert course.pace.step < 0.1
    assert course.steps is None


def test_what_does_not_fit_is_cut_for_all_alike(seen: Examination, plans: list[Plan]) -> None:
    course = Course.within(seen, plans, 5, 0.05, 10)
    assert course.steps is not None
    assert LEAST <= course.steps < 400
    cut = [course.apply(one.recipe) for one in [Plan((), plans[0].remedy, seen.recipe), *plans]]
    for before, after in zip([seen.recipe, *(one.recipe for one in plans)], cut, strict=True):
        assert after.steps == round(course.steps * (before.steps or 0) / 400)
    assert len({one.data for one in cut}) == 1  # one and the same data for all, so that they stay paired


def test_a_cut_trial_says_so_in_both_languages(seen: Examination) -> None:
    trial = run_trial(seen, [LrTooLow().look(seen)], 5, budget=0.01)
    assert trial is not None
    assert trial.steps is not None
    [note] = [note for note in trial.notes if "budget" in str(note)]
    assert f"{trial.steps} of 400 steps" in str(note)
    with use_language("ko"):
        assert "예산" in str(note)
    assert all(one.history.steps == trial.steps for one in trial.comparison.arms["original"])


def test_a_cut_examination_says_so_and_does_not_blame_the_length() -> None:
    one = recipe("digits", 'mlp(widths=[64] * 4, activation="sigmoid")', optimizer="sgd(lr=0.001)", epochs=400)
    started = time.monotonic()
    found = diagnose(one, budget=2.0)
    assert time.monotonic() - started < 40  # the whole would take some minutes
    seen = found.examination
    assert seen.cut
    assert seen.steps < seen.whole_steps == 400 * 21
    assert seen.fitted.history.steps == seen.steps
    assert any(f"the examination took {seen.steps} of {seen.whole_steps} steps" in str(note) for note in found.notes)
    assert "too-few-epochs" not in {cause.name for cause in found.confirmed}
    assert all(one.cause.name != "too-few-epochs" for one in found.trial.tried if found.trial) if found.trial else True


def test_a_small_training_is_not_cut_by_the_usual_budget() -> None:
    found = diagnose(slow(), budget=60.0)
    assert not found.examination.cut
    assert found.trial is not None
    assert found.trial.steps is None
    assert not any("budget" in str(note) for note in found.notes)


def test_the_pace_is_measured(seen: Examination) -> None:
    assert 1e-6 < seen.pace.step < 0.5
    assert seen.pace.seconds(100, 2) == pytest.approx(seen.pace.start + 100 * seen.pace.step + 2 * seen.pace.evaluation)
    assert len(probe_steps(400)) < 200  # so the median step is one without probes
    assert stacked_pace(slow(), 1, seen.pace) is seen.pace
    alone = recipe("digits", "lenet5", steps=1)
    assert stacked_pace(alone, 3, seen.pace) is seen.pace  # convolutions run one by one


@pytest.mark.parametrize("seed", [0, 1])
def test_smaller_data_is_a_random_part_of_the_same(seed: int) -> None:
    whole = prepare(recipe("digits", "mlp", seed=seed)).dataset
    cut = smaller(recipe("digits", "mlp"), 4, 16)
    part = prepare(cut.change(seed=seed)).dataset
    assert len(part.train) == 500  # no fewer than the validation set may have
    assert (len(part.validation), len(part.test)) == (len(whole.validation), len(whole.test))
    rows = {tuple(row) for row in whole.train.x.flatten(1).tolist()}
    assert all(tuple(row) in rows for row in part.train.x.flatten(1).tolist())
    again = prepare(cut.change(seed=seed)).dataset
    assert again.train.pool_x is part.train.pool_x  # made once for each seed
    assert torch.equal(part.test.x, whole.test.x)
    assert part.task == whole.task


def test_where_even_the_shortest_trainings_do_not_fit_the_likeliest_alone_is_tried(
    seen: Examination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whynet.doctor.course._timed", lambda seen, *_: seen.pace)  # as slow as is said
    slowly = at_pace(seen, 10.0)  # 20 steps of an arm would take 200 s
    trial = run_trial(slowly, [LrTooLow().look(seen), TooFewEpochs().look(seen)], 5, budget=1.0, workers=0, combine=False)
    assert trial is not None
    assert trial.steps == LEAST
    assert [one.cause.name for one in trial.tried] == ["lr-too-low"]
    assert "too-few-epochs" in [cause.name for cause in trial.left_out]


@given(
    grows=st.floats(1e-4, 10),
    rest=st.floats(0, 10),
    levels=st.integers(1, 20),
    seconds=st.floats(0.1, 100),
    most=st.floats(1, 1e6),
)
def test_the_longest_training_that_fits_takes_no_longer_than_there_is(
    grows: float, rest: float, levels: int, seconds: float, most: float
) -> None:
    found = Seen(grows, rest)
    steps = found.steps(levels, seconds, most)
    assert 0 <= steps <= most
    assert steps == 0 or found.seconds(levels, steps) <= seconds * (1 + 1e-9)
    assert steps + 1 > most or found.seconds(levels, steps + 1) > seconds * (1 - 1e-9)


def test_longer_training_is_not_tried_where_trainings_are_cut_to_less_than_half(
    seen: Examination, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times a few steps are better than a few steps, whatever becomes of four hundred."""
    monkeypatch.setattr("whynet.doctor.course._timed", lambda seen, *_: seen.pace)
    slowly, asked = at_pace(seen, 0.01), [LrTooLow().look(seen), TooFewEpochs().look(seen)]
    trial = run_trial(slowly, asked, 5, budget=8.0, workers=0, combine=False)
    assert trial is not None
    assert trial.steps is not None
    assert {one.cause.name for one in trial.tried} == {"lr-too-low"}
    assert "too-few-epochs" in [cause.name for cause in trial.left_out]


def test_fewer_examples_of_sets_with_pools_of_their_own_are_still_theirs() -> None:
    def apart(_seed: int) -> Dataset:
        whole = load("iris")
        other = [Examples(-examples.pool_x, examples.pool_y, examples.index) for examples in (whole.validation, whole.test)]
        return replace(whole, validation=other[0], test=other[1])

    whole, cut = apart(0), load_data(smaller(recipe(apart, "mlp"), 2, 8, test=10))
    for split in ("train", "validation", "test"):
        known = {row.tobytes() for row in getattr(whole, split).x.numpy()}
        assert all(row.tobytes() in known for row in getattr(cut, split).x.numpy()), split
