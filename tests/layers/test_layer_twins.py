"""Every registered layer against a slow, obvious twin in NumPy. A layer without a twin fails here.

A twin gets the input, the layer's weights and the options of the spec; the defaults in its signature are the documented ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import erf

import whynet.layers  # noqa: F401  registers them
from whynet.layers.stack import layer
from whynet.registry import bind, names

Array = np.ndarray
Twin = Callable[..., Array]
TWINS: dict[str, Twin] = {}
SETTINGS: list[tuple[str, tuple[int, ...]]] = []


def twin(*settings: tuple[str, tuple[int, ...]]) -> Callable[[Twin], Twin]:
    def keep(function: Twin) -> Twin:
        TWINS[function.__name__.removesuffix("_twin")] = function
        SETTINGS.extend(settings)
        return function

    return keep


@pytest.mark.parametrize(("spec", "shape"), SETTINGS, ids=[setting[0] for setting in SETTINGS])
def test_the_layer_agrees_with_its_twin(spec: str, shape: tuple[int, ...]) -> None:
    module, _ = layer(spec, shape)
    module = module.double().eval()
    for number, buffer in enumerate(module.buffers()):  # running statistics as training would leave them
        if buffer.ndim:
            buffer.copy_(torch.rand_like(buffer) + number + 0.5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter))
    x = torch.randn(3, *shape, dtype=torch.double)
    state = {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
    expected = TWINS[spec.partition("(")[0]](x.numpy(), state, **bind("layer", spec)[1])
    with torch.no_grad():
        np.testing.assert_allclose(module(x).numpy(), expected, rtol=1e-9, atol=1e-12)


def test_every_layer_has_a_twin() -> None:
    """Here, or as a function ``<layer>_twin`` in a file beside this one."""
    beside = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert set(names("layer")) == set(re.findall(r"^def (?!test_)(\w+)_twin\(", beside, re.MULTILINE))
    assert set(TWINS) == {spec.partition("(")[0] for spec, _ in SETTINGS}


def _each(f: Callable[[float], float], x: Array) -> Array:
    return np.array([f(float(value)) for value in x.reshape(-1)]).reshape(x.shape)


# --- activations, one number at a time ---------------------------------------------------------------------------------


@twin(("relu", (2, 5)))
def relu_twin(x: Array, state: Any) -> Array:
    return _each(lambda v: v if v > 0 else 0.0, x)


@twin(("leaky_relu", (9,)), ("leaky_relu(slope=0.3)", (9,)))
def leaky_relu_twin(x: Array, state: Any, slope: float = 0.01) -> Array:
    return _each(lambda v: v if v > 0 else slope * v, x)


@twin(("prelu", (9,)), ("prelu(per_channel=True)", (3, 4)))
def prelu_twin(x: Array, state: Any, per_channel: bool = False) -> Array:
    assert state["weight"].shape == ((x.shape[1],) if per_channel else (1,))
    slope = state["weight"].reshape(-1, *[1] * (x.ndim - 2))
    return np.where(x > 0, x, slope * x)


@twin(("elu", (9,)), ("elu(alpha=2)", (9,)))
def elu_twin(x: Array, state: Any, alpha: float = 1.0) -> Array:
    return _each(lambda v: v if v > 0 else alpha * (math.exp(v) - 1), x)


@twin(("gelu", (9,)))
def gelu_twin(x: Array, state: Any) -> Array:
    return x * (1 + erf(x / math.sqrt(2))) / 2


@twin(("silu", (9,)))
def silu_twin(x: Array, state: Any) -> Array:
    return _each(lambda v: v / (1 + math.exp(-v)), x)


@twin(("sigmoid", (9,)))
def sigmoid_twin(x: Array, state: Any) -> Array:
    return _each(lambda v: 1 / (1 + math.exp(-v)), x)


@twin(("tanh", (9,)))
def tanh_twin(x: Array, state: Any) -> Array:
    return _each(math.tanh, x)


@twin(("softplus", (9,)))
def softplus_twin(x: Array, state: Any) -> Array:
    return _each(lambda v: math.log(1 + math.exp(v)), x)


@twin(("sine", (9,)), ("sine(omega0=2)", (9,)))
def sine_twin(x: Array, state: Any, omega0: float = 30.0) -> Array:
    return _each(lambda v: math.sin(omega0 * v), x)


@twin(("step", (9,)))
def step_twin(x: Array, state: Any) -> Array:
    return _each(lambda v: 1.0 if v >= 0 else 0.0, x)


@twin(("sign", (9,)))
def sign_twin(x: Array, state: Any) -> Array:
    return _each(lambda v: math.copysign(1.0, v) if v else 0.0, x)


@twin(("hebbian(4)", (9,)), ("hebbian(2, learns=False)", (3,)))
def hebbian_twin(x: Array, state: Any, units: int, learns: bool = True) -> Array:
    return np.array([[sum(a * b for a, b in zip(example, row, strict=True)) for row in state["weight"]] for example in x])


@twin(("identity", (9,)))
def identity_twin(x: Array, state: Any) -> Array:
    return x


@twin(("softmax", (2, 5)), ("softmax(dim=1)", (2, 5)))
def softmax_twin(x: Array, state: Any, dim: int = -1) -> Array:
    return np.exp(x) / np.exp(x).sum(dim, keepdims=True)


# --- layers with weights -----------------------------------------------------------------------------------------------


@twin(("linear(4)", (6,)), ("linear(4)", (3, 6)), ("linear(4, bias=False)", (6,)))
def linear_twin(x: Array, state: Any, units: int, bias: bool = True) -> Array:
    weight = state["weight"]
    shift = state["bias"] if bias else np.zeros(units)
    out = np.zeros((*x.shape[:-1], units))
    for *at, unit in np.ndindex(out.shape):
        out[(*at, unit)] = shift[unit] + sum(weight[unit, d] * x[(*at, d)] for d in range(x.shape[-1]))
    return out


@twin(
    ("conv2d(4, 3)", (2, 6, 5)),
    ("conv2d(4, [3, 2], stride=2, padding=1, bias=False)", (2, 6, 5)),
    ("conv2d(4, 2, dilation=2, groups=2)", (4, 5, 5)),
)
def conv2d_twin(
    x: Array, state: Any, channels: int, kernel: Any, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1,
    bias: bool = True,
) -> Array:  # fmt: skip
    weight, shift = state["weight"], state["bias"] if bias else np.zeros(channels)
    kh, kw = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    assert weight.shape == (channels, x.shape[1] // groups, kh, kw)
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height = (x.shape[2] - dilation * (kh - 1) - 1) // stride + 1
    width = (x.shape[3] - dilation * (kw - 1) - 1) // stride + 1
    out = np.zeros((len(x), channels, height, width))
    for b, o, i, j in np.ndindex(out.shape):
        first = o // (channels // groups) * weight.shape[1]  # the channels that this filter's group sees
        out[b, o, i, j] = shift[o]
        for c, u, v in np.ndindex(weight.shape[1:]):
            out[b, o, i, j] += weight[o, c, u, v] * x[b, first + c, i * stride + u * dilation, j * stride + v * dilation]
    return out


@twin(("conv1d(4, 3)", (2, 8)), ("conv1d(4, 3, stride=2, padding=2, dilation=2)", (2, 8)))
def conv1d_twin(
    x: Array, state: Any, channels: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Array:  # fmt: skip
    weight, shift = state["weight"], state["bias"]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    steps = (x.shape[2] - dilation * (kernel - 1) - 1) // stride + 1
    out = np.zeros((len(x), channels, steps))
    for b, o, t in np.ndindex(out.shape):
        taps = [weight[o, c, u] * x[b, c, t * stride + u * dilation] for c, u in np.ndindex(x.shape[1], kernel)]
        out[b, o, t] = shift[o] + sum(taps)
    return out


@twin(("batch_norm", (4,)), ("batch_norm", (4, 3)), ("batch_norm", (4, 3, 2)))
def batch_norm_twin(x: Array, state: Any) -> Array:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        mean, variance = state["running_mean"][c], state["running_var"][c]
        out[:, c] = (x[:, c] - mean) / math.sqrt(variance + 1e-5) * state["weight"][c] + state["bias"][c]
    return out


@twin(("layer_norm", (5,)), ("layer_norm", (3, 5)), ("layer_norm", (3, 4, 4)))
def layer_norm_twin(x: Array, state: Any) -> Array:
    axes = state["weight"].ndim  # over the last axes, as many as there are weights
    flat = x.reshape(-1, *x.shape[x.ndim - axes :])
    rows = [(row - row.mean()) / math.sqrt(row.var() + 1e-5) * state["weight"] + state["bias"] for row in flat]
    return np.array(rows).reshape(x.shape)


@twin(("group_norm(2)", (6, 3)), ("group_norm(3)", (6, 2, 2)))
def group_norm_twin(x: Array, state: Any, groups: int) -> Array:
    out, size = np.empty_like(x), x.shape[1] // groups
    for b, g in np.ndindex(len(x), groups):
        group = x[b, g * size : (g + 1) * size]
        out[b, g * size : (g + 1) * size] = (group - group.mean()) / math.sqrt(group.var() + 1e-5)
    per_channel = (-1, *[1] * (x.ndim - 2))
    return out * state["weight"].reshape(per_channel) + state["bias"].reshape(per_channel)


# --- layers without ----------------------------------------------------------------------------------------------------


def _pool(x: Array, size: int, stride: int, reduce: Callable[[Array], float]) -> Array:
    places = [range((length - size) // stride + 1) for length in x.shape[2:]]
    out = np.empty((*x.shape[:2], *map(len, places)))
    for b, c, *at in np.ndindex(out.shape):
        window = tuple(slice(i * stride, i * stride + size) for i in at)
        out[(b, c, *at)] = reduce(x[(b, c, *window)])
    return out


@twin(("max_pool(2)", (2, 5, 4)), ("max_pool(3, stride=1)", (2, 5, 4)), ("max_pool(2)", (2, 5)))
def max_pool_twin(x: Array, state: Any, size: int, stride: int | None = None) -> Array:
    return _pool(x, size, stride or size, np.max)


@twin(("avg_pool(2)", (2, 5, 4)), ("avg_pool(3, stride=1)", (2, 5, 4)), ("avg_pool(2)", (2, 5)))
def avg_pool_twin(x: Array, state: Any, size: int, stride: int | None = None) -> Array:
    return _pool(x, size, stride or size, np.mean)


@twin(("global_avg_pool", (3, 4)), ("global_avg_pool", (3, 4, 2)))
def global_avg_pool_twin(x: Array, state: Any) -> Array:
    return np.array([[channel.mean() for channel in example] for example in x])


@twin(("flatten", (2, 3, 4)), ("flatten", (5,)))
def flatten_twin(x: Array, state: Any) -> Array:
    return np.array([list(example.flat) for example in x])


@twin(("reshape([3, -1])", (2, 6)), ("reshape([1, 4, 4])", (16,)))
def reshape_twin(x: Array, state: Any, shape: list[int]) -> Array:
    return np.array([np.array(list(example.flat)).reshape(shape) for example in x])


@twin(("dropout(0.9)", (7,)))
def dropout_twin(x: Array, state: Any, p: float) -> Array:
    return x  # in evaluation; training is below


@twin(("noise(3)", (7,)))
def noise_twin(x: Array, state: Any, std: float) -> Array:
    return x


@twin(("noisy_linear(2, 3)", (4,)))
def noisy_linear_twin(x: Array, state: Any, units: int, std: float) -> Array:
    return x @ state["weight"].T + state["bias"]


@twin(("random_shift(1)", (2, 3, 3)))
def random_shift_twin(x: Array, state: Any, most: int) -> Array:
    return x


@twin(("random_flip(0.5)", (2, 3, 3)))
def random_flip_twin(x: Array, state: Any, p: float) -> Array:
    return x


@twin(("residual([tanh])", (4,)), ("residual([linear(2)], shortcut=[linear(2, bias=False)])", (4,)))
def residual_twin(x: Array, state: Any, body: Any, shortcut: Any = ()) -> Array:
    if not state:  # residual([tanh])
        return x + np.tanh(x)
    through = x @ state["body.linear_0.weight"].T + state["body.linear_0.bias"]
    return through + x @ state["shortcut.linear_0.weight"].T


@twin(("concat([identity, [tanh, sigmoid], relu])", (4,)), ("concat([identity, [tanh, sigmoid], relu])", (2, 3, 3)))
def concat_twin(x: Array, state: Any, branches: Any) -> Array:
    return np.concatenate([x, 1 / (1 + np.exp(-np.tanh(x))), np.maximum(x, 0)], axis=1)


# --- in training -------------------------------------------------------------------------------------------------------


def test_dropout_silences_some_and_scales_the_rest() -> None:
    module, _ = layer("dropout(0.25)", (1000,))
    out = module(torch.ones(20, 1000))
    assert out.unique().tolist() == pytest.approx([0, 1 / 0.75])
    kept = float((out > 0).float().mean())
    assert abs(kept - 0.75) < 5 * math.sqrt(0.75 * 0.25 / 20_000)  # five standard errors


def test_noise_has_the_standard_deviation_asked_for() -> None:
    module, _ = layer("noise(0.5)", (1000,))
    added = module(torch.full((20, 1000), 3.0)) - 3
    assert abs(float(added.mean())) < 5 * 0.5 / math.sqrt(20_000)
    assert abs(float(added.std()) / 0.5 - 1) < 5 / math.sqrt(2 * 20_000)


def test_noisy_weights_have_the_standard_deviation_asked_for_and_are_one_draw_a_batch() -> None:
    module, _ = layer("noisy_linear(1000, 0.5, bias=False)", (1,))
    out = module(torch.ones(2, 1)) - module.weight.T
    assert torch.equal(out[0], out[1])
    assert abs(float(out[0].detach().std()) / 0.5 - 1) < 5 / math.sqrt(2 * 1000)


def test_a_shift_is_one_of_all_equally_likely_ones() -> None:
    """A single lit pixel in the middle comes to lie on each of nine places alike; at the edge it may leave the picture."""
    module, _ = layer("random_shift(1)", (1, 5, 5))
    x = torch.zeros(9000, 2, 5, 5)
    x[:, 0, 2, 2], x[:, 1, 0, 4] = 1.0, 1.0
    out = module(x)
    share = out[:, 0].mean(0)
    assert (share[1:4, 1:4] - 1 / 9).abs().max() < 5 * math.sqrt(8 / 81 / 9000)
    assert float(share.sum()) == pytest.approx(1)
    assert abs(float(out[:, 1].mean(0).sum()) - 4 / 9) < 5 * math.sqrt(20 / 81 / 9000)
    moved = out[:, 0].flatten(1).argmax(1)
    up, left = 2 - moved // 5, 2 - moved % 5
    for i in range(20):  # both channels move together
        expected = torch.zeros(7, 7)
        expected[1 - up[i], 5 - left[i]] = 1.0
        assert torch.equal(out[i, 1], expected[1:6, 1:6])


def test_a_flip_mirrors_about_a_share_of_the_pictures() -> None:
    module, _ = layer("random_flip(0.25)", (1, 2, 3))
    x = torch.arange(6.0).reshape(1, 1, 2, 3).expand(4000, 1, 2, 3)
    out = module(x)
    mirrored = (out == x.flip(-1)).flatten(1).all(1)
    assert bool(((out == x).flatten(1).all(1) ^ mirrored).all())
    assert abs(float(mirrored.float().mean()) - 0.25) < 5 * math.sqrt(0.25 * 0.75 / 4000)


def test_batch_norm_standardises_the_batch_and_remembers_it() -> None:
    module, _ = layer("batch_norm(momentum=0.25)", (3, 4, 4))
    module = module.double()
    x = torch.randn(6, 3, 4, 4, dtype=torch.double) * 7 + 2
    out = module(x)
    for c in range(3):
        values = x[:, c].numpy()
        expected = (values - values.mean()) / math.sqrt(values.var() + 1e-5)
        np.testing.assert_allclose(out[:, c].detach().numpy(), expected, atol=1e-10)
        assert float(module.running_mean[c]) == pytest.approx(0.25 * values.mean())
        assert float(module.running_var[c]) == pytest.approx(0.75 + 0.25 * values.var(ddof=1))


def test_the_sign_stops_the_gradient_with_zeros() -> None:
    module, _ = layer("sign", (5,))
    x = torch.tensor([[-2.0, -1e-9, 0.0, 1e-9, 3.0]], requires_grad=True)
    out = module(x)
    assert out.tolist() == [[-1, -1, 0, 1, 1]]
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0] * 5]


@pytest.mark.parametrize("learns", [True, False])
def test_a_hebbian_layer_moves_by_the_product_of_signs_whatever_is_wanted_of_it(learns: bool) -> None:
    module, _ = layer(f"hebbian(3, learns={learns})", (4,))
    x = torch.randn(5, 4, requires_grad=True)
    z = module(x)
    wanted = torch.randn_like(z)
    z.backward(wanted)
    (weight,) = module.parameters()
    assert weight.grad is not None
    assert x.grad is not None
    for i in range(3):
        for j in range(4):
            agreed = sum(math.copysign(1, z[b, i].item()) * math.copysign(1, x[b, j].item()) for b in range(5)) / 5
            assert weight.grad[i, j].item() == pytest.approx(-agreed if learns else 0)
    torch.testing.assert_close(x.grad, wanted @ weight)  # what is wanted goes on to the layers below


def test_the_step_stops_the_gradient_with_zeros() -> None:
    module, _ = layer("step", (5,))
    x = torch.tensor([[-2.0, -1e-9, 0.0, 1e-9, 3.0]], requires_grad=True)
    out = module(x)
    assert out.tolist() == [[0, 0, 1, 1, 1]]
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0] * 5]
