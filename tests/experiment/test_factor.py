"""What a factor is and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from whynet.errors import ComparisonError, WhynetError
from whynet.experiment.factor import Level, check_controlled, levels_of
from whynet.recipe import diff, recipe

BASE = recipe("iris", "mlp(widths=[8])", optimizer="sgd(lr=0.1)")


@pytest.mark.parametrize(
    ("factor", "names"),
    [
        ({"optimizer.lr": [0.01, 0.1]}, ["lr=0.01", "lr=0.1"]),
        ({"model": ["mlp(widths=[4])", "mlp(widths=[8])"]}, ["mlp(widths=[4])", "mlp(widths=[8])"]),
        ({"model.activation": ["relu", "tanh"]}, ["activation=relu", "activation=tanh"]),
        ({"batch_size": [8, 16]}, ["batch_size=8", "batch_size=16"]),
        ({"clip": [None, "norm(1.0)"]}, ["clip=None", "clip=norm(1.0)"]),
        ({"shuffle": [True, False]}, ["shuffle=True", "shuffle=False"]),
    ],
)
def test_levels_are_named_by_what_differs(factor: dict[str, list[Any]], names: list[str]) -> None:
    path, levels = levels_of(BASE, factor)
    assert [level.name for level in levels] == names
    for value, level in zip(factor[path], levels, strict=True):
        assert not diff(BASE.change(**{path: value}), level.recipe)
    for level in levels:  # nothing but the factor differs
        assert all(d.path == path or d.path.startswith(path + ".") for d in diff(BASE, level.recipe))


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        ({}, "exactly one factor"),
        ({"batch_size": [8, 16], "epochs": [1, 2]}, "Received 2: batch_size, epochs"),
        ({"batch_size": [8]}, "at least two values"),
        ({"batch_size": "16"}, "at least two values"),
        ({"batch_size": 16}, "at least two values"),
        ({"seed": [0, 1]}, "seed is not a factor"),
        ({"batch_size": [8, 16, 8]}, "batch_size=8"),
        ({"optimizer.lr": [1, 1.0]}, "given twice"),  # one value, written in two ways
        ({"model": ["mlp", "mlp(widths=[64, 64])"]}, "given twice"),  # the default, spelled out
    ],
)
def test_what_is_no_factor_is_refused(factor: dict[str, Any], words: str) -> None:
    with pytest.raises(ComparisonError, match=words):
        levels_of(BASE, factor)


@pytest.mark.parametrize(
    "factor", [{"optimiser.lr": [1, 2]}, {"optimizer.rate": [1, 2]}, {"epochs": [0, 1]}, {"model": ["mpl", "mlp"]}]
)
def test_values_that_make_no_recipe_are_refused_before_anything_is_trained(factor: dict[str, Any]) -> None:
    with pytest.raises(WhynetError):
        levels_of(BASE, factor)


def test_a_path_allows_its_own_options_and_no_namesake() -> None:
    check_controlled([Level("a", BASE), Level("b", BASE.change(**{"model.activation": "tanh"}))], ["model"])
    with pytest.raises(ComparisonError, match="activation"):
        check_controlled([Level("a", BASE), Level("b", BASE.change(**{"model.activation": "tanh"}))], ["mode"])
