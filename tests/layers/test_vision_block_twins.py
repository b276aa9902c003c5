"""The blocks of the convolutional classifiers against their formulas, written out with torch's own functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from whynet.errors import ShapeError
from whynet.layers.stack import layer
from whynet.registry import bind

Twin = Callable[..., Tensor]
TWINS: dict[str, Twin] = {}
SETTINGS: list[tuple[str, tuple[int, ...]]] = []


def twin(*settings: tuple[str, tuple[int, ...]]) -> Callable[[Twin], Twin]:
    def keep(function: Twin) -> Twin:
        TWINS[function.__name__.removesuffix("_twin")] = function
        SETTINGS.extend(settings)
        return function

    return keep


def _conv(x: Tensor, state: Any, name: str, stride: int = 1, padding: int = 0) -> Tensor:
    return F.conv2d(x, state[f"{name}.weight"], state.get(f"{name}.bias"), stride, padding)


def _norm(x: Tensor, state: Any, name: str, eps: float = 1e-5) -> Tensor:
    gamma, beta, mean, var = (
        state[f"{name}.{key}"][:, None, None] for key in ("weight", "bias", "running_mean", "running_var")
    )
    return gamma * (x - mean) / (var + eps).sqrt() + beta


def _shortcut(x: Tensor, state: Any, like: Tensor, stride: int, kind: str) -> Tensor:
    if x.shape == like.shape:
        return x
    if kind == "B":
        return _norm(_conv(x, state, "shortcut.conv", stride), state, "shortcut.norm")
    out, first = torch.zeros_like(like), (like.shape[1] - x.shape[1]) // 2
    for c in range(x.shape[1]):
        out[:, first + c] = x[:, c, ::stride, ::stride]
    return out


@twin(
    ("basic_block(3)", (3, 4, 4)),
    ("basic_block(4, stride=2)", (3, 5, 4)),
    ('basic_block(6, stride=2, shortcut="A")', (3, 5, 4)),
    ('basic_block(3, stride=2, shortcut="A")', (3, 4, 4)),
)
def basic_block_twin(x: Tensor, state: Any, channels: int, stride: int = 1, shortcut: str = "B") -> Tensor:
    h = _norm(_conv(x, state, "conv1", stride, 1), state, "norm1").relu()
    h = _norm(_conv(h, state, "conv2", 1, 1), state, "norm2")
    assert h.shape[1] == channels
    return (h + _shortcut(x, state, h, stride, shortcut)).relu()


@twin(("bottleneck(2)", (8, 4, 3)), ("bottleneck(2, stride=2)", (3, 4, 5)), ('bottleneck(2, shortcut="A")', (4, 3, 3)))
def bottleneck_twin(x: Tensor, state: Any, channels: int, stride: int = 1, shortcut: str = "B") -> Tensor:
    h = _norm(_conv(x, state, "conv1"), state, "norm1").relu()
    h = _norm(_conv(h, state, "conv2", stride, 1), state, "norm2").relu()
    h = _norm(_conv(h, state, "conv3"), state, "norm3")
    assert h.shape[1] == 4 * channels
    return (h + _shortcut(x, state, h, stride, shortcut)).relu()


@twin(("inception(2, [1, 3], [2, 1], 2)", (2, 5, 4)), ('inception(1, [2, 2], [1, 2], 1, norm="batch", large=3)', (2, 4, 4)))
def inception_twin(
    x: Tensor, state: Any, one: int, three: Any, five: Any, pool: int, norm: str | None = None, large: int = 5
) -> Tensor:
    def unit(x: Tensor, name: str, padding: int = 0) -> Tensor:
        z = _conv(x, state, f"{name}.conv", 1, padding)
        return (_norm(z, state, f"{name}.norm", 1e-3) if norm else z).relu()

    largest = torch.stack([F.pad(x, (1, 1, 1, 1), value=-math.inf).roll((i, j), (2, 3)) for i in (0, 1, 2) for j in (0, 1, 2)])
    branches = [
        unit(x, "one"),
        unit(unit(x, "three.0"), "three.1", 1),
        unit(unit(x, "five.0"), "five.1", large // 2),
        unit(largest.amax(0)[:, :, 2:, 2:], "pool.1"),
    ]
    assert [branch.shape[1] for branch in branches] == [one, three[1], five[1], pool]
    return torch.cat(branches, dim=1)


@twin(("dense_block(3, 2)", (2, 3, 4)), ("dense_block(1, 2, bottleneck=1, dropout=0.5)", (3, 3, 3)))
def dense_block_twin(x: Tensor, state: Any, layers: int, growth: int, bottleneck: int = 4, dropout: float = 0.0) -> Tensor:
    seen = [x]
    for i in range(layers):
        h = _conv(_norm(torch.cat(seen, dim=1), state, f"{i}.norm1").relu(), state, f"{i}.conv1")
        assert h.shape[1] == bottleneck * growth
        seen.append(_conv(_norm(h, state, f"{i}.norm2").relu(), state, f"{i}.conv2", 1, 1))
        assert seen[-1].shape[1] == growth
    return torch.cat(seen, dim=1)


@twin(("transition", (5, 4, 5)), ("transition(1)", (2, 2, 2)))
def transition_twin(x: Tensor, state: Any, compression: float = 0.5) -> Tensor:
    h = _conv(_norm(x, state, "norm").relu(), state, "conv")
    assert h.shape[1] == math.floor(compression * x.shape[1])
    height, width = h.shape[2] // 2 * 2, h.shape[3] // 2 * 2
    return sum(h[:, :, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)) / 4  # type: ignore[return-value]


@twin(("mlpconv([3, 2, 4], 3)", (2, 4, 4)), ("mlpconv([3], 3, padding=0)", (2, 4, 5)))
def mlpconv_twin(x: Tensor, state: Any, channels: list[int], kernel: int, padding: int | None = None) -> Tensor:
    x = _conv(x, state, "conv1", 1, kernel // 2 if padding is None else padding).relu()
    for number, width in enumerate(channels[1:], 2):  # a linear layer across the channels of each pixel
        flat = torch.einsum("bchw,oc->bohw", x, state[f"conv{number}.weight"][:, :, 0, 0])
        x = (flat + state[f"conv{number}.bias"][:, None, None]).relu()
        assert x.shape[1] == width
    return x


@twin(("vgg_block(2, 3)", (2, 4, 5)), ('vgg_block(1, 3, norm="batch", pool=False)', (2, 3, 3)))
def vgg_block_twin(
    x: Tensor, state: Any, convolutions: int, channels: int, norm: str | None = None, pool: bool = True
) -> Tensor:
    for number in range(1, convolutions + 1):
        x = _conv(x, state, f"conv{number}", 1, 1)
        x = (_norm(x, state, f"norm{number}") if norm else x).relu()
    assert x.shape[1] == channels
    height, width = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    return torch.stack([x[:, :, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]).amax(0) if pool else x


@twin(("local_response_norm", (7, 2, 2)), ("local_response_norm(4, alpha=0.5, beta=2, k=1)", (7, 2, 3)))
def local_response_norm_twin(
    x: Tensor, state: Any, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0
) -> Tensor:
    return F.local_response_norm(x, size, alpha * size, beta, k)  # torch divides α by the size


@pytest.mark.parametrize(("spec", "shape"), SETTINGS, ids=[setting[0] for setting in SETTINGS])
def test_the_block_agrees_with_its_twin(spec: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module, after = layer(spec, shape)
    module = module.double().eval()
    for number, buffer in enumerate(module.buffers()):  # running statistics as training would leave them
        if buffer.ndim:
            buffer.copy_(torch.rand_like(buffer) + number + 0.5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter))
        x = torch.randn(3, *shape, dtype=torch.double)
        expected = TWINS[spec.partition("(")[0]](x, module.state_dict(), **bind("layer", spec)[1])
        torch.testing.assert_close(module(x), expected, rtol=1e-9, atol=1e-12)
    assert expected.shape == (3, *after)


def test_a_dense_layer_drops_out_what_is_new_in_training() -> None:
    module, _ = layer("dense_block(1, 50, dropout=0.5)", (2, 4, 4))
    x = torch.randn(8, 2, 4, 4)
    out = module(x)
    assert torch.equal(out[:, :2], x)
    share = float((out[:, 2:] == 0).float().mean())
    assert abs(share - 0.5) < 5 * math.sqrt(0.25 / out[:, 2:].numel())


def test_zeros_cannot_take_channels_away() -> None:
    with pytest.raises(ShapeError, match=r"8 channels before the block, 4 after.*shortcut=\"B\""):
        layer('basic_block(4, shortcut="A")', (8, 4, 4))
    assert layer("basic_block(4)", (8, 4, 4))[1] == (4, 4, 4)
