"""Wiring faults that one batch shows without a loop, and the mixing of examples, on many architectures."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from whynet.doctor.fault import PROVED
from whynet.doctor.wires import faults, wiring_of

B, T, D, K = 6, 5, 8, 3


def proved(module: nn.Module, x: Tensor, y: Tensor, loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy) -> list[str]:
    found = wiring_of(module, loss, torch.optim.SGD(module.parameters(), lr=0.1), x, y)
    assert len(found) == len(faults())
    return sorted(one.cause.name for one in found if one.strength >= PROVED)


def labels(n: int = B) -> Tensor:
    return torch.arange(n) % K


class Made(nn.Module):
    """A function of a layer and the input, as a module."""

    def __init__(self, layer: nn.Module, how: Callable[[nn.Module, Tensor], Tensor], outs: int) -> None:
        super().__init__()
        self.layer, self.how, self.answer = layer, how, nn.Linear(outs, K)

    def forward(self, x: Tensor) -> Tensor:
        return self.answer(self.how(self.layer, x))


def time_first(layer: nn.Module, x: Tensor) -> Tensor:
    return layer(x)[0][-1]


SEQUENCE, IMAGES = torch.randn(B, T, D), torch.randn(B, 3, 8, 8)
INDEPENDENT = {
    "linear": (Made(nn.Linear(D, 4), lambda f, x: f(x), 4), torch.randn(B, D)),
    "convolution": (Made(nn.Conv2d(3, 4, 3), lambda f, x: f(x).relu().mean((2, 3)), 4), IMAGES),
    "batch norm": (Made(nn.BatchNorm2d(3), lambda f, x: f(x).flatten(1), 192), IMAGES),
    "batch norm without statistics": (
        Made(nn.BatchNorm1d(D, track_running_stats=False), lambda f, x: f(x), D),
        torch.randn(B, D),
    ),
    "group norm": (Made(nn.GroupNorm(1, 3), lambda f, x: f(x).flatten(1), 192), IMAGES),
    "gru": (Made(nn.GRU(D, 4, batch_first=True), lambda f, x: f(x)[0][:, -1], 4), SEQUENCE),
    "gru, transposed inside": (Made(nn.GRU(D, 4), lambda f, x: f(x.transpose(0, 1))[0][-1], 4), SEQUENCE),
    "gru, time first": (Made(nn.GRU(D, 4), time_first, 4), SEQUENCE.transpose(0, 1).contiguous()),
    "attention": (Made(nn.TransformerEncoderLayer(D, 2, 16, batch_first=True), lambda f, x: f(x).mean(1), D), SEQUENCE),
    "attention, time first": (
        Made(nn.TransformerEncoderLayer(D, 2, 16), lambda f, x: f(x).mean(0), D),
        SEQUENCE.transpose(0, 1),
    ),
    "words": (Made(nn.Embedding(20, 4), lambda f, x: f(x).mean(1), 4), torch.randint(0, 20, (B, T))),
}
MIXED = {
    "view of channels": (Made(nn.Linear(3, 4), lambda f, x: f(x.permute(1, 0, 2, 3).reshape(B, 64, 3)).mean(1), 4), IMAGES),
    "view of time": (Made(nn.GRU(D, 4), lambda f, x: f(x.contiguous().view(T, B, D))[0][-1], 4), SEQUENCE),
    "gru told nothing of its axes": (Made(nn.GRU(D, 4), lambda f, x: f(x)[0][:, -1], 4), SEQUENCE),
    "mean over the batch": (Made(nn.Linear(D, 4), lambda f, x: f(x - x.mean(0)), 4), torch.randn(B, D)),
    "flatten and back": (Made(nn.Linear(D, 4), lambda f, x: f(x.t().reshape(B, D)), 4), torch.randn(B, D)),
    "words": (Made(nn.Embedding(20, 4), lambda f, x: f(x.t().reshape(B, T)).mean(1), 4), torch.randint(0, 20, (B, T))),
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_independent_examples(name: str) -> None:
    assert proved(*INDEPENDENT[name], labels()) == []


@pytest.mark.parametrize("name", MIXED)
def test_mixed_examples(name: str) -> None:
    assert proved(*MIXED[name], labels()) == ["batch-leakage"]


def test_leakage_agrees_with_the_whole_jacobian() -> None:
    module, x = MIXED["flatten and back"]
    jacobian = torch.autograd.functional.jacobian(module, x)  # (B, K, B, D)
    reached = jacobian.abs().amax(dim=(1, 3)) > 0
    reached.fill_diagonal_(False)
    found = wiring_of(module, F.cross_entropy, None, x, labels())
    leak = next(one for one in found if one.cause.name == "batch-leakage")
    assert str(leak.evidence[0].observed) == f"{int(reached.sum())} of {B * (B - 1)}"


def test_more_faults_of_one_batch() -> None:
    x = torch.randn(B, D)
    softmax = nn.Sequential(nn.Linear(D, K), nn.Softmax(dim=1))
    assert proved(softmax, x, labels()) == ["softmax-before-logits-loss"]
    assert "wrong-reduction-axis" in proved(nn.Sequential(nn.Linear(D, K), nn.Softmax(dim=0)), x, labels())
    assert proved(nn.Sequential(nn.Linear(D, K), nn.ReLU()), x, labels()) == ["activation-on-logits"]
    assert proved(nn.Linear(D, 1), x, torch.randn(B), F.mse_loss) == ["label-shape-broadcasting"]
    assert proved(nn.Linear(D, 1), x, torch.randn(B, 1), F.mse_loss) == []
    frozen = nn.Sequential(nn.Linear(D, D), nn.ReLU(), nn.Linear(D, K))
    frozen[0].requires_grad_(False)
    assert proved(frozen, x, labels()) == ["frozen-parameters"]


def test_an_optimizer_of_something_else() -> None:
    module = nn.Linear(D, K)
    found = wiring_of(
        module, F.cross_entropy, torch.optim.SGD(nn.Linear(D, K).parameters(), lr=0.1), torch.randn(B, D), labels()
    )
    assert [one.cause.name for one in found if one.strength >= PROVED] == ["optimizer-misses-parameters"]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    optimizer.param_groups[0]["lr"] = -0.1
    found = wiring_of(module, F.cross_entropy, optimizer, torch.randn(B, D), labels())
    assert [one.cause.name for one in found if one.strength >= PROVED] == ["negative-learning-rate"]


def test_nothing_given_is_touched() -> None:
    module = nn.Sequential(nn.Linear(D, D), nn.BatchNorm1d(D), nn.Dropout(), nn.Linear(D, K)).eval()
    heard: list[int] = []
    module.register_forward_hook(lambda *_: heard.append(1))
    optimizer = torch.optim.Adam(module.parameters())
    before, state = copy.deepcopy(module.state_dict()), torch.get_rng_state()
    wiring_of(module, F.cross_entropy, optimizer, torch.randn(B, D, generator=torch.Generator()), labels())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None for p in module.parameters())
    assert not module.training
    assert heard == []
    assert not optimizer.state


def test_a_loss_that_fails_still_says_what_was_seen() -> None:
    def broken(out: Tensor, y: Tensor) -> Tensor:
        raise ValueError("own")

    found = wiring_of(nn.Linear(D, K), broken, None, torch.randn(B, D), labels())
    assert [one.cause.name for one in found if one.strength >= PROVED] == []
