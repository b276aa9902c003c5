"""The description of a network: no parameter lost or counted twice, multiply-adds by formula and by torch's own counter."""

from __future__ import annotations

import copy
import doctest

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from whynet.models import describe as module
from whynet.models.build import build
from whynet.models.describe import describe
from whynet.text import use_language


def _flops(model: nn.Module, *shape: int) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(shape))
    return counter.get_total_flops()


def _own(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(module).attempted == 3
    assert doctest.testmod(module).failed == 0


def test_lenet5_layer_by_layer() -> None:
    description = describe(build("lenet5", (1, 28, 28), 10), (1, 28, 28), batch=2)
    weighted = {row.name: row for row in description.rows if row.parameters}
    assert {name: (row.output, row.parameters, row.multiply_adds, str(row.formula)) for name, row in weighted.items()} == {
        "conv1": ((2, 6, 28, 28), 156, 2 * 28 * 28 * 6 * 25, "(5·5)·1·6 + 6 = 156"),
        "conv2": ((2, 16, 10, 10), 2416, 2 * 10 * 10 * 16 * 6 * 25, "(5·5)·6·16 + 16 = 2416"),
        "dense1": ((2, 120), 48120, 2 * 400 * 120, "400·120 + 120 = 48120"),
        "dense2": ((2, 84), 10164, 2 * 120 * 84, "120·84 + 84 = 10164"),
        "head": ((2, 10), 850, 2 * 84 * 10, "84·10 + 10 = 850"),
    }
    assert [row.name for row in description.rows][:4] == ["conv1", "act1", "pool1", "conv2"]
    outputs = 2 * 784 * 6 + 196 * 6 + 2 * 100 * 16 + 25 * 16 + 2 * 120 + 2 * 84 + 10  # flatten is a view and costs nothing
    assert description.activation_bytes == 2 * 4 * outputs
    assert description.parameters == description.trainable == 61706
    assert description.weight_bytes == description.gradient_bytes == 4 * 61706
    assert description.optimizer_bytes == 8 * 61706


def test_three_channels_are_counted_as_in_the_book() -> None:
    (row,) = describe(nn.Conv2d(3, 6, 5), (3, 12, 12)).rows
    assert str(row.formula) == "(5·5)·3·6 + 6 = 456"


@settings(max_examples=40, deadline=None)
@given(
    inside=st.integers(1, 3), out=st.integers(1, 3), groups=st.integers(1, 2), kernel=st.integers(1, 3), stride=st.integers(1, 2),
    padding=st.integers(0, 2), batch=st.integers(1, 3), dims=st.integers(1, 3), bias=st.booleans(), transposed=st.booleans(),
)  # fmt: skip
def test_a_convolution_by_formula_and_by_torchs_counter(
    inside: int,
    out: int,
    groups: int,
    kernel: int,
    stride: int,
    padding: int,
    batch: int,
    dims: int,
    bias: bool,
    transposed: bool,
) -> None:
    plain, turned = (nn.Conv1d, nn.Conv2d, nn.Conv3d), (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    padding = min(padding, kernel - 1)
    kind = (turned if transposed else plain)[dims - 1]
    conv = kind(inside * groups, out * groups, kernel, stride, padding, groups=groups, bias=bias)
    description = describe(conv, (inside * groups, *[6] * dims), batch)
    (row,) = description.rows
    assert row.output is not None
    filters = out * groups
    assert row.parameters == kernel**dims * inside * filters + filters * bias == _own(conv)
    places = 6**dims if transposed else torch.Size(row.output[2:]).numel()  # a transposed one spreads each place it reads
    assert row.multiply_adds == batch * places * kernel**dims * inside * filters
    assert 2 * description.multiply_adds == _flops(conv, batch, inside * groups, *[6] * dims)
    window = "·".join([str(kernel)] * dims)
    first = f"({window})·{inside}·{filters}" if not transposed else f"({window})·{inside * groups}·{out}"
    assert str(row.formula) == (f"{first} + {filters}" if bias else first) + f" = {row.parameters}"


@pytest.mark.parametrize(
    ("spec", "inputs"),
    [
        ('mlp(widths=[7, 7, 5], norm="batch", skip="concat")', (3,)),
        ("lenet5", (3, 20, 9)),
        ("sequential([conv2d(4, 3), concat([[conv2d(2, 1)], identity]), residual([batch_norm])])", (2, 6, 6)),
    ],
)
def test_the_totals_are_torchs_own(spec: str, inputs: tuple[int, ...]) -> None:
    model = build(spec, inputs, 3).eval()
    description = describe(model, inputs, batch=5)
    assert 2 * description.multiply_adds == _flops(model, 5, *inputs)
    assert sum(row.multiply_adds for row in description.rows) == description.multiply_adds
    assert sum(row.parameters for row in description.rows) == _own(model) == description.parameters


class Awkward(nn.Module):
    """What users write: direct parameters, shared weights, a layer used twice, one never used, products outside of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.first = nn.Linear(3, 3)
        self.tied = nn.Linear(3, 3)
        self.tied.weight = self.first.weight
        self.unused = nn.Linear(2, 5)
        self.frozen = nn.Linear(3, 4)
        self.frozen.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.tied(self.first(self.first(x))) * self.scale
        return self.frozen(h @ self.first.weight)


class Peeking(Awkward):
    """One that looks at its numbers, and so cannot run on the meta device."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + 1 if x.sum().item() > 0 else x)


@pytest.mark.parametrize("kind", [Awkward, Peeking])
def test_no_parameter_is_lost_or_counted_twice(kind: type[nn.Module]) -> None:
    description = describe(kind(), (3,), batch=2)
    rows = {row.name: row for row in description.rows}
    assert {name: row.parameters for name, row in rows.items()} == {
        kind.__name__: 3, "first": 12, "tied": 3, "frozen": 16, "unused": 15,
    }  # fmt: skip
    assert description.parameters == 49
    assert description.trainable == 33
    assert description.gradient_bytes == 4 * 33
    assert rows["unused"].output is None
    assert "shared with first" in str(rows["tied"].formula)
    assert {name: row.multiply_adds for name, row in rows.items()} == {
        kind.__name__: 2 * 9, "first": 2 * 18, "tied": 2 * 9, "frozen": 2 * 12, "unused": 0,
    }  # fmt: skip
    assert description.multiply_adds == 2 * 48


@pytest.mark.parametrize("numbers", [False, True])
def test_layers_that_torch_fuses_are_counted(numbers: bool) -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(6, 4, batch_first=True)
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            if numbers:
                x = x + x.sum().item()  # forces a real run
            h = self.lstm(x)[0]
            return self.attention(h, h, h)[0]

    description = describe(Reader(), (5, 6), batch=2)
    lstm = 5 * (4 * 4) * (6 + 4)  # time · gates · (input + state)
    attention = 5 * 4 * 4 * 4 + 2 * 5 * 5 * 4  # four projections; scores and their use
    assert description.multiply_adds == 2 * (lstm + attention)
    assert sum(row.parameters for row in description.rows) == _own(Reader())


@pytest.mark.parametrize("kind", [Awkward, Peeking])
def test_describing_leaves_the_network_as_it_was(kind: type[nn.Module]) -> None:
    model = nn.Sequential(kind(), nn.BatchNorm1d(4), nn.Dropout(0.5))
    model[2].eval()
    before = copy.deepcopy(model.state_dict())
    generator = torch.get_rng_state()
    describe(model, (3,))
    assert [part.training for part in model] == [True, True, False]
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_a_network_that_reads_tokens() -> None:
    model = nn.Sequential(nn.Embedding(100, 8), nn.Flatten(), nn.Linear(32, 2))
    description = describe(model, (4,), dtype=torch.int64)
    assert [row.output for row in description.rows] == [(1, 4, 8), (1, 32), (1, 2)]


def test_what_the_network_refuses_is_raised() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        describe(nn.Linear(3, 2), (4,))


def test_the_table_speaks_both_languages() -> None:
    description = describe(build("mlp(widths=[4])", (3,), 2), (3,), batch=8)
    columns, lines = description.as_table()
    assert all(len(line) == len(columns) for line in lines)
    assert lines[1] == ["hidden.0.linear", "Linear", "(8, 4)", "16", "3·4 + 4 = 16", "96"]
    assert [str(column) for column in columns][:2] == ["layer", "kind"]
    assert {str(name): value for name, value in description.totals}["parameters"] == "26"
    with use_language("ko"):
        assert [str(column) for column in columns][:2] == ["층", "종류"]
        assert "곱셈-덧셈(배치 8)" in [str(name) for name, _ in description.totals]
