"""Reading what a comparison varies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.cli.factor import read_factor, split
from whynet.errors import OptionError
from whynet.spec import Spec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("optimizer.lr=0.01,0.1", {"optimizer.lr": [0.01, 0.1]}),
        ("model.activation=sigmoid, relu", {"model.activation": [Spec("sigmoid"), Spec("relu")]}),
        (
            "optimizer=sgd(lr=0.1, momentum=0.9)|adam",
            {"optimizer": [Spec("sgd", {"lr": 0.1, "momentum": 0.9}), Spec("adam")]},
        ),
        ("optimizer=sgd(lr=0.1),adam", {"optimizer": [Spec("sgd", {"lr": 0.1}), Spec("adam")]}),
        ("model.widths=[64,64]|[32]", {"model.widths": [[64, 64], [32]]}),
        ("model.widths=[64, 64],[32]", {"model.widths": [[64, 64], [32]]}),
        ("clip=none|norm(1.0)", {"clip": [None, Spec("norm", {}, (1.0,))]}),
        ("batch-size=16|all", {"batch_size": [16, Spec("all")]}),
        ("loss='mse'|'mae'", {"loss": ["mse", "mae"]}),
        ("model.norm=none,batch", {"model.norm": [None, Spec("batch")]}),
    ],
)
def test_factors(text, expected):
    assert read_factor(text) == expected


@pytest.mark.parametrize("text", ["", "=", "lr", "lr=", "lr=1", "=1,2", "lr=1,", "lr=|", "lr=f(1,2)"])
def test_what_is_no_factor(text):
    with pytest.raises(OptionError, match="at least two values"):
        read_factor(text)


PART = st.sampled_from(["1", "relu", "sgd(lr=0.1, momentum=0.9)", "[1, 2|3]", "'a,b'", '"|"', "{'a': (1, 2)}"])


@given(st.lists(PART, min_size=1, max_size=5), st.sampled_from([",", "|", " , ", " | "]))
def test_parts_joined_are_parts_again(parts, mark):
    assert split(mark.join(parts)) == parts
