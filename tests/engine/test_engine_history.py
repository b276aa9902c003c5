"""Histories as columns, and the numbers that networks are judged by, against scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from whynet.engine.arm import prepare
from whynet.engine.fit import fit
from whynet.engine.history import Evaluation, History, Reading, Readings
from whynet.engine.metrics import accuracy, r2, score
from whynet.engine.train import Watching
from whynet.recipe import recipe


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_accuracy(pairs: list[tuple[int, int]]) -> None:
    predicted, targets = (torch.tensor(column) for column in zip(*pairs, strict=True))
    assert accuracy(predicted, targets) == pytest.approx(reference.accuracy_score(targets, predicted))


@given(st.integers(2, 30), st.integers(1, 3), st.integers(0, 1000))
def test_r2_of_several_values_weighs_them_by_their_variance(n: int, k: int, seed: int) -> None:
    stream = torch.Generator().manual_seed(seed)
    predicted, targets = torch.randn(n, k, generator=stream), torch.randn(n, k, generator=stream)
    expected = reference.r2_score(targets.double(), predicted.double(), multioutput="variance_weighted")
    assert r2(predicted, targets) == pytest.approx(expected, rel=1e-9)


def test_r2_of_the_mean_of_the_truth_and_of_nothing() -> None:
    targets = torch.tensor([[1.0], [2.0], [6.0]])
    assert r2(torch.full((3, 1), 3.0), targets) == 0
    assert r2(targets, targets) == 1
    assert math.isnan(r2(targets, torch.ones(3, 1)))


def test_a_score_is_the_loss_and_the_metric(points: Any, values: Any) -> None:
    for data, model in ((points, "softmax_regression"), (values, "linear_regression")):
        arm = prepare(recipe(data, model, batch_size=10))
        split = data.validation
        outputs = arm.network(arm.network.initial, dict(arm.network.buffers), split.x)
        loss, metric = score(outputs, split.y, arm.loss, data.task)
        assert loss == pytest.approx(float(arm.loss(outputs, split.y)))
        judge = accuracy if data.task.kind == "classify" else r2
        assert metric == judge(arm.loss.decide(outputs, data.task), split.y)


@pytest.fixture
def history() -> History:
    return History(
        [3.0, 2.0, 1.0],
        [
            Evaluation(0, 0.0, "validation", 3.0, 0.1), Evaluation(2, 1.0, "train", 1.5, 0.6),
            Evaluation(2, 1.0, "validation", 2.0, 0.5), Evaluation(3, 1.5, "test", 1.8, 0.55),
        ],
        Readings([
            Reading(1, "dead", "b", 0.5), Reading(1, "dead", "a", math.nan), Reading(1, "norm", "b", 7.0),
            Reading(3, "dead", "b", 0.25), Reading(3, "dead", "a", 0.125),
        ]),
    )  # fmt: skip


def test_columns(history: History) -> None:
    assert history.steps == 3
    steps, losses = history.curve("validation", "loss")
    assert (steps.tolist(), losses.tolist()) == ([0, 2], [3.0, 2.0])
    assert history.curve("validation")[1].tolist() == [0.1, 0.5]
    assert (history.final(), history.final("train", "loss"), history.final("validation")) == (0.55, 1.5, 0.5)
    assert math.isnan(History().final())


def test_a_table_of_readings_keeps_the_order_of_layers_and_what_is_no_number(history: History) -> None:
    table = history.probe("dead")
    assert list(table.columns) == ["b", "a"]
    assert list(table.index) == [1, 3]
    np.testing.assert_array_equal(table.to_numpy(), [[0.5, math.nan], [0.25, 0.125]])
    assert history.probe("norm").to_numpy().tolist() == [[7.0]]
    assert history.probe("unknown").empty


def test_what_a_fit_gives(points: Any, values: Any) -> None:
    for data, model in ((points, "mlp(widths=[8])"), (values, "mlp(widths=[8])")):
        fitted = fit(recipe(data, model, batch_size=10, epochs=2), watching=Watching(), tier="eager")
        assert fitted.recipe == fitted.arm.recipe
        assert fitted.dataset is data
        assert fitted.score() == fitted.history.final("test")
        answers = fitted.predict(data.test.x)
        judge = accuracy if data.task.kind == "classify" else r2
        assert judge(answers, data.test.y) == pytest.approx(fitted.score(), rel=1e-6)
        assert torch.equal(fitted.predict(data.test.x.numpy()), answers)
        torch.testing.assert_close(torch.cat([fitted.predict(data.test.x[i : i + 1]) for i in range(len(answers))]), answers)
