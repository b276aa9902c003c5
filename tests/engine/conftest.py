"""Small data sets, and the loop that one would write by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from whynet.data import Dataset, from_tensors
from whynet.engine.arm import Arm
from whynet.engine.events import Outcome
from whynet.engine.fit import follow
from whynet.engine.train import Watching, train

N = 60  # of which 43 are trained on, 5 validated on, 12 tested on


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    """Modules that a test makes by hand begin with the same weights, whatever ran before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="session")
def points() -> Dataset:
    """Three classes in six dimensions."""
    x = drawn(N, 6)
    return from_tensors(x, (x[:, :3] + 0.5 * drawn(N, 3, seed=1)).argmax(dim=1), name="points")


@pytest.fixture(scope="session")
def more_points() -> Dataset:
    """The same shapes in another pool, a hundred times as large."""
    x = 100 * drawn(N, 6, seed=2)
    return from_tensors(x, x[:, :3].argmax(dim=1), name="more points")


@pytest.fixture(scope="session")
def values() -> Dataset:
    """Two values to predict from six."""
    x = drawn(N, 6)
    return from_tensors(x, torch.stack([x[:, 0] * x[:, 1], x[:, 2].sin()], dim=1), name="values")


@pytest.fixture(scope="session")
def pictures() -> Dataset:
    """Three classes of 1×8×8 pictures."""
    x = drawn(N, 1, 8, 8)
    return from_tensors(x, x.mean(dim=(1, 2, 3)).argsort().argsort() * 3 // N, name="pictures")


Loop = Callable[..., tuple[list[float], nn.Module]]


@pytest.fixture(scope="session")
def by_hand() -> Loop:
    """The training of an arm as a plain PyTorch loop: only the initial weights and the order of examples are taken from it."""

    def loop(
        arm: Arm,
        optimizer: Callable[..., torch.optim.Optimizer],
        loss: Callable[[Tensor, Tensor], Tensor],
        clip: Callable[[list[nn.Parameter]], object] = lambda parameters: None,
        rate: Callable[[int], float] | None = None,
    ) -> tuple[list[float], nn.Module]:
        module = arm.network.load(arm.network.initial, arm.network.buffers).train()
        rule = optimizer(module.parameters())
        losses: list[float] = []
        epoch = 0
        while len(losses) < arm.total_steps:
            for positions in arm.order(epoch)[: arm.total_steps - len(losses)]:
                if rate is not None:
                    for group in rule.param_groups:
                        group["lr"] = rate(len(losses))
                rule.zero_grad()
                value = loss(module(arm.dataset.train.pool_x[positions]), arm.dataset.train.pool_y[positions])
                value.backward()
                clip(list(module.parameters()))
                rule.step()
                losses.append(value.item())
            epoch += 1
        return losses, module.eval()

    return loop


@pytest.fixture(scope="session")
def trained() -> Callable[..., list[Outcome]]:
    """Arms trained as one, without looking on."""

    def run(*arms: Arm, tier: str = "eager", **watching: object) -> list[Outcome]:
        return follow(train(arms, Watching(**{"evaluations": 1, **watching}), tier))

    return run
