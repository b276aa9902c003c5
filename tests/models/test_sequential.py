"""A network written as a list of layers: what you write is the network, and a head only where it is missing."""

from __future__ import annotations

import pytest
import torch

from whynet.errors import OptionError, ShapeError
from whynet.models.build import build


def _parts(spec: str, inputs: tuple[int, ...], outputs: int) -> list[str]:
    return [name for name, part in build(spec, inputs, outputs).named_modules() if name and not list(part.children())]


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("sequential([flatten, linear(10)])", ["layers.flatten_0", "layers.linear_1"]),
        ("sequential([flatten, linear(10), softmax])", ["layers.flatten_0", "layers.linear_1", "layers.softmax_2"]),
        ("sequential([flatten, linear(12)])", ["layers.flatten_0", "layers.linear_1", "head"]),
        ("sequential([conv2d(10, 3)])", ["layers.conv2d_0", "flatten", "head"]),
        ("sequential([conv2d(10, 3), global_avg_pool])", ["layers.conv2d_0", "layers.global_avg_pool_1"]),
        ("sequential([flatten, linear(10)], head=True)", ["layers.flatten_0", "layers.linear_1", "head"]),
        ("sequential([])", ["layers", "flatten", "head"]),
    ],
)
def test_a_head_is_appended_only_where_the_layers_do_not_end_in_the_answer(spec: str, parts: list[str]) -> None:
    assert _parts(spec, (1, 6, 6), 10) == parts


def test_without_a_head_the_layers_must_end_in_the_answer() -> None:
    with pytest.raises(ShapeError, match=r"\(10,\). Received: \(12,\).*linear\(10\)"):
        build("sequential([flatten, linear(12)], head=False)", (1, 6, 6), 10)


def test_a_layer_that_does_not_fit_is_named_with_its_place() -> None:
    with pytest.raises(ShapeError, match=r"Layer 2 .*linear\(3\).*\(4, 4, 4\).*flatten"):
        build("sequential([conv2d(4, 3), relu, linear(3)])", (1, 6, 6), 10)
    with pytest.raises(OptionError, match="layers"):
        build("sequential", (4,), 2)


def test_it_computes_what_its_layers_compute() -> None:
    model = build("sequential([linear(4), relu, concat([identity, [linear(2), tanh]]), residual([linear(6)])])", (3,), 2)
    first, inner, around = model.layers.linear_0, model.layers.concat_2.branches[1].linear_0, model.layers.residual_3
    x = torch.randn(5, 3)
    h = torch.relu(first(x))
    h = torch.cat([h, torch.tanh(inner(h))], dim=1)
    h = around.body.linear_0(h) + h
    torch.testing.assert_close(model(x), model.head(h))
