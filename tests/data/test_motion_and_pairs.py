"""Videos whose frames say nothing alone, and pairs of digits that training has not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from whynet.data import load
from whynet.data.moving_shapes import CLASSES, painted


def _still(spec: str) -> tuple[torch.Tensor, torch.Tensor]:
    data = load(spec).train
    return data.pool_x, data.pool_y


def test_a_frame_of_every_class_is_the_same_random_picture() -> None:
    x, y = _still("moving_shapes(n=6400, frames=4, side=8, noise=0)")
    for t in range(4):
        ink = x[:, t].mean((1, 2, 3))  # of each picture, where growing would show first
        where = x[:, t, 0].flatten(1)  # and each pixel, where moving would
        for values in (ink[:, None], ink[:, None].square(), where):
            spread = values.std(0)
            for k in range(len(CLASSES)):
                own = values[y == k]
                off = (own.mean(0) - values.mean(0)) / (spread / len(own) ** 0.5)
                assert off.abs().max() < 5, (t, CLASSES[k])  # standard errors, of up to 64 numbers


def _at(x: torch.Tensor, axis: int) -> torch.Tensor:
    """Where the ink is on a circle, in rounds: (n, T)."""
    count = x.shape[axis]
    turn = torch.exp(2j * torch.pi * (torch.arange(count) + 0.5) / count)
    other = 7 - axis
    return torch.angle((x.sum(other)[:, :, 0] * turn).sum(-1)) / (2 * torch.pi)


@pytest.mark.parametrize(("name", "axis", "sign"), [("right", 4, 1), ("left", 4, -1), ("down", 3, 1), ("up", 3, -1)])
def test_what_moves_moves_that_way_and_no_other(name: str, axis: int, sign: int) -> None:
    x, y = _still("moving_shapes(n=160, side=32, noise=0)")
    own = x[y == CLASSES.index(name)]
    moved, still = ((_at(own, a).diff(dim=1) + 0.5) % 1 - 0.5 for a in (axis, 7 - axis))
    assert (sign * moved > 0.04).all()
    assert still.abs().max() < 0.01


@pytest.mark.parametrize(("name", "sign"), [("growing", 1), ("shrinking", -1)])
def test_what_grows_grows_until_it_is_the_largest(name: str, sign: int) -> None:
    x, y = _still("moving_shapes(n=400, side=32, noise=0)")
    ink = x[y == CLASSES.index(name)].sum((2, 3, 4))
    change = sign * ink.log().diff(dim=1)
    assert (
        (change > 0.05) | (change < -1)
    ).all()  # 2 · ln 3 · (0.05 … 0.08) = 0.11 … 0.18, less what pixels round; or once round
    assert (change < -1).sum(1).max() <= 2


@pytest.mark.parametrize(("name", "sign"), [("turning right", 1), ("turning left", -1)])
def test_what_turns_keeps_its_ink_and_its_place(name: str, sign: int) -> None:
    x, y = _still("moving_shapes(n=160, side=32, noise=0)")
    own = x[y == CLASSES.index(name)]
    ink = own.sum((2, 3, 4))
    torch.testing.assert_close(ink, ink[:, :1].expand_as(ink), rtol=0.1, atol=0.5)
    assert (own.diff(dim=1).abs().sum((2, 3, 4)) > 0.3).all()


def test_a_turn_to_the_right_is_clockwise_as_seen() -> None:
    bar = np.array([[0.5, 0.5, 1.0, angle] for angle in (0.0, 0.125)])
    flat, turned = painted(bar, np.array([1, 1]), 33)
    assert flat[16, 24] == 1  # to the right of the centre
    assert turned[22, 22] == 1  # now to the right and below
    assert turned[10, 22] == 0


def test_pairs_are_of_digits_that_the_sets_may_show() -> None:
    digits = load("digits").train
    digit_of = {picture.numpy().tobytes(): int(label) for picture, label in zip(digits.pool_x, digits.pool_y, strict=True)}
    data = load("digit_pairs(n=3000)")
    seen = {}
    for name, allowed in (("train", range(7)), ("validation", range(7, 10)), ("test", range(7, 10))):
        examples = getattr(data, name)
        first, second = ([digit_of[p.numpy().tobytes()] for p in examples.x[:, side]] for side in (0, 1))
        assert set(first) | set(second) == set(allowed)
        assert [int(a != b) for a, b in zip(first, second, strict=True)] == examples.y.tolist()
        assert examples.y.double().mean() == 0.5
        assert not (examples.x[:, 0] == examples.x[:, 1]).flatten(1).all(1).any()  # no picture beside itself
        seen[name] = {p.numpy().tobytes() for p in examples.x.flatten(0, 1)}
    assert not seen["validation"] & seen["test"]
    assert any("7, 8 and 9" in str(note) for note in data.notes)


def test_pairs_can_be_made_of_mnist(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNET_DATA", str(shared_data))
    data = load('digit_pairs(n=60, of="mnist")')
    assert data.task.inputs == (2, 1, 28, 28)
    assert 0 <= data.train.x.min() <= data.train.x.max() <= 1
