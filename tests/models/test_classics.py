"""The classic models against their formulas, their published sizes and their refusals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from whynet.errors import OptionError, RecipeError, ShapeError, UnknownNameError
from whynet.models.build import build
from whynet.models.lenet5 import LeNet5
from whynet.models.mlp import MLP
from whynet.registry import get
from whynet.text import use_language


def _count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


# --- linear models -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "units"), [("linear_regression", 2), ("softmax_regression", 4), ("perceptron", 1),
                                             ("logistic_regression", 1)])  # fmt: skip
def test_a_linear_model_is_a_weighted_sum_of_the_flattened_input(spec: str, units: int) -> None:
    model = build(spec, (3, 4), units).double()
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    assert sorted(state) == ["head.bias", "head.weight"]
    x = np.random.default_rng(0).normal(size=(5, 3, 4))
    expected = [
        [w @ example.reshape(-1) + b for w, b in zip(state["head.weight"], state["head.bias"], strict=True)] for example in x
    ]
    with torch.no_grad():
        np.testing.assert_allclose(model(torch.from_numpy(x)).numpy(), expected, rtol=1e-12)
    assert _count(model) == 12 * units + units
    assert _count(build(f"{spec}(bias=False)", (3, 4), units)) == 12 * units


def test_linear_regression_trained_to_the_end_is_least_squares() -> None:
    model = build("linear_regression", (3,), 2, "regress").double()
    x, y = torch.randn(40, 3, dtype=torch.double), torch.randn(40, 2, dtype=torch.double)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-16)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    solution = np.linalg.lstsq(np.column_stack([x.numpy(), np.ones(40)]), y.numpy(), rcond=None)[0]
    np.testing.assert_allclose(model.head.weight.detach().numpy().T, solution[:3], atol=1e-6)
    np.testing.assert_allclose(model.head.bias.detach().numpy(), solution[3], atol=1e-6)


def test_models_of_one_output_name_their_loss() -> None:
    assert get("model", "logistic_regression").facts["loss"] == "binary_cross_entropy"
    assert get("model", "perceptron").facts["loss"] == "perceptron"
    assert "loss" not in get("model", "mlp").facts


def test_logistic_regression_sends_ten_classes_to_softmax_regression() -> None:
    with pytest.raises(RecipeError, match=r"Received: 10 outputs.*softmax_regression"):
        build("logistic_regression", (4,), 10)


# --- the multilayer perceptron -----------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(features=st.integers(1, 20), widths=st.lists(st.integers(1, 20), max_size=4), units=st.integers(1, 5))
def test_an_mlp_has_the_parameters_of_its_formula(features: int, widths: list[int], units: int) -> None:
    sizes = [features, *widths, units]
    assert _count(MLP((features,), units, widths=widths)) == sum((a + 1) * b for a, b in pairwise(sizes))
    assert _count(MLP((features,), units, widths=widths, bias=False)) == sum(a * b for a, b in pairwise(sizes))
    grown = [features + sum(widths[:i]) for i in range(len(widths) + 1)]  # concat keeps all that came before
    concat = sum((a + 1) * b for a, b in zip(grown, [*widths, units], strict=True))
    assert _count(MLP((features,), units, widths=widths, skip="concat")) == concat


@pytest.mark.parametrize("skip", [None, "add", "concat"])
def test_an_mlp_is_its_formula(skip: str | None) -> None:
    model = build(
        f"mlp(widths=[4, 3, 3], activation=tanh, output_activation=softmax, skip={f'{skip!r}' if skip else None})", (4,), 2
    )
    model = model.double()
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    x = np.random.default_rng(0).normal(size=(5, 4))
    h = x
    for layer, same_width in enumerate([True, False, True]):
        z = np.tanh(h @ state[f"hidden.{layer}.linear.weight"].T + state[f"hidden.{layer}.linear.bias"])
        h = np.hstack([h, z]) if skip == "concat" else h + z if skip == "add" and same_width else z
    logits = h @ state["head.weight"].T + state["head.bias"]
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    with torch.no_grad():
        np.testing.assert_allclose(model(torch.from_numpy(x)).numpy(), expected, rtol=1e-12)


def test_the_parts_of_an_mlp_have_names_in_network_order() -> None:
    model = build('mlp(widths=[5, 5], norm="batch", dropout=0.1, output_activation=sigmoid)', (3,), 2)
    parts = ["linear", "norm", "activation", "dropout"]
    names = [name for name, part in model.named_modules() if not list(part.children())]
    assert names == ["flatten", *(f"hidden.{i}.{part}" for i in range(2) for part in parts), "head", "output"]


def test_an_mlp_drops_out_in_training_only() -> None:
    model = build("mlp(widths=[200], dropout=0.5)", (3,), 2)
    x = torch.randn(4, 3)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("mlp(widths=[64, 0])", "1 <= x"),
        ("mlp(dropout=1)", "0 <= x < 1"),
        ('mlp(norm="group")', "batch"),
        ("mlp(activation=dropout(0.5))", "dropout is a layer but no activation"),
        ("mlp(width=[3])", "widths"),
        ("mlp(output_activation=linear(3))", "no activation"),
    ],
)
def test_an_option_of_an_mlp_that_makes_no_sense_is_refused(spec: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        build(spec, (3,), 2)
    assert said in str(caught.value)
    with pytest.raises(UnknownNameError, match="relu"):
        build("mlp(activation=relo)", (3,), 2)


# --- LeNet-5 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", [(1, 28, 28), (1, 32, 32)])
def test_lenet5_has_its_published_sizes(inputs: tuple[int, ...]) -> None:
    model = LeNet5(inputs, 10)
    parts = [model.conv1, model.conv2, model.dense1, model.dense2, model.head]
    assert [_count(part) for part in parts] == [156, 2416, 48120, 10164, 850]
    assert _count(model) == 61706


@pytest.mark.parametrize("pool", ["average", "max"])
def test_lenet5_is_its_formula(pool: str) -> None:
    model = build(f"lenet5(activation=sigmoid, pool={pool})", (1, 28, 28), 3)
    reduce = torch.mean if pool == "average" else torch.amax
    x = torch.randn(2, 1, 28, 28)
    padded = torch.nn.functional.pad(x, (2, 2, 2, 2))
    first = torch.sigmoid(torch.nn.functional.conv2d(padded, model.conv1.weight, model.conv1.bias))
    first = reduce(first.reshape(2, 6, 14, 2, 14, 2), dim=(3, 5))  # windows of 2×2
    second = torch.sigmoid(torch.nn.functional.conv2d(first, model.conv2.weight, model.conv2.bias))
    second = reduce(second.reshape(2, 16, 5, 2, 5, 2), dim=(3, 5)).reshape(2, 400)
    hidden = torch.sigmoid(second @ model.dense1.weight.T + model.dense1.bias)
    hidden = torch.sigmoid(hidden @ model.dense2.weight.T + model.dense2.bias)
    torch.testing.assert_close(model(x), hidden @ model.head.weight.T + model.head.bias, rtol=1e-5, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(channels=st.integers(1, 4), height=st.integers(1, 70), width=st.integers(1, 70))
def test_lenet5_takes_every_picture_with_sides_of_four_or_more(channels: int, height: int, width: int) -> None:
    if min(height, width) >= 4:
        assert build("lenet5", (channels, height, width), 3)(torch.zeros(2, channels, height, width)).shape == (2, 3)
    else:
        with pytest.raises(ShapeError, match="at least 4"):
            build("lenet5", (channels, height, width), 3)


def test_lenet5_refuses_what_is_no_picture() -> None:
    with pytest.raises(ShapeError, match=r"\(784,\).*mlp") as caught:
        build("lenet5", (784,), 10)
    with use_language("ko"):
        assert "4 이상" in str(caught.value)
