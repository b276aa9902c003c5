"""Layers on top of each other: shapes found by running, and errors that say which layer, what came in and how to mend it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from whynet.errors import OptionError, ShapeError, UnknownNameError
from whynet.layers.activations import activation, activations
from whynet.layers.stack import layer, sequence, shape_after, stack
from whynet.text import use_language


def test_each_layer_fits_what_comes_out_of_the_one_before() -> None:
    modules, shape = stack(["conv2d(6, 5, padding=2)", "tanh", "avg_pool(2)", "flatten", "linear(120)"], (1, 28, 28))
    assert list(modules) == ["conv2d_0", "tanh_1", "avg_pool_2", "flatten_3", "linear_4"]
    assert shape == (120,)
    assert sequence(modules)(torch.randn(2, 1, 28, 28)).shape == (2, 120)


def test_no_layers_change_nothing() -> None:
    assert stack([], (3, 4)) == ({}, (3, 4))


def test_looking_for_the_shape_leaves_a_module_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    module[2].eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    generator = torch.get_rng_state()
    assert shape_after(module, (4,)) == (3,)
    assert [part.training for part in module] == [True, True, False]
    assert torch.equal(torch.get_rng_state(), generator)
    for name, tensor in module.state_dict().items():
        assert tensor.device.type == "cpu"
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        (["relu", "linear(3)"], ["Layer 1", "linear(3)", "(1, 28, 28)", "(D)", "flatten"]),
        (["flatten", "conv2d(3, 3)"], ["Layer 1", "conv2d(3, 3)", "(784,)", "(C, H, W)", "reshape"]),
        (["avg_pool(20)", "max_pool(2)"], ["Layer 1", "max_pool(2)", "(1, 1, 1)", "padding"]),
        (["conv2d(3, 29)"], ["Layer 0", "conv2d(3, 29)", "(1, 28, 28)", "29 x 29"]),
        (["conv2d(3, 3, groups=2)"], ["Layer 0", "groups", "Its options: conv2d("]),
        (["reshape([3, 5])"], ["Layer 0", "reshape([3, 5])", "784"]),
        (["residual([conv2d(1, 3)])"], ["Layer 0", "body (1, 26, 26)", "shortcut (1, 28, 28)"]),
        (["residual([relu, linear(2)])"], ["Layer 0, residual([relu, linear(2)]): Layer 1, linear(2)"]),
        (["concat([identity, max_pool(2)])"], ["Layer 0", "(1, 28, 28) / (1, 14, 14)"]),
        (["concat([])"], ["Layer 0", "at least one branch"]),
    ],
)  # fmt: skip
def test_a_layer_that_does_not_fit_is_named(specs: list[str], said: list[str]) -> None:
    with pytest.raises(ShapeError) as caught:
        stack(specs, (1, 28, 28))
    message = str(caught.value).replace(" (counted from 0)", "")
    for part in said:
        assert part in message
    with use_language("ko"):
        assert "번 층" in str(caught.value)


def test_the_wrong_option_or_name_is_said_before_any_shape() -> None:
    with pytest.raises(UnknownNameError, match="conv2d"):
        stack(["conv2"], (1, 8, 8))
    with pytest.raises(OptionError, match="kernel"):
        stack(["conv2d(3)"], (1, 8, 8))
    with pytest.raises(OptionError, match="p: expected a number"):
        stack(["dropout(1.5)"], (4,))


def test_batch_norm_and_pools_go_with_the_number_of_axes() -> None:
    assert isinstance(layer("batch_norm", (4,))[0], nn.BatchNorm1d)
    assert isinstance(layer("batch_norm", (4, 2, 2))[0], nn.BatchNorm2d)
    assert isinstance(layer("max_pool(2)", (4, 8))[0], nn.MaxPool1d)


def test_only_activations_pass_for_activations() -> None:
    assert {"relu", "step", "sine", "softmax"} <= set(activations())
    assert not {"dropout", "linear", "flatten"} & set(activations())
    assert isinstance(activation("leaky_relu(slope=0.2)", (4,)), nn.LeakyReLU)
    with pytest.raises(OptionError, match="dropout is a layer but no activation"):
        activation("dropout", (4,))
