"""Inputs on a scale that plain training suffers from, in a watched loop; and inputs and networks that bear it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.inputs_seen import seen_of
from whynet.doctor.loop_diagnosis import LoopDiagnosis

N, D = 192, 8
NAME = "inputs-not-normalized"


def rows() -> Tensor:
    return torch.randn(N, D, generator=torch.Generator().manual_seed(0))


def target() -> Tensor:
    x = rows()
    return x[:, :1] + 0.5 * x[:, 1:2] - x[:, 7:]


def net(*first: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*first, nn.Linear(D, 16), nn.Tanh(), nn.Linear(16, 1))


def train(model: nn.Module, x: Tensor, lr: float = 0.05, epochs: int = 4, budget: float = 0.0, n: int = N) -> LoopDiagnosis:
    y = target()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    with whynet.watch(model, optimizer, budget=budget) as w:
        for _ in range(epochs):
            for part in torch.randperm(n).split(24):
                optimizer.zero_grad()
                F.mse_loss(model(x[part]), y[part]).backward()
                optimizer.step()
    return w.diagnosis


def names(found: list) -> list[str]:
    return [one.cause.name for one in found]


UNEVEN = torch.tensor([1.0, 0.01, 0.01, 1.0, 1.0, 0.01, 1.0, 30.0])


@pytest.mark.parametrize("x", [500 * rows(), rows() + 300, rows() * UNEVEN], ids=["large", "far", "uneven"])
def test_inputs_on_another_scale(x: Tensor) -> None:
    diagnosis = train(net(), x, lr=1e-5)
    assert NAME in names(diagnosis.suspected)
    assert "+ x = (x - mean) / std  # the same two for all other data" in diagnosis.fix


def test_inputs_that_break_training() -> None:
    linear = nn.Linear(D, 1)
    assert NAME in names(train(linear, 500 * rows(), lr=0.1).confirmed)  # its loss grows without end
    assert NAME in names(train(net(nn.Identity()), 500 * rows(), lr=0.1).confirmed)


def test_a_trial_on_standardised_inputs_decides() -> None:
    with_trial = train(net(), rows() + 300, lr=1e-3, epochs=6, budget=30.0)
    assert NAME in names(with_trial.confirmed)
    told = next(one for one in with_trial.trial.tried if one.fault.name == NAME)  # type: ignore[union-attr]
    assert told.gain > 0


def test_what_else_explains_a_loss_that_grows() -> None:
    model, x, y = net(), 500 * rows(), target()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, maximize=True)
    with whynet.watch(model, optimizer, budget=0.0) as w:
        for part in torch.randperm(N).split(16):
            optimizer.zero_grad()
            F.mse_loss(model(x[part]), y[part]).backward()
            optimizer.step()
    assert NAME not in names(w.diagnosis.confirmed)


class Scaling(nn.Module):
    """A network that puts its inputs on one scale itself."""

    def __init__(self) -> None:
        super().__init__()
        self.body = net()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(x / 500)
        return out


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (net(), rows()),
        (net(), 5 * rows() + 3),
        (net(), torch.cat([rows()[:, :7], 1e-6 * rows()[:, 7:]], dim=1)),  # hardly any spread in one
        (net(), rows().clamp(min=0) * torch.tensor([1.0, 1, 1, 1, 1, 0, 0, 0])),  # none in three
        (Scaling(), 500 * rows()),
        (net(nn.BatchNorm1d(D)), 500 * rows()),
        (nn.Sequential(nn.Linear(D, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 1)), 500 * rows()),
    ],
    ids=["one scale", "a few", "hardly any", "none", "scales itself", "norms first", "norms behind"],
)
def test_inputs_that_are_no_fault(model: nn.Module, x: Tensor) -> None:
    found = train(model, x)
    assert NAME not in names(found.confirmed) + names(found.suspected)


def test_other_inputs_say_nothing() -> None:
    words = nn.Sequential(nn.Embedding(1000, 4), nn.Flatten(), nn.Linear(4 * D, 1))
    images = nn.Sequential(nn.Unflatten(1, (1, D)), nn.Conv1d(1, 2, 3), nn.Flatten(), nn.Linear(2 * (D - 2), 1))
    for model, x in ((words, torch.randint(0, 1000, (N, D))), (images, 500 * rows())):
        assert NAME in names(train(model, x, lr=1e-6).unseen)
    assert NAME in names(train(net(), 500 * rows(), lr=1e-6, epochs=1, n=48).unseen)  # too few rows


def test_mean_and_spread_against_all_rows_at_once() -> None:
    x = 30 * rows() + torch.arange(D) * 100
    seen = seen_of("", x[:5])
    for part in x[5:].split(17):
        seen.add(part)
    assert seen.rows == N
    torch.testing.assert_close(seen.mean, x.double().mean(dim=0), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(seen.spread, x.double().std(dim=0, correction=0), rtol=1e-5, atol=1e-5)
