"""Faults in programs that look unlike those of the other tests: layers of one's own, labels cast to fewer, few units that crawl."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from whynet.data import from_tensors
from whynet.data.dataset import Examples
from whynet.doctor.cause import Suspicion
from whynet.doctor.causes.constant_initialization import ConstantInitialization
from whynet.doctor.causes.dropout_too_high import DropoutTooHigh
from whynet.doctor.causes.labels_corrupted_by_preprocessing import LabelsCorruptedByPreprocessing
from whynet.doctor.causes.overfitting import Overfitting
from whynet.doctor.causes.validation_split_not_shuffled import ValidationSplitNotShuffled
from whynet.doctor.diagnose import diagnose
from whynet.doctor.examination import examine
from whynet.doctor.facts.relabelled import relabelled
from whynet.recipe import Given, Recipe, recipe

# --- layers that a user wrote -------------------------------------------------------------------------------------------


class Own(nn.Module):
    """y = x W + b, with units along the second axis, unlike torch's own."""

    def __init__(self, inputs: int, outputs: int, scale: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(inputs, outputs) * scale / math.sqrt(inputs))
        self.b = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.w + self.b


def own(hidden: float, last: float) -> Suspicion:
    """What the cause makes of two such layers begun with weights of these sizes."""
    one = recipe("moons", lambda: nn.Sequential(Own(2, 8, hidden), nn.Tanh(), Own(8, 2, last)), batch_size=20, epochs=1)
    return ConstantInitialization().look(examine(one))


def test_layers_of_ones_own_that_begin_at_zero_are_found() -> None:
    assert own(0.0, 0.0).proved


@pytest.mark.parametrize("sizes", [(1.0, 1.0), (1.0, 0.0)])
def test_those_that_begin_at_random_are_not_nor_a_last_layer_that_begins_at_zero(sizes: tuple[float, float]) -> None:
    assert not own(*sizes).proved
    assert own(*sizes).strength == 0


def test_a_hidden_layer_of_zeros_whose_gradients_differ_is_not() -> None:
    """The layer behind weighs the units differently, so that they part at the first step."""
    assert not own(0.0, 1.0).proved


# --- labels -------------------------------------------------------------------------------------------------------------


def clouds(lose: str = "") -> Given:
    """Three clouds of points; class 1 becomes class 0 in training, or is left out of it, or nothing is wrong."""
    draw = np.random.default_rng(1)
    y = np.tile(np.arange(3), 100)
    x = (draw.normal(size=(300, 2)) + 6 * np.eye(3)[y][:, :2] + 6 * (y == 2)[:, None]).astype(np.float32)
    train = torch.arange(200)
    if lose == "left out":
        train = train[torch.tensor(y[:200]) != 1]
    made = from_tensors(x, y, classes=3)  # all of it, to be parted by hand: it refuses to train without examples of a class
    labels = made.train.pool_y.clone()
    if lose == "renamed":
        labels[:200][labels[:200] == 1] = 0
    parts = {"train": train, "validation": torch.arange(200, 300), "test": torch.arange(200, 300)}
    made = replace(made, **{name: Examples(made.train.pool_x, labels, index) for name, index in parts.items()})
    return Given(made, "clouds")


def spotted(lose: str) -> set[str]:
    seen = examine(recipe(clouds(lose), "mlp(widths=[8])", optimizer="adam(lr=0.01)", epochs=3, batch_size=20))
    found = [cause.look(seen) for cause in (LabelsCorruptedByPreprocessing(), ValidationSplitNotShuffled())]
    return {one.cause.name for one in found if one.proved}


def test_classes_that_were_cast_to_fewer_are_told_from_those_that_a_split_left_out() -> None:
    assert spotted("renamed") == {"labels-corrupted-by-preprocessing"}
    assert spotted("left out") == {"validation-split-not-shuffled"}
    assert spotted("") == set()


def test_the_distance_is_that_of_a_slow_twin() -> None:
    seen = examine(recipe(clouds("left out"), "mlp(widths=[8])", epochs=1, batch_size=20))
    found, data = relabelled(seen), seen.fitted.dataset
    assert found is not None
    x = data.train.x.double()
    spread = x.std(0, correction=0)
    nearest = [min(float((((one - other) / spread) ** 2).sum().sqrt()) for other in x) for one in data.test.x.double()]
    lost = [d for d, y in zip(nearest, data.test.y.tolist(), strict=True) if y == 1]
    rest = [d for d, y in zip(nearest, data.test.y.tolist(), strict=True) if y != 1]
    # torch's median of an even number is the lower of the two in the middle
    expected = sorted(lost)[(len(lost) - 1) // 2] / sorted(rest)[(len(rest) - 1) // 2]
    assert found.distance == pytest.approx(expected, rel=1e-5)
    assert found.share == pytest.approx(len(lost) / len(nearest))


def test_labels_that_were_spoilt_are_not_called_data_without_anything_to_learn() -> None:
    found = diagnose(recipe(clouds("renamed"), "mlp(widths=[8])", optimizer="adam(lr=0.01)", epochs=10, batch_size=20))
    assert "nothing-to-learn" not in [cause.name for cause in found.confirmed]
    assert "labels-corrupted-by-preprocessing" in [cause.name for cause in found.confirmed]


def test_a_gap_between_sets_that_are_unlike_is_not_called_overfitting() -> None:
    """Trained on long enough to know its own examples by heart, it errs on the class that was left out, and has every sign."""
    one = recipe(clouds("left out"), "mlp(widths=[64])", optimizer="adam(lr=0.01)", epochs=60, batch_size=20)
    found = diagnose(one)
    assert Overfitting().look(found.examination).speaks == "for"
    named = [cause.name for cause in found.confirmed]
    assert "validation-split-not-shuffled" in named
    assert "overfitting" not in named


# --- dropout and size -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "units", "noisy"),
    [(0.9, 64, True), (0.9, 128, False), (0.5, 8, True), (0.5, 16, False), (0.2, 8, False)],
)
def test_dropout_is_too_much_where_its_noise_is_a_third_of_the_signal(p: float, units: int, noisy: bool) -> None:
    """√(p / ((1 - p) n)): 0.375, 0.27, 0.35, 0.25 and 0.18; shown by simulation to be the spread over the mean."""
    kept = (torch.rand(20_000, units, generator=torch.Generator().manual_seed(0)) > p).double().sum(1) / (1 - p)
    assert (float(kept.std() / kept.mean()) > 1 / 3) is noisy
    one: Recipe = recipe("digits", f"mlp(widths=[{units}], dropout={p})", epochs=1, batch_size=64)
    looked = DropoutTooHigh().look(examine(one))
    shown = any(e.speaks == "for" for e in looked.evidence[1:])
    assert (looked.strength > 0) is (noisy or shown)


def test_three_units_for_three_waves_are_too_few() -> None:
    one = recipe(
        "sine(n=400, waves=3)", 'mlp(widths=[3], activation="tanh")', "mse", "adam(lr=0.01)", batch_size=32, epochs=300
    )
    found = diagnose(one)
    assert [cause.name for cause in found.confirmed] == ["low-capacity"]
    assert found.state == "mended"
