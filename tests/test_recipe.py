"""Recipes: checked when made, written and read back, changed field by field, and told apart by exactly what differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn, optim

import whynet.recipe as room
from whynet.data import from_tensors
from whynet.errors import OptionError, RecipeError, SpecError, UnknownNameError, WhynetError
from whynet.recipe import Difference, Given, Recipe, changed_lines, default_loss, diff, from_json, recipe, with_seed
from whynet.spec import Spec, parse

# One value of each field or option that is not the base's, as a user would write it; every path on its own is a valid change.
BASE = recipe("digits", "mlp(widths=[64, 64])", "cross_entropy", "adam", schedule="cosine", clip="norm", init="he")
CHANGES: dict[str, list[Any]] = {
    "data.train": [100, 200],
    "data.scale": ["standard", "minmax"],
    "data.validation": [0.2, 0.3],
    "model.widths": [[64], [32, 32], [64, 64, 64], []],
    "model.activation": ["sigmoid", "tanh"],
    "model.norm": ["batch", "layer"],
    "model.dropout": [0.1, 0.5],
    "loss.label_smoothing": [0.1, 0.2],
    "optimizer.lr": [0.1, 1.0, 1e-5],
    "optimizer.beta1": [0.5, 0.0],
    "optimizer.weight_decay": [0.1, 0.0],
    "schedule.floor": [0.1, 1.0],
    "clip.most": [0.5, 2.0],
    "init.distribution": ["uniform"],
    "batch_size": [32, "all", 1],
    "epochs": [1, 5],
    "steps": [1, 1000],
    "pretrained": ["/weights/a.safetensors"],
    "freeze": [("stem",), ("stem", "stage1.0")],
    "rates.stem": [0.1, 0.0],
    "rates.stage1.0": [2.0],
    "early_stopping": [1, 10],
    "keep": ["best"],
    "shuffle": [False],
    "precision": ["bfloat16"],
    "seed": [1, 2**40],
}
WHOLE: dict[str, list[Any]] = {  # a field changed as a whole
    "data": ["iris", "spirals"],
    "model": ["softmax_regression", "sequential([flatten, linear(10)])"],
    "loss": [None, "hinge", "mse"],
    "optimizer": ["sgd", "rmsprop(lr=0.1)"],
    "schedule": ["constant", "exponential(gamma=0.5)", "warmup(then=cosine)"],
    "clip": [None, "value(most=0.1)"],
    "init": [None, "xavier", "zeros"],
}


def some(choices: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    paths = st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=len(choices))
    return paths.flatmap(lambda names: st.fixed_dictionaries({name: st.sampled_from(choices[name]) for name in names}))


def field_of(path: str) -> str:
    return path.partition(".")[0]


# --- difference and change -------------------------------------------------------------------------------------------


@given(some(CHANGES), some(WHOLE))
def test_diff_finds_exactly_what_was_changed(options: dict[str, Any], whole: dict[str, Any]) -> None:
    changes = {path: value for path, value in options.items() if field_of(path) not in whole} | whole
    changed = BASE.change(**changes)
    assert {difference.path for difference in diff(BASE, changed)} == set(changes)
    for difference in diff(BASE, changed):
        if difference.path in options:
            assert difference.after == options[difference.path]
    assert {(d.path, str(d.before), str(d.after)) for d in diff(changed, BASE)} == {
        (d.path, str(d.after), str(d.before)) for d in diff(BASE, changed)
    }


@given(some(CHANGES), some(WHOLE))
def test_a_difference_is_a_change_that_leads_from_one_to_the_other(options: dict[str, Any], whole: dict[str, Any]) -> None:
    changes = {path: value for path, value in options.items() if field_of(path) not in whole} | whole
    changed = BASE.change(**changes)
    again = BASE.change(**{difference.path: difference.after for difference in diff(BASE, changed)})
    assert not diff(again, changed)
    back = changed.change(**{difference.path: difference.before for difference in diff(BASE, changed)})
    assert not diff(back, BASE)


@given(some(CHANGES), some(WHOLE))
def test_written_and_read_back(options: dict[str, Any], whole: dict[str, Any]) -> None:
    changed = BASE.change(**({path: value for path, value in options.items() if field_of(path) not in whole} | whole))
    again = from_json(changed.to_json())
    assert again == changed
    assert hash(again) == hash(changed)
    assert again.to_json() == changed.to_json()
    assert diff(again, changed) == []
    assert changed.is_written
    assert recipe(**{name: getattr(changed, name) for name in (f.name for f in fields(Recipe))}) == changed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"model": "mlp"}, {"model": "mlp(widths=[64, 64])"}),
        ({"model": "mlp"}, {"model": "mlp(bias=True, activation=relu, widths=[64] * 2)"}),
        ({"optimizer": "adam"}, {"optimizer": "adam(1e-3)"}),
        ({"optimizer": "sgd(0.1)"}, {"optimizer": "sgd(momentum=None, lr=0.1)"}),
        ({"optimizer": "sgd(lr=1)"}, {"optimizer": "sgd(lr=1.0)"}),
        ({"schedule": "warmup"}, {"schedule": "warmup(fraction=0.05)"}),
        ({}, {"schedule": "constant"}),
        ({}, {"epochs": 20, "seed": 0, "shuffle": True, "keep": "last"}),
    ],
)
def test_what_means_the_same_does_not_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert diff(recipe("digits", **one), recipe("digits", **other)) == []
    assert changed_lines(recipe("digits", **one), recipe("digits", **other)) == []


def test_a_difference_in_words() -> None:
    before = recipe("digits", "mlp", optimizer="sgd(lr=0.1)")
    after = before.change(**{"optimizer.lr": 1.0, "epochs": 5, "loss": "hinge"})
    assert [str(difference) for difference in diff(before, after)] == [
        "loss: None → hinge", "optimizer.lr: 0.1 → 1.0", "epochs: 20 → 5",
    ]  # fmt: skip
    assert changed_lines(before, after) == [
        "+ loss hinge",
        "- optimizer sgd(lr=0.1)", "+ optimizer sgd(lr=1.0)",
        "- epochs 20", "+ epochs 5",
    ]  # fmt: skip
    assert diff(before, before.change(model="lenet5"))[0] == Difference("model", Spec("mlp"), Spec("lenet5"))


def test_two_options_of_one_part_are_one_pair_of_lines() -> None:
    before = recipe("digits", "mlp")
    after = before.change(**{"model.dropout": 0.5, "model.norm": "batch"})
    assert len(diff(before, after)) == 2
    assert [line[:7] for line in changed_lines(before, after)] == ["- model", "+ model"]


def test_what_was_written_without_a_name_can_be_changed_by_name() -> None:
    one = recipe("digits", "sequential([flatten, linear(10)])", optimizer="sgd(0.1)")
    assert str(one.change(**{"optimizer.lr": 0.2}).optimizer) == "sgd(lr=0.2)"
    longer = one.change(**{"model.layers": [parse("flatten"), parse("linear(5)"), parse("relu"), parse("linear(10)")]})
    assert str(longer.model) == "sequential([flatten, linear(5), relu, linear(10)])"


def test_a_part_and_its_option_are_changed_together() -> None:
    assert str(recipe("digits").change(**{"optimizer": "sgd", "optimizer.lr": 0.5}).optimizer) == "sgd(lr=0.5)"


def test_a_change_leaves_the_original() -> None:
    before = BASE.to_json()
    BASE.change(epochs=1, **{"model.widths": [3]})
    assert BASE.to_json() == before
    with pytest.raises(FrozenInstanceError):
        BASE.epochs = 3  # type: ignore[misc]
    assert BASE.change() == BASE


def test_with_seed() -> None:
    assert [d.path for d in diff(BASE, with_seed(BASE, 5))] == ["seed"]
    assert with_seed(BASE, 5) == BASE.change(seed=5)


def test_equal_and_hashable() -> None:
    same = recipe("digits", "mlp(widths=[64] * 2)", "cross_entropy", "adam()", schedule="cosine()", clip="norm", init="he")
    assert same == BASE
    assert hash(same) == hash(BASE)
    assert len({BASE, same, BASE.change(seed=1), BASE.change(epochs=3)}) == 3


def test_the_order_of_options_says_nothing() -> None:
    a = recipe("digits", "mlp(dropout=0.1, widths=[3])")
    assert a == recipe("digits", "mlp(widths=[3], dropout=0.1)")
    assert str(a.model) == "mlp(widths=[3], dropout=0.1)"


def test_text() -> None:
    assert str(recipe("digits", "mlp", epochs=5)) == "data digits · model mlp · optimizer adam · epochs 5"
    assert recipe("digits").written() == {"data": "digits", "model": "mlp", "optimizer": "adam"}
    assert set(BASE.change(**{path: values[0] for path, values in CHANGES.items()}).written()) == {
        f.name for f in fields(Recipe)
    }


def test_the_module_is_callable() -> None:
    assert room("digits", epochs=3) == recipe("digits", epochs=3)  # type: ignore[operator]


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED: list[tuple[Callable[[], Any], type[WhynetError], str, str]] = [
    (lambda: recipe("digits", epoch=3), OptionError, "no setting 'epoch'. Did you mean epochs", "'epoch' 설정은 없다"),
    (lambda: recipe("digits", learning_rate=3), OptionError, "no setting 'learning_rate'", "'learning_rate' 설정은 없다"),
    (lambda: recipe("digits", epochs=0), OptionError, "epochs: expected a whole number with 1 <= x. Received: 0", "받은 것: 0"),
    (lambda: recipe("digits", epochs=2.5), OptionError, "epochs: expected a whole number", "정수"),
    (lambda: recipe("digits", epochs="many"), OptionError, 'Received: "many"', "many"),
    (lambda: recipe("digits", batch_size="half"), OptionError, "one of all", "all 중 하나"),
    (lambda: recipe("digits", batch_size=-1), OptionError, "Received: -1", "-1"),
    (lambda: recipe("digits", steps=0), OptionError, "steps:", "steps:"),
    (lambda: recipe("digits", keep="first"), OptionError, "one of last, best", "last, best 중 하나"),
    (lambda: recipe("digits", shuffle="yes"), OptionError, "True or False", "True 또는 False"),
    (lambda: recipe("digits", shuffle=1), OptionError, "True or False", "True 또는 False"),
    (lambda: recipe("digits", seed=-1), OptionError, "seed:", "seed:"),
    (lambda: recipe("digits", early_stopping=0), OptionError, "early_stopping:", "early_stopping:"),
    (lambda: recipe("digitz"), UnknownNameError, "Did you mean digits", "digits"),
    (
        lambda: recipe("digits", "mlpp"),
        UnknownNameError,
        "There is no model named 'mlpp'. Did you mean mlp",
        "'mlpp'라는 모델은",
    ),
    (lambda: recipe("digits", optimizer="adm"), UnknownNameError, "adam", "adam"),
    (lambda: recipe("digits", schedule="cosinus"), UnknownNameError, "cosine", "cosine"),
    (lambda: recipe("digits", init="hee"), UnknownNameError, "he", "he"),
    (
        lambda: recipe("digits", "mlp(width=3)"),
        OptionError,
        "mlp has no option 'width'. Did you mean widths",
        "'width' 옵션이 없다",
    ),
    (lambda: recipe("digits", "mlp(widths=[0])"), OptionError, "mlp: widths", "mlp: widths"),
    (lambda: recipe("digits", optimizer="sgd(lr=-1)"), OptionError, "sgd: lr: expected a number with 0 < x", "받은 것: -1"),
    (lambda: recipe("digits", "mlp("), SpecError, "This is not a spec: mlp(", "스펙(spec)이 아니다"),
    (lambda: recipe("digits", 5), RecipeError, "Expected the model as a spec", "받은 것: int"),
    (lambda: recipe("digits", loss=5), RecipeError, "Expected the loss as a spec", "받은 것: int"),
    (lambda: from_json("{"), SpecError, 'at least its data: {"data": "digits"}. Received: {', '{"data": "digits"}. 받은 것: {'),
    (lambda: from_json("[1, 2]"), SpecError, "Received: [1, 2]", "받은 것: [1, 2]"),
    (lambda: from_json('{"model": "mlp"}'), SpecError, 'Received: {"model": "mlp"}', '받은 것: {"model": "mlp"}'),
    (lambda: from_json('{"data": "digits", "depth": 3}'), OptionError, "no setting 'depth'", "'depth' 설정은 없다"),
    (lambda: from_json('{"data": "digits", "epochs": 0}'), OptionError, "epochs: expected", "epochs: "),
    (lambda: BASE.change(epoch=3), OptionError, "Did you mean epochs", "'epoch' 설정은 없다"),
    (lambda: BASE.change(**{"optimiser.lr": 1}), OptionError, "Did you mean optimizer", "'optimiser' 설정은 없다"),
    (lambda: BASE.change(**{"optimizer.rate": 1}), OptionError, "adam has no option 'rate'", "'rate' 옵션이 없다"),
    (lambda: BASE.change(**{"optimizer.lr": -1}), OptionError, "adam: lr", "adam: lr"),
    (
        lambda: BASE.change(**{"epochs.more": 1}),
        RecipeError,
        "Cannot change epochs.more: epochs is 20",
        "epochs.more를 바꿀 수",
    ),
    (lambda: BASE.change(**{"keep.more": 1}), RecipeError, "Cannot change keep.more: keep is last", "keep.more를 바꿀 수"),
    (lambda: recipe("digits").change(**{"clip.most": 1}), RecipeError, "clip is None", "clip"),
    (lambda: recipe("digits", nn.Linear(2, 2)).change(**{"model.widths": 1}), RecipeError, "model is <Linear>", "<Linear>"),
]


@pytest.mark.parametrize(("make", "kind", "english", "korean"), REFUSED)
def test_what_is_refused_is_said_in_both_languages(make: Any, kind: type[WhynetError], english: str, korean: str) -> None:
    with pytest.raises(kind) as error:
        make()
    assert english in error.value.message.show("en")
    assert korean in error.value.message.show("ko")


def test_every_setting_is_checked() -> None:
    """No setting takes an object of no kind that anyone would mean."""
    for name in {field.name for field in fields(Recipe)} - {"data", "model", "loss", "optimizer"}:
        with pytest.raises(WhynetError):
            recipe("digits", **{name: object()})


# --- parts of one's own ----------------------------------------------------------------------------------------------


def test_parts_of_ones_own_are_kept_as_they_are() -> None:
    model, loss = nn.Linear(6, 3), nn.CrossEntropyLoss()
    data, optimizer = from_tensors(torch.zeros(60, 6), torch.arange(60) % 3, name="mine"), optim.SGD(model.parameters(), lr=0.1)
    one = recipe(data, model, loss, optimizer)
    for name, value in {"data": data, "model": model, "loss": loss, "optimizer": optimizer}.items():
        part = getattr(one, name)
        assert isinstance(part, Given)
        assert part.value is value
    assert not one.is_written
    assert str(one) == "data <mine> · model <Linear> · loss <CrossEntropyLoss> · optimizer <SGD>"
    assert json.loads(one.to_json())["model"] == "<Linear>"
    assert one == recipe(data, model, loss, optimizer)
    assert hash(one) == hash(recipe(data, model, loss, optimizer))
    assert [d.path for d in diff(one, recipe(data, nn.Linear(6, 3), loss, optimizer))] == ["model"]  # another module
    assert one.change(epochs=3).change(epochs=20) == one
    with pytest.raises(SpecError, match="<Linear>"):
        recipe("digits", json.loads(one.to_json())["model"])


def test_the_default_loss() -> None:
    assert default_loss(parse("mlp"), "mse") == Spec("mse")
    assert default_loss(parse("logistic_regression"), "cross_entropy") == Spec("binary_cross_entropy")
    assert default_loss(Given(nn.Linear(2, 2), "Linear"), "cross_entropy") == Spec("cross_entropy")
