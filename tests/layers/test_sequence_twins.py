"""Layers of sequences against slow, obvious twins in NumPy, against torch.nn, and fused against step by step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import erf, expit
from torch import Tensor, nn
from torch.func import functional_call, grad
from torch.fx.experimental.proxy_tensor import make_fx

from whynet.errors import ShapeError
from whynet.layers import recurrent
from whynet.layers._fused_lstm import can_fuse
from whynet.layers.stack import layer
from whynet.registry import bind

Array = np.ndarray


def _linear(x: Array, state: Any, name: str) -> Array:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def _norm(x: Array, state: Any, name: str, eps: float = 1e-5) -> Array:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps) * state[f"{name}.weight"] + state[f"{name}.bias"]


def self_attention_twin(x: Array, state: Any, heads: int, causal: bool = False, prefix: str = "") -> Array:
    """One query after another."""
    batch, time, width = x.shape
    size = width // heads
    qkv, mixed = _linear(x, state, prefix + "qkv"), np.zeros_like(x)
    for b in range(batch):
        for head in range(heads):
            q, k, v = (qkv[b, :, part * width + head * size :][:, :size] for part in range(3))
            for t in range(time):
                seen = range(t + 1) if causal else range(time)
                weights = np.array([math.exp(q[t] @ k[s] / math.sqrt(size)) for s in seen])
                mixed[b, t, head * size :][:size] = sum(w * v[s] for w, s in zip(weights / weights.sum(), seen, strict=True))
    return _linear(mixed, state, prefix + "out")


def transformer_block_twin(
    x: Array, state: Any, heads: int, ratio: float, norm: str = "pre", causal: bool = False, dropout: float = 0
) -> Array:
    def attend(h: Array) -> Array:
        return self_attention_twin(h, state, heads, causal, "attention.")

    def think(h: Array) -> Array:
        z = _linear(h, state, "up")
        return _linear(z * (1 + erf(z / math.sqrt(2))) / 2, state, "down")

    if norm == "pre":
        x = x + attend(_norm(x, state, "norm1"))
        return x + think(_norm(x, state, "norm2"))
    x = _norm(x + attend(x), state, "norm1")
    return _norm(x + think(x), state, "norm2")


def patch_embedding_twin(x: Array, state: Any, patch: int, width: int, class_token: bool = True) -> Array:
    out = []
    for picture in x:
        tokens = [state["class_token"][0, 0]] if class_token else []
        for row in range(0, picture.shape[1], patch):
            for column in range(0, picture.shape[2], patch):
                piece = picture[:, row : row + patch, column : column + patch]
                tokens.append((state["project.weight"] * piece).sum((1, 2, 3)) + state["project.bias"])
        out.append(np.array(tokens) + state["position"][0])
    return np.array(out)


def over_time_twin(x: Array, state: Any, how: str = "mean") -> Array:
    pick = {"mean": lambda e: e.mean(0), "max": lambda e: e.max(0), "first": lambda e: e[0], "last": lambda e: e[-1]}
    return np.array([pick[how](example) for example in x])


def per_frame_twin(x: Array, state: Any, body: Any) -> Array:
    return np.array([[_linear(frame.reshape(-1), state, "body.linear_1") for frame in video] for video in x])


def _recurrent(x: Array, state: Any, units: int, last: bool, step: Callable[..., tuple[Array, ...]]) -> Array:
    out = []
    for example in x:
        carried: tuple[Array, ...] = (np.zeros(units), np.zeros(units))
        states = []
        for seen in example:
            a = state["weight_ih"] @ seen + state["bias_ih"]
            carried = step(a, state["weight_hh"] @ carried[0] + state["bias_hh"], *carried)
            states.append(carried[0])
        out.append(states[-1] if last else states)
    return np.array(out)


def rnn_twin(x: Array, state: Any, units: int, last: bool = False) -> Array:
    return _recurrent(x, state, units, last, lambda a, u, h, _: (np.tanh(a + u), h))


def gru_twin(x: Array, state: Any, units: int, last: bool = False) -> Array:
    def step(a: Array, u: Array, h: Array, _: Array) -> tuple[Array, ...]:
        (ar, az, an), (ur, uz, un) = np.split(a, 3), np.split(u, 3)
        r, z = expit(ar + ur), expit(az + uz)
        return (1 - z) * np.tanh(an + r * un) + z * h, h

    return _recurrent(x, state, units, last, step)


def lstm_twin(x: Array, state: Any, units: int, last: bool = False) -> Array:
    def step(a: Array, u: Array, h: Array, c: Array) -> tuple[Array, ...]:
        i, f, g, o = np.split(a + u, 4)
        c = expit(f) * c + expit(i) * np.tanh(g)
        return expit(o) * np.tanh(c), c

    return _recurrent(x, state, units, last, step)


SETTINGS = [
    ("self_attention(heads=2)", (5, 6)),
    ("self_attention(heads=3, causal=True)", (4, 6)),
    ("transformer_block(heads=2, ratio=2)", (5, 4)),
    ("transformer_block(heads=1, ratio=1.5, norm='post', causal=True, dropout=0.3)", (3, 4)),
    ("patch_embedding(2, 3)", (2, 4, 6)),
    ("patch_embedding(3, 4, class_token=False)", (1, 3, 6)),
    *[(f"over_time('{how}')", (4, 3)) for how in ("mean", "max", "first", "last")],
    ("per_frame([flatten, linear(3)])", (4, 2, 3, 2)),
    *[(f"{cell}(3{last})", (6, 4)) for cell in ("rnn", "gru", "lstm") for last in ("", ", last=True")],
]


@pytest.mark.parametrize(("spec", "shape"), SETTINGS, ids=[spec for spec, _ in SETTINGS])
def test_the_layer_agrees_with_its_twin(spec: str, shape: tuple[int, ...]) -> None:
    module = layer(spec, shape)[0].double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter))
    x = torch.randn(3, *shape, dtype=torch.double)
    state = {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
    expected = globals()[spec.partition("(")[0] + "_twin"](x.numpy(), state, **bind("layer", spec)[1])
    with torch.no_grad():
        np.testing.assert_allclose(module(x).numpy(), expected, rtol=1e-9, atol=1e-12)


# --- attention ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("causal", [False, True])
def test_the_open_map_and_the_fused_kernel_answer_alike(causal: bool) -> None:
    module = layer(f"self_attention(heads=2, causal={causal})", (7, 8))[0]
    x = torch.randn(3, 7, 8, requires_grad=True)
    fused = module(x)
    (to_x,) = torch.autograd.grad(fused.sin().sum(), x)
    maps: list[Tensor] = []
    handle = module.weights.register_forward_hook(lambda _m, _i, out: maps.append(out))  # type: ignore[union-attr]
    opened = module(x)
    handle.remove()
    module(x)
    (seen,) = maps  # nobody looks any more
    assert seen.shape == (3, 2, 7, 7)
    torch.testing.assert_close(seen.sum(-1), torch.ones(3, 2, 7))
    if causal:
        assert not seen.triu(1).any()
    torch.testing.assert_close(opened, fused, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(torch.autograd.grad(opened.sin().sum(), x)[0], to_x, rtol=1e-4, atol=1e-6)


def test_attention_agrees_with_torch_on_copied_weights() -> None:
    own = layer("self_attention(heads=4)", (5, 8))[0]
    theirs = nn.MultiheadAttention(8, 4, batch_first=True)
    names = {
        "in_proj_weight": "qkv.weight",
        "in_proj_bias": "qkv.bias",
        "out_proj.weight": "out.weight",
        "out_proj.bias": "out.bias",
    }
    own.load_state_dict({names[name]: tensor for name, tensor in theirs.state_dict().items()})
    x = torch.randn(2, 5, 8)
    torch.testing.assert_close(own(x), theirs(x, x, x, need_weights=False)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_block_agrees_with_torch_on_copied_weights(norm: str) -> None:
    own = layer(f"transformer_block(heads=2, ratio=3, norm='{norm}')", (5, 8))[0]
    theirs = nn.TransformerEncoderLayer(8, 2, 24, 0.0, "gelu", batch_first=True, norm_first=norm == "pre")
    names = {
        "self_attn.in_proj_": "attention.qkv.",
        "self_attn.out_proj.": "attention.out.",
        "linear1.": "up.",
        "linear2.": "down.",
    }
    state = {}
    for name, tensor in theirs.state_dict().items():
        (old, new) = next(((old, new) for old, new in names.items() if name.startswith(old)), ("", ""))
        state[new + name.removeprefix(old)] = tensor
    own.load_state_dict(state)
    x = torch.randn(2, 5, 8)
    torch.testing.assert_close(own(x), theirs(x), rtol=1e-5, atol=1e-5)


def test_dropout_of_the_map_silences_weights_in_training_only() -> None:
    module = layer("self_attention(heads=1, dropout=0.5)", (6, 4))[0]
    x = torch.randn(2, 6, 4)
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), module(x))


@pytest.mark.parametrize(
    ("spec", "shape", "says"),
    [
        ("self_attention(heads=4)", (5, 6), "width 6, heads 4"),
        ("transformer_block(heads=4)", (5, 6), "width 6, heads 4"),
        ("patch_embedding(3, 8)", (1, 8, 9), "patch 3, picture (1, 8, 9)"),
    ],
)
def test_what_does_not_divide_is_refused(spec: str, shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(ShapeError) as error:
        layer(spec, shape)
    assert says in str(error.value)


# --- recurrent layers --------------------------------------------------------------------------------------------------


def _pair(cell: str) -> tuple[nn.Module, nn.Module]:
    own = layer(f"{cell}(6)", (9, 4))[0]
    theirs = getattr(nn, cell.upper())(4, 6, batch_first=True)
    own.load_state_dict({name.removesuffix("_l0"): tensor for name, tensor in theirs.state_dict().items()})
    return own, theirs


@pytest.mark.parametrize("fuses", [True, False])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_recurrent_layers_agree_with_torch_gradients_too(cell: str, fuses: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    own, theirs = _pair(cell)
    if not fuses:
        monkeypatch.setattr(recurrent, "can_fuse", lambda x: False)
    x = torch.randn(3, 9, 4, requires_grad=True)
    mine, expected = own(x), theirs(x)[0]
    torch.testing.assert_close(mine, expected, rtol=1e-5, atol=1e-6)
    weights = torch.randn_like(mine)
    found = torch.autograd.grad((mine * weights).sum(), [x, *own.parameters()])
    wanted = torch.autograd.grad((expected * weights).sum(), [x, *theirs.parameters()])
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_last_state_is_the_last_of_all(cell: str) -> None:
    every, last = layer(f"{cell}(6)", (9, 4))[0], layer(f"{cell}(6, last=True)", (9, 4))[0]
    last.load_state_dict(every.state_dict())
    x = torch.randn(3, 9, 4)
    torch.testing.assert_close(last(x), every(x)[:, -1])


@pytest.mark.skipif(not can_fuse(torch.ones(1, 1, 1)), reason="this build of torch has no oneDNN")
def test_a_traced_step_of_an_lstm_holds_the_kernel_and_gives_its_gradient() -> None:
    module = layer("lstm(6)", (9, 4))[0]
    x = torch.randn(3, 9, 4)
    weights = {name: parameter.detach() for name, parameter in module.named_parameters()}

    def loss(weights: dict[str, Tensor]) -> Tensor:
        return functional_call(module, weights, (x,)).sin().sum()

    traced = make_fx(grad(loss))({name: torch.zeros_like(weight) for name, weight in weights.items()})
    with torch.no_grad():
        found = traced(weights)
    assert {"whynet.lstm.default", "whynet.lstm_backward.default"} <= {str(node.target) for node in traced.graph.nodes}
    module(x).sin().sum().backward()
    for name, parameter in module.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad)


def test_an_lstm_that_is_differentiated_twice_goes_step_by_step() -> None:
    module = layer("lstm(3)", (4, 2))[0]
    x = torch.randn(2, 4, 2)

    def slope(x: Tensor) -> Tensor:
        return grad(lambda x: module(x).sum())(x).square().sum()

    found, step = grad(slope)(x), 1e-3
    direction = torch.randn_like(x)
    measured = (slope(x + step * direction) - slope(x - step * direction)) / (2 * step)
    torch.testing.assert_close((found * direction).sum(), measured, rtol=2e-2, atol=1e-4)
