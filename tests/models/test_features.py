"""Named features: what every part of a network puts out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import whynet
from whynet.errors import UnknownNameError
from whynet.models.build import build
from whynet.models.features import choose, entering, features
from whynet.text import use_language


class InPlace(nn.Module):
    """Writes over what it was given, runs one module twice and never another."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.relu = nn.ReLU(inplace=True)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.pair = Pair()
        self.unused = nn.Linear(1, 1)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.drop(self.first(x))))
        x += 1
        twice, more = self.pair(x)
        return self.head(self.relu(twice - more["half"]))


class Pair(nn.Module):
    """Returns two tensors."""

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return 2 * x, {"half": x / 2}


def test_the_outputs_are_those_of_the_parts_run_by_hand() -> None:
    net, x = build("lenet5", (1, 28, 28), 10), torch.rand(3, 1, 28, 28)
    seen = features(net, x)
    h = net.conv1(x)  # type: ignore[operator]
    assert torch.equal(seen["conv1"], h)
    assert torch.equal(seen["pool1"], F.max_pool2d(F.relu(h), 2))
    assert torch.equal(seen["head"], net(x))
    assert list(seen) == [name for name, _ in net.named_modules() if name]  # lenet5 names its parts in the order of running


def test_what_works_in_place_does_not_change_what_was_seen() -> None:
    net, x = InPlace().eval(), torch.randn(5, 3)
    seen = features(net, x)
    given = x.clone()
    features(nn.Sequential(nn.ReLU(inplace=True), nn.Flatten()), x)
    assert torch.equal(x, given)
    assert (seen["norm"] < 0).any()  # the relu after it writes over it
    assert torch.equal(seen["relu"], seen["norm"].relu())  # and the += 1 after that
    assert torch.equal(seen["pair"], 2 * (seen["relu"] + 1))
    assert torch.equal(seen["pair[1]"], (seen["relu"] + 1) / 2)
    assert torch.equal(seen["relu#2"], (seen["pair"] - seen["pair[1]"]).relu())
    assert "unused" not in seen


def test_the_network_is_left_as_it_was() -> None:
    net = InPlace().train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    state = torch.random.get_rng_state()
    features(net, torch.randn(5, 3))
    entering(net, torch.randn(5, 3))
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert all(module.training and not module._forward_hooks and not module._forward_pre_hooks for module in net.modules())
    state_after = torch.random.get_rng_state()
    assert not torch.equal(state, state_after)  # of the two randn here, and of nothing else
    torch.random.set_rng_state(state)
    torch.randn(5, 3), torch.randn(5, 3)
    assert torch.equal(torch.random.get_rng_state(), state_after)


def test_a_network_that_fails_is_left_as_it_was_too() -> None:
    net = InPlace().train()
    with pytest.raises(RuntimeError):
        features(net, torch.randn(5, 7))
    assert all(module.training and not module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("head", ["head"]),
        ("conv", ["conv1", "conv2"]),
        ("*1", ["conv1", "act1", "pool1", "dense1"]),
        (["pool2", "conv1", "pool*"], ["pool2", "conv1", "pool1"]),
        ([], []),
    ],
)
def test_names_pick_some(names: Any, expected: list[str]) -> None:
    assert choose(build("lenet5", (1, 28, 28), 10), names) == expected


def test_a_name_that_is_none_is_answered_with_the_nearest() -> None:
    net = build("lenet5", (1, 28, 28), 10)
    with pytest.raises(UnknownNameError, match=r"no part named 'conv3'.*conv1"):
        features(net, torch.zeros(1, 1, 28, 28), "conv3")
    with pytest.raises(UnknownNameError, match=r"'haed'.*head"):
        entering(net, torch.zeros(1, 1, 28, 28), "haed")
    with use_language("ko"), pytest.raises(UnknownNameError, match="unused는 네트워크가 돌 때"):
        features(InPlace(), torch.zeros(2, 3), "unused")


def test_what_enters_the_head_is_what_comes_out_before_it() -> None:
    net, x = build("lenet5", (1, 28, 28), 10), torch.rand(2, 1, 28, 28)
    assert torch.equal(entering(net, x), features(net, x, "act4")["act4"])


def test_gradients_flow_where_the_input_asks_for_them() -> None:
    net, x = build("lenet5", (1, 28, 28), 10), torch.rand(2, 1, 28, 28, requires_grad=True)
    seen = features(net, x, ["conv2", "head"])
    [slope] = torch.autograd.grad(seen["head"][:, 3].sum(), seen["conv2"])
    assert slope.shape == seen["conv2"].shape
    assert slope.any()
    assert not features(net, x.detach())["head"].requires_grad


def test_a_trained_recipe_and_a_kept_run_can_be_looked_into_too(tmp_path: Any) -> None:
    run = whynet.fit(whynet.recipe("iris", "mlp(widths=[4])", epochs=1), whynet.Store(tmp_path))
    x = run.fitted.dataset.test.x
    assert torch.equal(whynet.features(run, x)["head"], run.module(x))
    assert torch.equal(whynet.features(run.fitted, x, "head")["head"], run.module(x))
