"""Parts of networks, as they are written and read back."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from whynet.cli.factor import read_factor
from whynet.errors import OptionError, RecipeError
from whynet.models.stages import Prefixes, Rates, begins, freeze, read_prefixes, read_rates, still

names = st.from_regex(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+){0,2}", fullmatch=True).filter(lambda name: name != "none")
numbers = st.floats(0, 1e6, allow_nan=False).map(lambda x: float(f"{x:g}"))


@given(st.lists(names, unique=True))
def test_prefixes_are_read_as_they_are_written(parts: list[str]) -> None:
    made = read_prefixes(parts)
    assert made == read_prefixes(str(made)) == read_prefixes(f"[{made}]") == tuple(parts)
    assert hash(made) == hash(read_prefixes(str(made)))


@given(st.dictionaries(names, numbers))
def test_rates_are_read_as_they_are_written(parts: dict[str, float]) -> None:
    made = read_rates(parts)
    assert made == read_rates(str(made)) == read_rates(json.loads(json.dumps(dict(made)))) == parts
    assert hash(made) == hash(read_rates(str(made)))
    assert pickle.loads(pickle.dumps(made)) == made


@given(st.text(max_size=12))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    for read in (read_prefixes, read_rates):
        try:
            assert read(str(read(text))) == read(text)
        except OptionError as error:
            assert "Received" in str(error)  # noqa: PT017


@pytest.mark.parametrize("value", [3, ["a", 1], "a..b", "a b", ".a", [""], "a,,b"])
def test_no_prefixes(value: object) -> None:
    with pytest.raises(OptionError, match="freeze: expected names of parts"):
        read_prefixes(value)


@pytest.mark.parametrize("value", ["a", "a=x", "a=-1", "a=inf", "a=nan", "a=1,a=2", {"a": True}, {1: 1.0}, 3, "=1"])
def test_no_rates(value: object) -> None:
    with pytest.raises(OptionError, match="rates"):
        read_rates(value)


def test_how_they_are_compared_on_the_command_line() -> None:
    [frozen] = read_factor("freeze=none|stem|stem,stage1.0|[stem, stage1]").values()
    assert [read_prefixes(value) for value in frozen] == [(), ("stem",), ("stem", "stage1.0"), ("stem", "stage1")]
    [rated] = read_factor("rates=none|stem=0.1,head=1").values()
    assert [dict(read_rates(value)) for value in rated] == [{}, {"stem": 0.1, "head": 1.0}]


def test_a_prefix_ends_where_a_part_of_the_name_ends() -> None:
    assert begins("stage1.0.weight", "stage1")
    assert begins("stage1", "stage1")
    assert not begins("stage10.weight", "stage1")


def test_frozen_modules_and_parameters() -> None:
    module = nn.ModuleDict({"stem": nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), "stem2": nn.Linear(2, 2)})
    freeze(module, Prefixes(("stem", "stem2.bias")))
    trained = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    assert trained == ["stem2.weight"]
    assert still(module, ("stem", "stem2.bias")) == [module["stem"], *module["stem"]]
    with pytest.raises(RecipeError, match="stem3"):
        freeze(module, ("stem3",))


def test_a_shared_weight_is_frozen_under_either_name() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[1].weight = module[0].weight
    freeze(module, ("1",))
    assert not module[0].weight.requires_grad
    assert module[0].bias.requires_grad


def test_empty_ones_say_so() -> None:
    assert str(Prefixes()) == str(Rates()) == "none"
    assert read_prefixes(None) == read_prefixes("none") == ()
