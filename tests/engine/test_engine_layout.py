"""Pictures laid out with channels innermost: the same answers and gradients, whatever lies where."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, vmap

from whynet.engine.layout import MANY, channels_last, gains_from_channels_last
from whynet.engine.network import Network, clone
from whynet.engine.outputs import CONVOLVED, outputs


def convolutional(inputs: int, width: int = MANY) -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(inputs, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(width, 8, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8 * 2 * 2, 3),
    )  # fmt: skip


@pytest.mark.parametrize("inputs", [1, 3])
def test_answers_and_gradients_are_those_of_plain_torch(inputs: int) -> None:
    module = convolutional(inputs)
    network, x = Network(module), torch.randn(5, inputs, 8, 8)
    assert network._channels_last

    def loss(weights: Tensor) -> Tensor:
        return network(weights, clone(network.buffers), x).square().sum()

    network.train()
    module(x).square().sum().backward()
    expected = torch.cat([p.grad.reshape(-1) for p in module.parameters() if p.grad is not None])
    torch.testing.assert_close(grad(loss)(network.initial), expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))
    network.eval()
    module.eval()
    fresh = convolutional(inputs).eval()
    torch.testing.assert_close(network(network.initial, dict(network.buffers), x), fresh(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 1, 4, 5), (2, 3, 4, 5), (1, 1, 1, 1)])
def test_only_strides_change(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    laid = channels_last(x)
    assert torch.equal(laid, x)
    assert laid.shape == x.shape
    assert laid.is_contiguous(memory_format=torch.channels_last)
    assert laid.stride(1) == 1


def test_a_part_of_a_batch_keeps_its_values() -> None:
    whole = torch.randn(6, 1, 4, 4)
    assert torch.equal(channels_last(whole[2:5]), whole[2:5])


def test_what_is_no_picture_stays_as_it_is() -> None:
    rows = torch.randn(4, 7)
    assert channels_last(rows) is rows
    batches = torch.randn(3, 2, 3, 4, 4)
    assert torch.equal(vmap(lambda part: channels_last(part) + 0)(batches), batches)


def test_narrow_networks_and_those_without_convolutions_gain_nothing() -> None:
    assert gains_from_channels_last(convolutional(1))
    assert not gains_from_channels_last(convolutional(1, width=MANY - 1))
    assert not gains_from_channels_last(nn.Linear(4, 64))


def test_evaluation_in_parts_answers_as_the_whole_does() -> None:
    network = Network(convolutional(3))
    x = torch.randn(2 * CONVOLVED + 3, 3, 8, 8)
    network.eval()
    whole = network(network.initial, dict(network.buffers), x)
    torch.testing.assert_close(outputs(network, network.initial, network.buffers, x, 0), whole, rtol=1e-4, atol=1e-5)
