"""A training on two real processes equals that of one, up to rounding."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from whynet.engine.arm import prepare
from whynet.engine.noise import Rows, Tape
from whynet.engine.parallel import Ranks, check, launched, leads, ranks, together, told
from whynet.errors import RecipeError, TrainingError
from whynet.recipe import recipe

RECIPES = [
    recipe("iris", "mlp(widths=[8])", optimizer="sgd(lr=0.1)", steps=8, batch_size=33),  # and a smaller last batch
    recipe(
        "iris",
        'mlp(widths=[8], norm="batch", dropout=0.3)',
        optimizer="sgd(lr=0.1, momentum=0.9)",
        steps=8,
        batch_size=33,
        clip="norm(0.5)",
    ),
    recipe("iris", 'mlp(widths=[8, 8], norm="layer")', optimizer="adam", steps=8, early_stopping=1, batch_size=16),
]


def launch(out: Path, processes: int) -> list[dict[str, Any]]:
    """What came out of the recipes on so many processes."""
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    script = [str(Path(__file__).with_name("shared_training.py")), json.dumps([one.to_json() for one in RECIPES]), str(out)]
    done = subprocess.run([sys.executable, *start, *script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(out.read_text()))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("shared")
    return launch(folder / "one.json", 1), launch(folder / "two.json", 2)


@pytest.mark.parametrize("which", range(2 * len(RECIPES)))
def test_two_processes_come_to_what_one_comes_to(which: int, both: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    one, two = (found[which] for found in both)
    assert (one["world"], two["world"]) == (1, 2)
    assert one["notes"] == two["notes"] == []
    assert one["loss"] == pytest.approx(two["loss"], rel=1e-5, abs=1e-5)
    assert [e[:2] for e in one["evaluations"]] == [e[:2] for e in two["evaluations"]]
    assert [e[2] for e in one["evaluations"]] == pytest.approx([e[2] for e in two["evaluations"]], rel=1e-5, abs=1e-5)
    for name, value in one["buffers"].items():
        assert torch.allclose(torch.tensor(value), torch.tensor(two["buffers"][name]), rtol=1e-5, atol=1e-5)


def test_masks_are_slices_of_the_whole_batchs() -> None:
    """Draws over (B, 3), (2B, 1) and a matrix of weights; each process's are its rows of them, or the same."""
    uniform = torch.rand(7 * 3 + 14 + 12)
    whole, joined = Tape(uniform, torch.zeros(0)), []
    expected = [whole.take("uniform", uniform, shape) for shape in ((7, 3), (14, 1), (4, 3))]
    for rank in range(2):
        rows = Ranks(rank, 2, "").rows(7)
        n = rows.stop - rows.start
        tape = Tape(uniform, torch.zeros(0))
        tape.rows, tape.shapes = rows, [(7, 3), (14, 1), (4, 3)]
        joined.append([tape.take("uniform", uniform, shape) for shape in ((n, 3), (2 * n, 1), (4, 3))])
    assert torch.equal(torch.cat([own[0] for own in joined]), expected[0])
    assert torch.equal(torch.cat([own[1] for own in joined]), expected[1])
    assert all(torch.equal(own[2], expected[2]) for own in joined)


@pytest.mark.parametrize("world", [2, 3, 8])
@pytest.mark.parametrize("whole", [1, 2, 7, 8, 33])
def test_shares_make_up_the_batch(whole: int, world: int) -> None:
    shares = [Ranks(rank, world, "").rows(whole) for rank in range(world)]
    covered = [i for rows in shares for i in range(rows.start, rows.stop)]
    assert sorted(covered) == sorted([*range(whole)] * (1 if whole >= world else world))
    assert len(covered) == Ranks(0, world, "").counted(whole)


def test_without_torchrun_everything_is_as_ever() -> None:
    assert launched() == 1
    assert leads()
    with together() as here:
        assert here is None
        assert ranks() is None
        assert told(lambda: 5) == 5
    assert not torch.distributed.is_initialized()
    assert Tape(None, None).rows is None
    assert Rows(0, 2, 2).whole == 2


def test_what_cannot_be_shared_is_refused(points: Any) -> None:
    two = Ranks(0, 2, "")
    arm = prepare(recipe(points, "mlp", batch_size=20))
    check([arm], two)
    with pytest.raises(TrainingError, match="share one training"):
        check([arm, arm], two)
    with pytest.raises(RecipeError, match="batch_size of 64"):
        check([arm], Ranks(0, 64, ""))

    def total(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(outputs, targets, reduction="sum")

    with pytest.raises(RecipeError, match="not a mean over examples"):
        check([prepare(recipe(points, "mlp", total, batch_size=20))], two)
