"""The programs that the doctor's authors have not seen: they load, say what is true of them in the known words, and are counted."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, r2_score

import benchmarks.faults.heldout as programs
from benchmarks.faults.__main__ import main
from benchmarks.faults.case import load, unwatched
from benchmarks.faults.data import SHARED
from benchmarks.faults.plain import guessed, score, torch_optimizer, trained
from benchmarks.faults.published import FILE, FOLDER, Published, entries
from benchmarks.faults.said import Said
from benchmarks.faults.scores import Row, totals
from benchmarks.faults.stated import heldout, stated
from whynet.engine.arm import make_optimizer, prepare
from whynet.recipe import Spec, diff, recipe

FILES = sorted({path.stem for path in Path(programs.__path__[0]).glob("*.py")} - {"__init__"})
WORDS = FOLDER / "README.md"

data = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the data sets are not here: {SHARED}")
PICTURES = {"cifar_adam_tenth", "fashion_crowd_labels", "fashion_divided_twice", "fashion_raw_pixels", "mnist_folder_order"}


def vocabulary() -> set[str]:
    """The labels in the programs' README."""
    return set(re.findall(r"[a-z-]+", WORDS.read_text(encoding="utf-8").partition("## Labels\n")[2]))


@pytest.mark.parametrize("file", FILES)
def test_a_file_holds_the_program_of_its_name(file: str) -> None:
    case = load(file)
    assert case.id.replace("-", "_") == file
    assert case.facts == heldout()[case.id]
    assert case.facts.id == case.id
    assert case.facts.control != case.has_fix  # whatever is faulty is shown mended, too


def test_ids_are_of_one_program_each() -> None:
    assert list(heldout()) == [load(file).id for file in FILES]  # two of one id would be one entry
    if FILE.exists():
        assert not set(heldout()) & set(entries())


@pytest.mark.skipif(not WORDS.exists(), reason=f"the vocabulary is not here: {WORDS}")
def test_faults_are_named_in_the_known_words() -> None:
    known, said = vocabulary(), {label for facts in heldout().values() for label in facts.accepted}
    assert {"lr-too-high", "nothing-to-learn", "label-noise"} <= known
    assert said <= known
    assert len(said) >= 20


def test_there_are_faulty_programs_and_controls() -> None:
    controls = sum(facts.control for facts in heldout().values())
    assert controls >= 10
    assert len(heldout()) - controls >= 30
    assert sum(len(facts.causes) == 2 for facts in heldout().values()) >= 3


@data
@pytest.mark.parametrize("file", sorted(set(FILES) - PICTURES))
def test_a_program_builds(file: str) -> None:
    case = load(file)
    if case.recipe is None:
        return
    made = [case.make()] + ([case.make(fixed=True)] if case.fixed else [])
    assert not case.fixed or diff(*made)
    for one in made:
        if isinstance(one.data, Spec) and one.data.name in (
            "mnist",
            "fashion_mnist",
        ):  # the parts are checked, no pictures read
            make_optimizer(one)
            continue
        arm = prepare(one)
        torch_optimizer(arm.optimizer, arm.network.load(arm.network.initial, arm.network.buffers))


def test_an_embedded_program_is_ill_and_is_mended() -> None:
    case = load("moons-zero-weights")
    short = {fixed: case.make(fixed).change(epochs=30) for fixed in (False, True)}
    assert trained(short[False], 0, "accuracy") == guessed(case.make(), "accuracy") == 0.5
    assert trained(short[True], 0, "accuracy") > 0.9


def test_a_loop_is_ill_and_is_mended() -> None:
    case = load("survey-one-or-two")
    assert case.train is not None
    assert case.train(unwatched) < 0.7 < 0.9 < case.train(unwatched, fixed=True)


def test_labels_that_name_one_fault_are_written_side_by_side() -> None:
    facts = stated("x", "a | b", "c")
    assert facts.accepted == ("a", "b", "c")
    assert facts.causes == [("a", "b"), ("c",)]
    assert not facts.control
    assert stated("y").control
    assert Published("z", "", ("a", "b"), "", "").causes == [("a",), ("b",)]  # as the file has them: all are wanted


def test_any_of_the_labels_of_a_fault_is_enough_and_none_is_wrong() -> None:
    rows = [
        Row(stated("one", "a | b", "c"), Said("one", named=("b", "c"))),
        Row(stated("two", "a | b", "c"), Said("two", named=("a", "b"))),
        Row(stated("three"), Said("three", loop=True, state="clean")),
        Row(stated("four"), Said("four", loop=True, state="suspected")),
    ]
    assert list(totals(rows).values())[:4] == ["2 of 2 (100%)", "3 of 4 (75%)", "1 of 2 (50%)", "0 of 4 (0%)"]
    assert totals(rows)["controls with a clean bill"] == "1 of 2 (50%)"


def test_measures_are_those_of_scikit_learn() -> None:
    draw = torch.Generator().manual_seed(0)
    y, said = (torch.randint(0, 3, (50,), generator=draw) for _ in range(2))
    assert score(said, y, "balanced") == pytest.approx(balanced_accuracy_score(y, said))
    y, said = (torch.randn(50, 1, generator=draw) for _ in range(2))
    assert score(said, y, "r2") == pytest.approx(r2_score(y, said), rel=1e-5)
    assert math.isnan(guessed(recipe("moons"), "loss"))
    assert guessed(recipe("moons"), "balanced") == 0.5


@pytest.mark.parametrize("rule", ["adamw(weight_decay=0.1)", "adagrad(lr=0.1)", "adadelta(lr=0.5, rho=0.95)"])
def test_torch_has_the_rule(rule: str) -> None:
    layer = torch.nn.Linear(1, 1)
    made = make_optimizer(recipe("moons", optimizer=rule))
    found = torch_optimizer(made, layer)
    options = {"rho": "rho", "weight_decay": "weight_decay", "lr": "lr", "eps": "eps"}
    assert type(found).__name__.lower() == rule.partition("(")[0]
    for ours, theirs in options.items():
        if hasattr(made, ours):
            assert found.param_groups[0][theirs] == (getattr(made, ours) or 0)


def test_the_command_knows_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["faults", "--heldout", "so-48385830"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "Unknown: so-48385830" in said
    assert "digits-sound" in said
