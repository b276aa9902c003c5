"""What a second look at a mended network finds: two faults where there are two, and no more than one where there is one."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from whynet.data import from_tensors
from whynet.doctor.combine import of_certain
from whynet.doctor.diagnose import diagnose
from whynet.doctor.diagnosis import Diagnosis
from whynet.doctor.examination import examine
from whynet.doctor.plan import plan
from whynet.doctor.second import room
from whynet.doctor.yardstick import Yardstick
from whynet.recipe import Given, Recipe, recipe
from whynet.registry import infos


def wave(noise: bool = False) -> Given:
    """A value that bends, or that has nothing to do with the inputs."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(300, 2, generator=draw)
    y = torch.rand(300, 1, generator=draw) if noise else torch.sigmoid(4 * x[:, :1] * x[:, 1:])
    return Given(from_tensors(x, y, task="regress"), "wave")


def alone(noise: bool = False) -> Recipe:
    """A softmax over a single unit, whose answer is 1 whatever goes in."""
    model = 'mlp(widths=[8], output_activation="softmax")'
    return recipe(wave(noise), model, "mse", "adam(lr=0.01)", batch_size=32, epochs=20)


@cache
def nothing() -> Diagnosis:
    return diagnose(alone(noise=True), budget=20.0)


def test_where_data_hold_nothing_a_fault_is_mended_that_answers_worse_than_guessing() -> None:
    found = nothing()
    assert found.state == "mended"
    assert [cause.name for cause in found.confirmed] == ["softmax-on-single-unit"]
    assert found.trial is not None
    assert found.remedy is not None
    assert found.trial.levels(found.remedy)
    assert found.later == ()  # what is gained upon that is noise learned by heart


def test_a_change_that_mends_as_well_is_not_asserted_beside_a_proved_fault_that_explains_it() -> None:
    found = diagnose(alone(), budget=20.0)
    assert found.confirmed[0].name == "softmax-on-single-unit"
    assert {cause.name for cause in found.confirmed} == {"softmax-on-single-unit"}


def by_hand(outputs: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy without a guard."""
    return -(targets * torch.log(outputs) + (1 - targets) * torch.log(1 - outputs)).mean()


def test_all_certain_faults_are_mended_together_before_anyone_is_suspected() -> None:
    one = recipe(Given(wave().value, "wave"), "mlp(widths=[8])", by_hand, "sgd(lr=0.1)", batch_size=32, epochs=2)
    seen = examine(one)
    looked = [info.make().look(seen) for info in infos("cause")]
    proved = {s.cause.name for s in looked if s.proved}
    assert {"missing-output-activation", "numerically-unstable-loss"} <= proved
    plans = plan(seen, looked)
    (both,) = of_certain(plans, looked, seen)
    assert {cause.name for cause in both.causes} <= proved
    assert len(both.parts) == len(both.causes) >= 2
    single = [s for s in looked if not s.proved or s.cause.name == "missing-output-activation"]
    assert of_certain(plan(seen, single), single, seen) == []


def test_nobody_looks_again_where_nothing_is_left_to_gain() -> None:
    stick = Yardstick("classify", "test", 0.1, 0.01)
    assert room(stick, 0.6, 0.9)
    assert not room(stick, 0.97, 0.98)
