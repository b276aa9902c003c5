"""The doctor on answers that are pictures: what it looks for, what it judges by, and what it says of a healthy and a sick network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from whynet.data import from_tensors
from whynet.doctor.cause import WHOLE_EXAMPLES
from whynet.doctor.diagnose import diagnose
from whynet.doctor.examination import examine
from whynet.doctor.yardstick import yardstick
from whynet.recipe import Recipe, recipe
from whynet.registry import infos


def _masks() -> tuple[Tensor, Tensor]:
    """Which pixels are bright, told through noise."""
    generator = torch.Generator().manual_seed(0)
    y = (torch.rand(240, 8, 8, generator=generator) > 0.7).long()
    x = y[:, None] + 0.3 * torch.randn(240, 1, 8, 8, generator=generator)
    return x, y


def _network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 2, 1))


def _loss(outputs: Tensor, y: Tensor) -> Tensor:
    return nn.functional.cross_entropy(outputs, y)


def _recipe(lr: float, epochs: int = 20) -> Recipe:
    x, y = _masks()
    return recipe(from_tensors(x, y), _network, _loss, f"adam(lr={lr})", epochs=epochs, batch_size=24)


def test_a_healthy_segmentation_gets_a_clean_bill() -> None:
    found = diagnose(_recipe(0.01))
    assert found.state == "healthy", found.verdict
    assert found.examination.metric > 0.85
    assert str(found.examination.yardstick.title) == "mean IoU"
    assert (found.fix, found.notes) == ([], [])


def test_what_reads_targets_of_whole_examples_is_not_looked_for() -> None:
    found = diagnose(_recipe(0.01))
    looked = {one.cause.name for one in found.suspicions}
    assert looked == {info.make.name for info in infos("cause") if "segment" in info.make.tasks}  # type: ignore[attr-defined]
    assert "wrong-loss" not in looked
    assert "lr-too-high" in looked
    assert all(info.make.tasks >= WHOLE_EXAMPLES for info in infos("cause"))  # type: ignore[attr-defined]


def test_a_rate_too_low_is_named_and_proved_for_a_segmentation_too() -> None:
    found = diagnose(_recipe(1e-6))
    assert found.state == "mended"
    assert "lr-too-low" in [cause.name for cause in found.confirmed]


def test_every_cause_that_says_so_can_look_at_a_detector() -> None:
    seen = examine(recipe("shapes(n=60, size=32)", 'yolo(body="small", width=4, stride=4)', steps=40, batch_size=16))
    causes = [info.make() for info in infos("cause")]
    looked = [cause.look(seen) for cause in causes if "detect" in cause.tasks]  # none raises
    assert len(looked) > 10
    assert seen.baseline.metric == 0


@pytest.mark.parametrize("kind", ["segment", "detect"])
def test_an_answer_of_pictures_is_not_good_by_luck(kind: str) -> None:
    x, y = _masks()
    if kind == "detect":
        y = torch.tensor([0.0, 0.2, 0.2, 0.5, 0.5]).expand(240, 1, 5).clone()
    stick = yardstick(from_tensors(x, y, classes=["a", "b"]))
    n = 48  # test pictures
    least = 3 * (1 / n * (1 - 1 / n) / n) ** 0.5  # three standard errors of a share of one of them
    assert stick.split == "test"
    assert stick.noise >= least * 0.999
    assert stick.noise < 0.5
