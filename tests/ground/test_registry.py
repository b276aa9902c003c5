"""The registry: what is registered, how its options are checked, and what is said where they do not fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet import registry
from whynet.errors import OptionError, SpecError, UnknownNameError, WhynetError
from whynet.registry import KIND_NAMES, Info, Kind, Range, bind, canonical, check, get, infos, make, names, register
from whynet.spec import Spec, parse
from whynet.text import use_language


@dataclass(frozen=True)
class Knobs:
    """A thing with an option of every kind."""

    lr: Annotated[float, Range(above=0, most=1)] = 0.1
    width: Annotated[int, Range(least=1)] = 8
    widths: Sequence[int] = (64, 64)
    activation: str = "relu"
    mode: Literal["fast", "exact"] = "fast"
    nesterov: bool = False
    clip: float | None = None
    inner: Spec | None = None


@dataclass(frozen=True)
class Chain:
    """A thing made of a list of specs."""

    entries: list[Spec]
    times: int = 1


def loader(path: str, rows: int = 10, *, seed: int, shuffle: bool = True) -> tuple[str, int, int, bool]:
    """A function with a required option and one that whynet supplies."""
    return path, rows, seed, shuffle


@pytest.fixture(autouse=True)
def _things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registry", {})
    register("optimizer", en="Knobs.", ko="손잡이.", year=1951, source="Someone", accepts=["classify"], speed=3)(Knobs)
    register("layer", en="A chain.", ko="사슬.")(Chain)
    register("data", en="A loader.", ko="불러오기.", name="file")(loader)


def refusal(kind: Kind, spec: str | Spec) -> tuple[str, str]:
    """The message in English and in Korean."""
    with pytest.raises(WhynetError) as caught:
        bind(kind, spec)
    with use_language("ko"):
        return caught.value.message.show("en"), str(caught.value)


# --- the list --------------------------------------------------------------------------------------------------------


def test_registering_keeps_what_was_said() -> None:
    info = get("optimizer", "knobs")
    assert (info.kind, info.name, info.make, info.year, info.source) == ("optimizer", "knobs", Knobs, 1951, "Someone")
    assert info.accepts == {"classify"}
    assert info.facts == {"speed": 3}
    assert info.idea.show("ko") == "손잡이."
    assert names("optimizer") == ["knobs"]
    assert names("loss") == []
    assert infos("data") == [get("data", "file")]


@pytest.mark.parametrize(
    ("written", "snake"),
    [
        ("SGD", "sgd"),
        ("AdamW", "adam_w"),
        ("RMSProp", "rms_prop"),
        ("MLP", "mlp"),
        ("LeNet5", "le_net5"),
        ("xor", "xor"),
        ("BatchNorm", "batch_norm"),
    ],
)
def test_names_are_in_snake_case(written: str, snake: str) -> None:
    register("loss", en="x", ko="가")(type(written, (), {}))
    assert names("loss") == [snake]


def test_two_things_cannot_share_a_name() -> None:
    other = type("Knobs", (), {"__module__": "elsewhere"})
    with pytest.raises(ValueError, match="Two things are registered as optimizer 'knobs'"):
        register("optimizer", en="x", ko="가")(other)
    register("optimizer", en="x", ko="가")(Knobs)  # the same file read again
    register("loss", en="x", ko="가")(other)  # of another kind


def test_options_are_the_parameters_that_are_not_supplied() -> None:
    assert list(get("data", "file").parameters) == ["path", "rows", "shuffle"]
    assert get("data", "file").signature == "file(path, rows=10, shuffle=True)"
    assert get("optimizer", "knobs").signature == (
        'knobs(lr=0.1, width=8, widths=[64, 64], activation="relu", mode="fast", nesterov=False, clip=None, inner=None)'
    )


def test_every_kind_has_a_name_in_both_languages() -> None:
    import typing

    assert set(KIND_NAMES) == set(typing.get_args(Kind))


# --- binding ---------------------------------------------------------------------------------------------------------


def test_options_are_bound_by_name_and_by_place() -> None:
    assert bind("optimizer", "knobs")[1] == {}
    assert bind("optimizer", "knobs(1, 2)")[1] == {"lr": 1.0, "width": 2}
    assert bind("optimizer", "knobs(0.5, nesterov=True)")[1] == {"lr": 0.5, "nesterov": True}
    assert bind("data", "file('자료.csv', 3)")[1] == {"path": "자료.csv", "rows": 3}


def test_make_builds_with_what_is_supplied() -> None:
    assert make("optimizer", "knobs(lr=1)") == Knobs(lr=1.0)
    assert make("data", "file('a', shuffle=False)", seed=3) == ("a", 10, 3, False)


def test_values_become_what_their_annotation_says() -> None:
    options = bind("optimizer", "knobs(lr=1, width=8.0, widths=[1, 2.0], activation=tanh, mode=exact, clip=2, inner='relu')")[1]
    assert repr(options) == repr(
        {
            "lr": 1.0,
            "width": 8,
            "widths": [1, 2],
            "activation": "tanh",
            "mode": "exact",
            "clip": 2.0,
            "inner": Spec("relu"),
        }
    )
    assert bind("optimizer", "knobs(clip=None, inner=linear(10))")[1] == {"clip": None, "inner": parse("linear(10)")}


# --- refusals, each in both languages --------------------------------------------------------------------------------


def test_an_unknown_name_offers_the_nearest() -> None:
    assert refusal("optimizer", "knob") == (
        "There is no optimizer named 'knob'. Did you mean knobs?",
        "'knob'라는 옵티마이저(optimizer)는 없다. 혹시 knobs를 뜻했나?",
    )
    assert refusal("layer", "zzz") == (
        "There is no layer named 'zzz'. Known: chain.",
        "'zzz'라는 층(layer)은 없다. 쓸 수 있는 것: chain.",
    )
    assert refusal("loss", "mse")[0] == "There is no loss named 'mse'. There is none."


def test_an_unknown_option_offers_the_nearest() -> None:
    en, ko = refusal("optimizer", "knobs(nestorov=True)")
    assert en.startswith("knobs has no option 'nestorov'. Did you mean nesterov? Its options: knobs(lr=0.1,")
    assert ko.startswith("knobs에는 'nestorov' 옵션이 없다. 혹시 nesterov를 뜻했나? 쓸 수 있는 옵션: knobs(lr=0.1,")


def test_what_whynet_supplies_is_no_option() -> None:
    assert "file has no option 'seed'" in refusal("data", "file('a', seed=1)")[0]


def test_too_many_values() -> None:
    en, ko = refusal("layer", "chain([], 1, 2)")
    assert en == "chain takes at most 2 values without a name. Received: 3. Its options: chain(entries, times=1)"
    assert ko == "chain에는 이름 없는 값을 2개까지 쓸 수 있다. 받은 것: 3개. 쓸 수 있는 옵션: chain(entries, times=1)"
    assert "at most 2 values" in refusal("data", "file('a', 1, True)")[0]  # shuffle is by name only


def test_a_value_twice() -> None:
    assert refusal("optimizer", "knobs(0.1, lr=0.2)") == ("knobs: lr is given twice.", "knobs: lr이 두 번 주어졌다.")


def test_a_missing_value() -> None:
    assert refusal("data", "file") == (
        "file needs path. Its options: file(path, rows=10, shuffle=True)",
        "file에는 path가 필요하다. 옵션: file(path, rows=10, shuffle=True)",
    )


@pytest.mark.parametrize(
    ("option", "en", "ko"),
    [
        ("lr=0", "lr: expected a number with 0 < x <= 1. Received: 0", "lr: 허용되는 값은 0 < x <= 1인 수. 받은 것: 0"),
        ("lr=nan", "lr: expected a number with 0 < x <= 1. Received: nan", "받은 것: nan"),
        ("lr='fast'", 'lr: expected a number with 0 < x <= 1. Received: "fast"', '받은 것: "fast"'),
        ("lr=True", "lr: expected a number with 0 < x <= 1. Received: True", "받은 것: True"),
        ("width=0", "width: expected a whole number with 1 <= x. Received: 0", "1 <= x인 정수"),
        ("width=2.5", "width: expected a whole number with 1 <= x. Received: 2.5", "정수"),
        ("width=inf", "width: expected a whole number with 1 <= x. Received: inf", "정수"),
        ("widths=64", "widths: expected a list, each entry a whole number. Received: 64", "리스트, 항목은 각각 정수"),
        (
            "widths=[64, relu]",
            "widths: expected a whole number. Received: [64, relu]",
            "허용되는 값은 정수. 받은 것: [64, relu]",
        ),
        ("activation=3", "activation: expected a text. Received: 3", "문자열"),
        ("activation=relu(1)", "activation: expected a text. Received: relu(1)", "문자열"),
        ("mode=slow", "mode: expected one of fast, exact. Received: slow", "fast, exact 중 하나"),
        ("nesterov=1", "nesterov: expected True or False. Received: 1", "True 또는 False"),
        ("clip='x'", 'clip: expected a number or none. Received: "x"', "수 또는 없음(None)"),
        ("inner=3", "inner: expected a spec such as relu or linear(10) or none. Received: 3", "같은 스펙 또는 없음(None)"),
        ("inner='no spec'", 'inner: expected a spec such as relu or linear(10) or none. Received: "no spec"', "스펙"),
    ],
)
def test_a_value_that_does_not_fit(option: str, en: str, ko: str) -> None:
    shown = refusal("optimizer", f"knobs({option})")
    assert shown[0] == f"knobs: {en}"
    assert ko in shown[1]


def test_a_number_too_large_for_a_float_is_refused() -> None:
    assert "expected a number" in refusal("optimizer", Spec("knobs", {"lr": 10**400}))[0]


def test_what_is_no_spec_is_refused_before_anything_else() -> None:
    with pytest.raises(SpecError):
        bind("optimizer", "knobs(")


def test_kinds_of_refusal() -> None:
    with pytest.raises(UnknownNameError):
        bind("optimizer", "nothing")
    with pytest.raises(OptionError):
        bind("optimizer", "knobs(lr=-1)")


# --- one value against one annotation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (Any, object, object),
        (float, 1, 1.0),
        (int, 3.0, 3),
        (int | float, 3, 3),
        (float | int, 3, 3),
        (float | Literal["auto"], Spec("auto"), "auto"),
        (Literal[1, "all"], 1, 1),
        (tuple[int, int], [1, 2], (1, 2)),
        (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
        (list[float], (1, 2), [1.0, 2.0]),
        (Sequence[Annotated[int, Range(least=1)]], [1], [1]),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (dict, {"a": 1}, {"a": 1}),
        (Spec | str, "two words", "two words"),
        (bytes, b"x", b"x"),
        (Annotated[float | None, Range(least=0)], None, None),
    ],
)
def test_check_accepts(hint: Any, value: Any, expected: Any) -> None:
    found = check("x", hint, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("hint", "value", "says"),
    [
        (int, True, "a whole number. Received: True"),
        (bool, 0, "True or False. Received: 0"),
        (Literal[1], True, "one of 1. Received: True"),
        (tuple[int, int], [1], "2 values, each a whole number. Received: [1]"),
        (tuple[int, ...], "12", 'a list, each entry a whole number. Received: "12"'),
        (list[Annotated[int, Range(least=1, below=10)]], [1, 10], "a whole number with 1 <= x < 10. Received: [1, 10]"),
        (dict[str, float], [1], "a dictionary. Received: [1]"),
        (float | int | None, "x", 'a number or a whole number or none. Received: "x"'),
        (Annotated[int, "just a remark"], "x", 'a whole number. Received: "x"'),
        (bytes, "x", 'bytes. Received: "x"'),
        (int, object(), "a whole number. Received: <object object"),
    ],
)
def test_check_refuses(hint: Any, value: Any, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        check("x", hint, value)
    assert f"x: expected {says}" in str(caught.value)


@given(st.floats(allow_nan=True), st.tuples(*[st.none() | st.floats(-2, 2)] * 4))
def test_a_range_is_what_it_prints(value: float, limits: tuple[float | None, ...]) -> None:
    least, above, most, below = limits
    held = Range(least, above, most, below).holds(value)
    slow = not math.isnan(value) and not any(
        [
            least is not None and value < least,
            above is not None and value <= above,
            most is not None and value > most,
            below is not None and value >= below,
        ]
    )
    assert held == slow


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        (Range(least=0), "0 <= x"),
        (Range(above=0, most=1), "0 < x <= 1"),
        (Range(below=1), "x < 1"),
        (Range(least=-1, below=1), "-1 <= x < 1"),
        (Range(), "x"),
    ],
)
def test_a_range_in_words(limits: Range, shown: str) -> None:
    assert str(limits) == shown


# --- one spelling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        "knobs(0.5, widths=[1] * 4)",
        "knobs(widths=[1, 1, 1, 1.0], lr=0.5)",
        "knobs(lr=0.5, widths=4 * [1])",
        "knobs(5e-1, widths=(1, 1, 1, 1))",
    ],
)
def test_however_it_is_written_it_is_one_spec(spelling: str) -> None:
    assert str(canonical("optimizer", spelling)) == "knobs(lr=0.5, widths=[1] * 4)"


@pytest.mark.parametrize(
    "spelling",
    [
        "chain([relu, linear(10)], 2)",
        "chain(entries=[relu, linear(10)], times=2)",
        "chain(times=2, entries=['relu', linear(10)])",
    ],
)
def test_a_list_of_specs_needs_no_name(spelling: str) -> None:
    assert str(canonical("layer", spelling)) == "chain([relu, linear(10)], times=2)"


def test_a_list_of_specs_keeps_a_name_that_it_may_not_do_without() -> None:
    def tower(inputs: tuple[int, ...], *, trunk: Sequence[Spec | str] = ()) -> None: ...

    register("layer", en="A tower.", ko="탑.")(tower)
    written = str(canonical("layer", "tower(trunk=[relu, linear(10)])"))
    assert written == "tower(trunk=[relu, linear(10)])"
    assert str(canonical("layer", written)) == written


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "lr": st.floats(0.01, 1),
            "width": st.integers(1, 9),
            "widths": st.lists(st.integers(1, 9), max_size=5),
            "mode": st.sampled_from(["fast", "exact"]),
            "clip": st.none() | st.floats(0, 1),
            "inner": st.sampled_from([None, Spec("relu"), Spec("linear", {}, (3,))]),
        },
    )
)
def test_the_canonical_spec_is_its_own(options: dict[str, Any]) -> None:
    once = canonical("optimizer", Spec("knobs", options))
    assert str(canonical("optimizer", once)) == str(once)
    assert str(canonical("optimizer", str(once))) == str(once)
    assert make("optimizer", once) == make("optimizer", Spec("knobs", options))


def test_infos_are_plain_facts() -> None:
    assert isinstance(get("layer", "chain"), Info)
    assert get("layer", "chain").hints["entries"] == list[Spec]
