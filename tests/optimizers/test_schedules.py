"""Each schedule against torch's scheduler, stepped as a user would step it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as theirs

import whynet.optimizers  # noqa: F401
from whynet.errors import OptionError, UnknownNameError
from whynet.optimizers.schedules.schedule import Schedule
from whynet.registry import infos, make, names

TOTAL, PER_EPOCH = 30, 5
Made = Callable[[torch.optim.Optimizer], Any]

# spec, torch's counterpart, whether it is stepped once an epoch
CASES: list[tuple[str, Made, bool]] = [
    ("constant", lambda o: theirs.ConstantLR(o, factor=1.0), False),
    ("step(every=2, factor=0.5)", lambda o: theirs.StepLR(o, 2, 0.5), True),
    ('step(every=7, factor=0.3, unit="step")', lambda o: theirs.StepLR(o, 7, 0.3), False),
    ("exponential(gamma=0.8)", lambda o: theirs.ExponentialLR(o, 0.8), True),
    ('exponential(gamma=0.9, unit="step")', lambda o: theirs.ExponentialLR(o, 0.9), False),
    ("cosine", lambda o: theirs.CosineAnnealingLR(o, TOTAL), False),
    ("cosine(floor=0.2)", lambda o: theirs.CosineAnnealingLR(o, TOTAL, eta_min=0.2), False),
    ("warmup(steps=6)", lambda o: theirs.LinearLR(o, 1 / 6, total_iters=5), False),
    ("warmup(fraction=0.2)", lambda o: theirs.LinearLR(o, 1 / 6, total_iters=5), False),
    ("warmup(steps=6, then=cosine(floor=0.1))",
     lambda o: theirs.SequentialLR(
         o, [theirs.LinearLR(o, 1 / 6, total_iters=5), theirs.CosineAnnealingLR(o, TOTAL - 6, eta_min=0.1)], [6]), False),
    ('warmup(steps=4, then=step(every=3, factor=0.5, unit="step"))',
     lambda o: theirs.SequentialLR(o, [theirs.LinearLR(o, 1 / 4, total_iters=3), theirs.StepLR(o, 3, 0.5)], [4]), False),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "their", "by_epoch"), CASES, ids=[spec for spec, *_ in CASES])
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")  # SequentialLR's own call
def test_equals_torch(spec: str, their: Made, by_epoch: bool) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, expected = their(optimizer), []
    for t in range(TOTAL):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not by_epoch or (t + 1) % PER_EPOCH == 0:
            scheduler.step()
    schedule: Schedule = make("schedule", spec)
    assert [schedule(t, TOTAL, PER_EPOCH) for t in range(TOTAL)] == pytest.approx(expected, rel=1e-9)


def test_begins_and_ends_where_it_says() -> None:
    cosine = make("schedule", "cosine(floor=0.25)")
    assert cosine(0, 100, 10) == 1
    assert cosine(100, 100, 10) == pytest.approx(0.25)
    warmup = make("schedule", "warmup(steps=4)")
    assert [warmup(t, 100, 10) for t in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]


def test_a_warmup_is_one_step_at_least_and_may_outlast_the_training() -> None:
    assert make("schedule", "warmup(fraction=0.01, then=cosine)")(0, 3, 3) == 1
    assert [make("schedule", "warmup(steps=10)")(t, 3, 3) for t in range(3)] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ("warmup(then=cosin)", UnknownNameError),
        ("warmup(then=cosine(floor=2))", OptionError),
        ("warmup(fraction=1)", OptionError),
        ("warmup(steps=0)", OptionError),
        ("step(every=0)", OptionError),
        ("exponential(gamma=0)", OptionError),
        ("cosine(floor=-1)", OptionError),
    ],
)
def test_options_out_of_range_are_refused(spec: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        make("schedule", spec)


@pytest.mark.parametrize("info", infos("schedule"), ids=names("schedule"))
def test_says_what_it_is(info: Any) -> None:
    assert "``" in info.make.__doc__.splitlines()[0], "the docstring begins with a formula"
    assert info.idea.en != info.idea.ko
    schedule = make("schedule", info.name)
    assert isinstance(schedule, Schedule)
    factors = [schedule(t, TOTAL, PER_EPOCH) for t in range(TOTAL)]
    assert all(math.isfinite(factor) and 0 <= factor <= 1 for factor in factors)


def test_every_schedule_has_a_reference() -> None:
    assert {spec.partition("(")[0] for spec, *_ in CASES} == set(names("schedule"))
