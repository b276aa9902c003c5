"""Generated data against the formula it was drawn from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from whynet.data import load
from whynet.errors import DataError, OptionError


@pytest.mark.parametrize(
    ("gate", "truth"),
    [
        ("and_gate", lambda a, b: a and b),
        ("or_gate", lambda a, b: a or b),
        ("nand_gate", lambda a, b: not (a and b)),
        ("xor_gate", lambda a, b: a != b),
    ],
)
def test_gates(gate: str, truth: object) -> None:
    data = load(gate)
    rows = [(bool(a), bool(b), bool(out)) for (a, b), out in zip(data.train.x.tolist(), data.train.y.tolist(), strict=True)]
    assert len(set(rows)) == 4
    assert all(out == bool(truth(a, b)) for a, b, out in rows)  # type: ignore[operator]
    assert any("nothing to split" in str(note) for note in data.notes)


def test_xor_without_noise_stands_on_the_corners() -> None:
    data = load("xor(n=40, noise=0)")
    assert set(map(tuple, data.train.pool_x.tolist())) == {(a, b) for a in (-1.0, 1.0) for b in (-1.0, 1.0)}
    assert data.train.pool_y.equal((data.train.pool_x.prod(1) < 0).long())


def test_sine_and_parabola_without_noise_are_the_curves() -> None:
    sine = load("sine(noise=0, waves=2)").train
    torch.testing.assert_close(sine.y, torch.sin(2 * torch.pi * sine.x), atol=1e-5, rtol=1e-5)
    curve = load("parabola(noise=0, low=-10, high=10, curvature=1, offset=3)").train
    torch.testing.assert_close(curve.y, curve.x**2 + 3, atol=1e-4, rtol=1e-5)
    assert curve.x.min() >= -10
    assert curve.x.max() > 5


def test_noise_has_the_standard_deviation_asked_for() -> None:
    noisy = load("sine(n=20000, noise=0.3)").train
    rest = noisy.pool_y - torch.sin(torch.pi * noisy.pool_x)
    assert rest.std().item() == pytest.approx(0.3, rel=4 / np.sqrt(2 * 20000))  # four standard errors


def test_spirals_without_noise_lie_on_their_arms() -> None:
    data = load("spirals(noise=0, classes=3, turns=1.5)").train
    radius = data.pool_x.norm(dim=1)
    angle = torch.atan2(data.pool_x[:, 1], data.pool_x[:, 0])
    arm = (angle / (2 * torch.pi) - 1.5 * radius) * 3  # the class, up to whole turns
    distance = (arm - data.pool_y + 1.5) % 3 - 1.5
    assert distance.abs().max() < 1e-4
    assert radius.min() >= 0.05 - 1e-6
    assert radius.max() <= 1 + 1e-6


def test_moons_without_noise_lie_on_two_half_circles() -> None:
    data = load("moons(noise=0)").train
    centre = torch.tensor([[0.0, 0.0], [1.0, 0.5]])[data.pool_y]
    torch.testing.assert_close((data.pool_x - centre).norm(dim=1), torch.ones(400))
    above = data.pool_x[:, 1] >= centre[:, 1] - 1e-6
    assert above.equal(data.pool_y == 0)


def test_blobs_stand_around_centres_of_length_one() -> None:
    for spec, features in (("blobs(n=6000, noise=0.1)", 2), ("blobs(n=6000, noise=0.1, features=5, classes=4)", 5)):
        data = load(spec)
        assert data.task.inputs == (features,)
        for label in range(data.task.outputs):
            own = data.train.pool_x[data.train.pool_y == label]
            assert own.mean(0).norm().item() == pytest.approx(1, abs=0.02)
            assert own.std(0).mean().item() == pytest.approx(0.1, rel=0.1)


def test_linear_regression_finds_the_truth_of_the_ice_creams() -> None:
    data = load('ice_cream(n=20000, scale="none", targets="raw")').train
    found = LinearRegression().fit(data.pool_x.double().numpy(), data.pool_y.double().numpy()[:, 0])
    np.testing.assert_allclose(found.coef_, [9.0, -6.0, -0.8], atol=0.12)
    assert found.intercept_ == pytest.approx(60, abs=3)
    rest = data.pool_y.double().numpy()[:, 0] - found.predict(data.pool_x.double().numpy())
    assert rest.std() == pytest.approx(15, rel=0.02)
    assert list(load("ice_cream").frame) == ["temperature", "rain", "humidity", "sales"]  # type: ignore[arg-type]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(DataError, match="3 examples for 5 classes"):
        load("blobs(n=3, classes=5)")
    with pytest.raises(OptionError, match="low must be below high"):
        load("parabola(low=2, high=1)")
    with pytest.raises(OptionError, match="noise"):
        load("xor(noise=-1)")
