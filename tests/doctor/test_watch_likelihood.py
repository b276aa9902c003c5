"""Losses written by hand from log-probabilities, with and without their minus, in a watched loop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.log_likelihood import State, read
from whynet.doctor.loop_diagnosis import LoopDiagnosis

N, D, K = 192, 12, 3
Loss = Callable[[Tensor, Tensor], Tensor]


def data() -> tuple[Tensor, Tensor]:
    x = torch.randn(N, D, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long()


def net(*end: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 16), nn.Tanh(), nn.Linear(16, K), *end)


def train(model: nn.Module, loss: Loss, maximize: bool = False) -> LoopDiagnosis:
    x, y = data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, maximize=maximize)
    with whynet.watch(model, optimizer) as w:
        for _ in range(3):
            for part in torch.randperm(N).split(32):
                optimizer.zero_grad()
                loss(model(x[part]), y[part]).backward()
                optimizer.step()
    return w.diagnosis


def accused(diagnosis: LoopDiagnosis) -> list[str]:
    return [one.cause.name for one in (*diagnosis.confirmed, *diagnosis.suspected)]


def rows(y: Tensor) -> Tensor:
    return torch.arange(len(y))


def one_by_one(log_p: Tensor, y: Tensor) -> Tensor:
    loss: Tensor = sum((log_p[i, y[i]] for i in range(len(y))), torch.zeros(()))
    return loss / len(y)


def in_place(log_p: Tensor, y: Tensor) -> Tensor:
    loss = torch.tensor(0.0)
    for i in range(len(y)):
        loss += log_p[i, y[i]]
    return loss / len(y)


PICKED: dict[str, Loss] = {
    "index": lambda log_p, y: log_p[rows(y), y].mean(),
    "index, summed": lambda log_p, y: log_p[rows(y), y].sum() / len(y),
    "gather": lambda log_p, y: log_p.gather(1, y[:, None]).squeeze(1).mean(),
    "gather by name": lambda log_p, y: torch.gather(log_p, dim=1, index=y.view(-1, 1)).mean(),
    "take": lambda log_p, y: torch.take_along_dim(log_p, y[:, None], dim=1).mean(),
    "one-hot": lambda log_p, y: (log_p * F.one_hot(y, K)).sum(dim=1).mean(),
    "one-hot, other way": lambda log_p, y: torch.mean(torch.sum(F.one_hot(y, K).float() * log_p, dim=1)),
    "smoothed": lambda log_p, y: (log_p * (0.9 * F.one_hot(y, K) + 0.1 / K)).sum(dim=1).mean(),
    "mask": lambda log_p, y: log_p[F.one_hot(y, K).bool()].mean(),
    "scaled": lambda log_p, y: 0.5 * log_p[rows(y), y].mean(),
    "one by one": one_by_one,
    "in place": in_place,
}


@pytest.mark.parametrize("name", PICKED)
def test_the_minus_is_missing(name: str) -> None:
    loss = PICKED[name]
    at_the_end = train(net(nn.LogSoftmax(dim=1)), loss)
    assert [one.cause.name for one in at_the_end.confirmed] == ["gradient-sign-flipped"]
    assert "+ loss = -log_p[range(len(y)), y].mean()" in at_the_end.fix
    in_the_loop = train(net(), lambda out, y: loss(out.log_softmax(dim=1), y))
    assert "gradient-sign-flipped" in [one.cause.name for one in in_the_loop.confirmed]


@pytest.mark.parametrize("name", PICKED)
def test_the_minus_is_there(name: str) -> None:
    loss = PICKED[name]
    assert accused(train(net(nn.LogSoftmax(dim=1)), lambda log_p, y: -loss(log_p, y))) == []
    assert accused(train(net(), lambda out, y: -loss(out.log_softmax(dim=1), y))) == []


OTHERWISE: dict[str, Loss] = {
    "log of softmax": lambda out, y: torch.log(out.softmax(1))[rows(y), y].mean(),
    "log of what was picked": lambda out, y: torch.log(out.softmax(1)[rows(y), y] + 1e-8).mean(),
    "by hand": lambda out, y: (out - out.logsumexp(dim=1, keepdim=True))[rows(y), y].mean(),
    "of a distribution": lambda out, y: torch.distributions.Categorical(logits=out).log_prob(y).mean(),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_other_ways_to_a_log_probability(name: str) -> None:
    loss = OTHERWISE[name]
    assert "gradient-sign-flipped" in [one.cause.name for one in train(net(), loss).confirmed]
    assert accused(train(net(), lambda out, y: -loss(out, y))) == []


def advantage(y: Tensor) -> Tensor:
    return torch.linspace(-1, 1, len(y))


def drawn(log_p: Tensor, y: Tensor) -> Tensor:
    """Actions of the network's own, and what they cost."""
    actions = torch.multinomial(log_p.detach().exp(), 1)
    return log_p.gather(1, actions).mean()


PENALTY = torch.ones((), requires_grad=True)
LEFT_ALONE: dict[str, Loss] = {
    "times an advantage": lambda log_p, y: (log_p[rows(y), y] * advantage(y)).mean(),
    "times costs": lambda log_p, y: (log_p[rows(y), y] * advantage(y).abs()).mean(),
    "times the cost of an episode": lambda log_p, y: log_p[rows(y), y].mean() * float(torch.rand(()) + 0.1),
    "one action and its cost": lambda log_p, y: log_p[0, y[0]] * 0.5,
    "actions drawn": drawn,
    "an entropy": lambda log_p, y: (log_p * log_p.exp().detach()).sum(dim=1).mean() - F.nll_loss(log_p, y),
    "a term beside": lambda log_p, y: F.nll_loss(log_p, y) + 0.1 * log_p.gather(1, ((y + 1) % K)[:, None]).mean(),
    "a term of the weights": lambda log_p, y: log_p[rows(y), y].mean() + PENALTY.square(),
    "less than another": lambda log_p, y: (log_p[rows(y), (y + 1) % K] - log_p[rows(y), y]).mean(),
    "one class less likely": lambda log_p, y: log_p[:, 0].mean(),
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_products_and_sums_that_may_be_meant(name: str) -> None:
    assert "gradient-sign-flipped" not in accused(train(net(nn.LogSoftmax(dim=1)), LEFT_ALONE[name]))


def test_a_likelihood_that_is_climbed() -> None:
    assert accused(train(net(nn.LogSoftmax(dim=1)), PICKED["index"], maximize=True)) == []


def test_what_is_read_as_probabilities() -> None:
    x = torch.randn(6, 5, 4)
    assert read(x.log_softmax(dim=2)) == State(True, 2)
    assert read(x.softmax(dim=1)) == State(False, 1)
    assert read(x[0].log_softmax(dim=1)) == State(True, 1)
    for other in (x, x.sigmoid(), -x.abs(), x.long(), torch.zeros(3, 1), torch.zeros(0, 4), x[0, 0].softmax(0)):
        assert read(other) is None
