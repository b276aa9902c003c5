"""Every program of real_faults.yaml has a port that builds, and the diagnoses are counted right; nothing is trained but the smallest."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import benchmarks.faults.cases as ports
from benchmarks.faults.case import Case, load, unwatched
from benchmarks.faults.data import given
from benchmarks.faults.keras import DECAY, adam, dense, rmsprop
from benchmarks.faults.plain import guessed, torch_optimizer, trained
from benchmarks.faults.published import FILE, Published, entries
from benchmarks.faults.said import Said, read
from benchmarks.faults.scores import Row, totals
from whynet.engine.arm import load_data, make_optimizer, prepare
from whynet.recipe import Spec, diff, recipe
from whynet.registry import make

FILES = {path.stem for path in Path(ports.__path__[0]).glob("*.py")} - {"__init__"}
HEAVY = {"gh_movie_reviews", "ptforum_7146", "so_47724077"}  # whose data take seconds to make or are not embedded

listed = pytest.mark.skipif(not FILE.exists(), reason=f"the programs' facts are not here: {FILE}")


@listed
def test_every_program_has_a_port_and_every_port_a_program() -> None:
    assert {name.replace("-", "_") for name in entries()} == FILES


@listed
@pytest.mark.parametrize("file", sorted(FILES))
def test_a_port_is_of_its_program(file: str) -> None:
    case = load(file)
    assert case.id.replace("-", "_") == file
    assert case.facts.id == case.id
    assert case.facts.control != case.has_fix  # whatever is faulty is shown mended, too


@pytest.mark.parametrize("file", sorted(FILES - HEAVY))
def test_a_port_builds(file: str) -> None:
    case = load(file)
    if case.recipe is None:
        return
    program = case.make()
    if case.fixed:
        assert diff(program, case.make(fixed=True))
    if isinstance(program.data, Spec):  # MNIST: the parts are checked, the pictures need not be here
        make_optimizer(program)
        return
    for one in [program, case.make(fixed=True)] if case.fixed else [program]:
        arm = prepare(one)
        torch_optimizer(arm.optimizer, arm.network.load(arm.network.initial, arm.network.buffers))


def test_a_program_without_a_test_set_is_judged_by_what_it_trained_on() -> None:
    data = load_data(recipe(given("five", np.eye(5), [0, 0, 1, 1, 1])))
    assert len(data.train) == len(data.test) == len(data.validation) == 5
    assert data.task.chance == pytest.approx(0.6)


def test_a_program_with_a_test_set_trains_on_all_the_rest() -> None:
    data = load_data(recipe(given("six", np.eye(6)[:4], [0, 0, 1, 1], test=(np.eye(6)[4:], [1, 1]))))
    assert (data.train.index.tolist(), data.test.index.tolist()) == ([0, 1, 2, 3], [4, 5])
    assert data.task.chance == 1.0


def test_a_line_is_learned_by_the_plain_loop_and_diverges_where_steps_are_too_long() -> None:
    case = load("tf-39939881")
    assert math.isnan(trained(case.make(), 0, "mse"))
    x = load_data(case.make()).train
    slope, offset = np.polyfit(x.x[:, 0].numpy(), x.y[:, 0].numpy(), 1)
    best = float(((slope * x.x[:, 0] + offset - x.y[:, 0]) ** 2).mean())
    assert best <= trained(case.make(fixed=True), 0, "mse") < 1.1 * best < guessed(case.make(), "mse")


def test_the_missing_axis_leads_to_weights_of_nine_tenths() -> None:
    case = load("pt-broadcast-6496401")
    assert case.train is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        error = case.train(unwatched)
    # min over w of E (w·x - 3/2)²: w = 3/2 E[x] / (1/3 + 2/4) = 0.9, and (0.1 Σx)² = 0.01 (1/4 + 9/4) on average
    assert error == pytest.approx(0.025, rel=0.1)
    assert case.train(unwatched, fixed=True) < 1e-9


def test_keras_defaults() -> None:
    torch.manual_seed(0)
    layer = dense(300, 100)
    bound = math.sqrt(6 / 400)  # Glorot and Bengio 2010, equation 16
    assert layer.weight.abs().max().item() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert not layer.bias.any()
    schedule = make("schedule", DECAY)
    for step in (0, 1000, 62_500):
        assert schedule(step, 62_500, 3125) == pytest.approx(1 / (1 + 1e-6 * step), rel=0.003)
    assert make("optimizer", adam(0.01)).eps == make("optimizer", rmsprop()).eps == 1e-7
    assert make("optimizer", rmsprop()).alpha == 0.9


def test_a_case_is_a_recipe_or_a_loop() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        Case("neither")


def test_the_diagnosis_is_read() -> None:
    plain = {
        "state": "mended", "confirmed": ["lr-too-high"], "equivalent": [], "fix": ["- a", "+ b"],
        "after": 0.9,
    }  # fmt: skip
    said = read("x", plain, 2.0, float("nan"))
    assert (said.loop, said.state, said.named, said.before, said.after) == (False, "mended", ("lr-too-high",), None, 0.9)


def test_the_diagnosis_of_a_loop_is_read() -> None:
    said = read("x", {"confirmed": [], "suspected": ["missing-zero-grad"], "fix": ["+ optimizer.zero_grad()"]}, 1.0)
    assert (said.loop, said.state, said.named, said.after) == (True, "suspected", (), None)


def test_totals_count_what_was_named_missed_and_wrong() -> None:
    def row(accepted: tuple[str, ...], said: Said) -> Row:
        return Row(Published(said.id, "", accepted, "", ""), said)

    rows = [
        row(("a", "b"), Said("one", False, "mended", ("a", "c"), restored=True, seconds=1.0)),
        row(("a",), Said("two", False, "faulty", ("a",), restored=True, seconds=3.0)),
        row(("d",), Said("three", why_not="crashed (1): no")),
        row(("e",), Said("four", True, "proved", ("e",), seconds=4.0)),
        row((), Said("five", False, "healthy", seconds=5.0)),
        row((), Said("six", False, "mended", ("a",), seconds=7.0)),
    ]
    assert list(totals(rows).values()) == [
        "3 of 4 (75%)", "3 of 5 (60%)", "2 of 4 (50%)", "2 of 6 (33%)", "2 of 3 (67%)", "1 of 3 (33%)", "1 of 2 (50%)", "1", "4.0",
    ]  # fmt: skip
