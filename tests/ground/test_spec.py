"""Specs: what is written reads back, what is printed stays, and no text does anything but be read or be refused."""

from __future__ import annotations

import keyword
import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.errors import SpecError
from whynet.spec import GREATEST, LONGEST, Spec, Value, parse, parse_value
from whynet.text import use_language

letters = st.text("abzAZ_가힣", min_size=1, max_size=3)
identifiers = st.builds(str.__add__, letters, st.text("abzAZ_가힣019", max_size=5)).filter(
    lambda name: name not in ("inf", "nan") and not keyword.iskeyword(name)
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-GREATEST + 1, GREATEST - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["학습률", '그는 "왜?"라고', "it's", "a\\b", "줄\n바꿈", "\x00", "\u200b", "🙂", "\ud800"])
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=5)
        | st.builds(lambda item, times: [item] * times, inner, st.integers(0, 12))
        | st.dictionaries(st.text(max_size=6), inner, max_size=3)
        | st.builds(Spec, identifiers, st.dictionaries(identifiers, inner, max_size=3), st.lists(inner, max_size=2).map(tuple))
    )


values = st.recursive(scalars, containers, max_leaves=12)
specs = st.builds(Spec, identifiers, st.dictionaries(identifiers, values, max_size=4), st.lists(values, max_size=3).map(tuple))


# --- reading and printing --------------------------------------------------------------------------------------------


@given(specs)
def test_what_is_printed_reads_back(spec: Spec) -> None:
    again = parse(str(spec))
    assert again == spec
    assert hash(again) == hash(spec)


@given(specs)
def test_printing_is_a_fixed_point(spec: Spec) -> None:
    """Types included: 1, 1.0 and True are equal to Python, but not as an option."""
    assert str(parse(str(spec))) == str(spec)


@given(values)
def test_an_option_of_any_kind_reads_back(value: Value) -> None:
    written = str(Spec("x", {"x": value}))[4:-1]
    assert parse_value(written) == value


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("mlp", "mlp"),
        ("mlp()", "mlp"),
        (" mlp ( ) ", "mlp"),
        ("mlp(widths=[64]*10, activation='sigmoid')", 'mlp(widths=[64] * 10, activation="sigmoid")'),
        ("mlp(widths=10*[64])", "mlp(widths=[64] * 10)"),
        ("mlp(widths=[64, 64, 64, 64])", "mlp(widths=[64] * 4)"),
        ("mlp(widths=[64, 64, 64])", "mlp(widths=[64, 64, 64])"),
        ("mlp(widths=[64]*2 + [32])", "mlp(widths=[64, 64, 32])"),
        ("mlp(widths=(64, 32))", "mlp(widths=[64, 32])"),
        ("f(x=[1, 1.0, True, 1])", "f(x=[1, 1.0, True, 1])"),
        ("f(x=[0.0, -0.0, 0.0, 0.0])", "f(x=[0.0, -0.0, 0.0, 0.0])"),
        ("f(x=[relu]*4)", "f(x=[relu] * 4)"),
        ("f(-1, +2, --3, -0.5, 1e-3)", "f(-1, 2, 3, -0.5, 0.001)"),
        ("f(inf, -inf, nan, 1e999)", "f(inf, -inf, nan, inf)"),
        ("f(None, True, False)", "f(None, True, False)"),
        ("f({'a': 1, 'b': [relu]})", 'f({"a": 1, "b": [relu]})'),
        ("sequential([flatten, linear(10), relu])", "sequential([flatten, linear(10), relu])"),
        ("csv(path='자료/집값.csv', target='가격')", 'csv(path="자료/집값.csv", target="가격")'),
        ("f('그는 \"왜?\"라고 물었다')", 'f("그는 \\"왜?\\"라고 물었다")'),
        ("f('a\\tb')", 'f("a\\tb")'),
        ("f('C:\\data')", 'f("C:\\\\data")'),
        ("데이터(크기=3)", "데이터(크기=3)"),
        ("f([], [[]], {})", "f([], [[]], {})"),
        ("f(0x10, 1_000)", "f(16, 1000)"),
    ],
)
def test_reads(text: str, printed: str) -> None:
    assert str(parse(text)) == printed


def test_reads_into_plain_values() -> None:
    spec = parse("mlp([64] * 2, activation='relu', dropout=0.5, norm=batch_norm(momentum=-1))")
    assert spec.name == "mlp"
    assert spec.args == ([64, 64],)
    assert spec.options == {"activation": "relu", "dropout": 0.5, "norm": Spec("batch_norm", {"momentum": -1})}
    assert parse(spec) is spec


@pytest.mark.parametrize("zero", ["0.0", "-0.0"])
def test_the_sign_of_zero_is_kept(zero: str) -> None:
    assert math.copysign(1, float(str(parse(f"f({zero})"))[2:-1])) == math.copysign(1, float(zero))


# --- what is not a spec ----------------------------------------------------------------------------------------------


@given(st.text(max_size=60) | st.text(alphabet="ab()[]{}=*+-,.'\"\\: 019_#@\n가", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    parse_value(text)
    try:
        spec = parse(text)
    except SpecError as refused:
        error = refused
    else:
        assert str(parse(str(spec))) == str(spec)
        return
    with use_language("ko"):
        assert "스펙" in str(error)


PROBES = [
    "__import__('os').abort()",
    "f(x=__import__('os').abort())",
    "f(x=open('/nowhere'))",  # reads as the spec open(...), and opens nothing
    "f(x=[i for i in [1]])",
    "(lambda: 1)()",
    "f(x=lambda: 1)",
    "f(x=y.z)",
    "f(x=y[0])",
    "f(x=f'{1/0}')",
    "f(x=(y := 1))",
    "f(x=1 if True else 2)",
    "f(x=1 + 1)",
    "f(x=2 ** 99999)",
    "f(x='a' * 9)",
    "f(x=1 / 0)",
    "f(x=not True)",
    "f(x=-True)",
    "f(x=[1] * True)",
    "f(x=[1] * -1)",
    "f(x=[1] * 1.5)",
    "f(x=[1] + 2)",
    "f(x=1j)",
    "f(x=b'1')",
    "f(x=...)",
    "f(x={1})",
    "f(x={1: 2})",
    "f(x={**y})",
    "f(*y)",
    "f(**y)",
    "f.g(x=1)",
    "f()()",
    "await f",
]


@pytest.mark.parametrize("text", PROBES)
def test_nothing_is_evaluated(text: str) -> None:
    if text.startswith("f(x=open"):
        assert parse(text).options["x"] == Spec("open", {}, ("/nowhere",))
        return
    with pytest.raises(SpecError, match=r"A spec holds numbers|This is not a spec"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["", " ", "3", "'mlp'", "[mlp]", "inf", "None", "mlp(", "mlp)", "mlp mlp", "mlp; mlp", "a\nb", "mlp(a=)", "\0"]
)
def test_what_is_no_spec_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SpecError, match=r"at character \d+.*such as mlp\(") as caught:
        parse(text)
    with use_language("ko"):
        assert "스펙(spec)이 아니다" in str(caught.value)
        assert "번째 글자" in str(caught.value)


def test_the_place_is_where_reading_stopped() -> None:
    with pytest.raises(SpecError, match=r"at character 10"):
        parse("mlp(a=1, =2)")


@pytest.mark.parametrize("wrong", [None, 3, ["mlp"], b"mlp"])
def test_what_is_not_even_text_is_refused(wrong: Any) -> None:
    with pytest.raises(SpecError, match="This is not a spec"):
        parse(wrong)


def test_an_option_twice_is_refused() -> None:
    with pytest.raises(SpecError):
        parse("f(a=1, a=2)")


def test_a_keyword_cannot_name_an_option() -> None:
    with pytest.raises(SpecError):
        parse("f(lambda=1)")


# --- giants ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "f([0] * 999999999999)",
        f"f([0] * {LONGEST + 1})",
        "f([[0] * 1000] * 1000)",
        "f([[[[0] * 99] * 99] * 99] * 99)",
        "f([g([0] * 1000)] * 1000)",
        "f([{'a': [0] * 1000}] * 1000)",
        "f([[]] * 999999999999)",
        "f(" + ", ".join(["[0] * 90000"] * 50) + ")",
        "f([0] * 60000 + [0] * 60000)",
    ],
)
def test_giant_repetition_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="at most 100,000 entries") as caught:
        parse(text)
    with use_language("ko"):
        assert "100,000개까지" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_the_longest_repetition_is_read() -> None:
    spec = parse(f"f([0] * {LONGEST})")
    assert str(spec) == f"f([0] * {LONGEST})"


def test_nested_repetition_prints_in_one_pass() -> None:
    text = "f([[[[[[[[0] * 4] * 4] * 4] * 4] * 4] * 4] * 4] * 4)"  # 4^8 entries; comparing them as they are written would take hours
    assert str(parse(text)) == text


@pytest.mark.parametrize("text", ["f(18446744073709551616)", "f(-99999999999999999999999)", "f(0x" + "f" * 5000 + ")"])
def test_giant_whole_numbers_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match="write a larger one as 1e30"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["f(" * 5000 + ")" * 5000, "[" * 100_000, "-" * 100_000 + "1", "f(" + "1+" * 100_000 + "1)", "9" * 10_000]
)
def test_bottomless_nesting_is_refused(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text)
    assert len(str(caught.value)) < 400
    assert parse_value(text) == text


def test_deep_nesting_is_read() -> None:
    text = "f(" * 50 + "x" + ")" * 50
    assert str(parse(text)) == text


# --- single values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-1e-3", -0.001),
        ("[64] * 2", [64, 64]),
        ("True", True),
        ("relu", Spec("relu")),
        ("linear(10)", Spec("linear", {}, (10,))),
        ("'relu'", "relu"),
        ("two words", "two words"),
        ("자료/집값.csv", "자료/집값.csv"),
        ("a-b", "a-b"),
        ("2024-01-01", "2024-01-01"),
        ("C:\\data", "C:\\data"),
        ("", ""),
    ],
)
def test_a_value_needs_no_quotes(text: str, value: Value) -> None:
    assert parse_value(text) == value


# --- as a value of its own -------------------------------------------------------------------------------------------


def test_replace_and_without_leave_the_original_alone() -> None:
    spec = parse("sgd(0, lr=0.1, momentum=0.9)")
    assert str(spec.replace(lr=1.0)) == "sgd(0, lr=1.0, momentum=0.9)"
    assert str(spec.without("momentum", "nothing")) == "sgd(0, lr=0.1)"
    assert str(spec) == "sgd(0, lr=0.1, momentum=0.9)"


def test_the_order_of_options_makes_no_other_spec() -> None:
    one, other = parse("f(a=1, b=2)"), parse("f(b=2, a=1)")
    assert one == other
    assert len({one, other}) == 1


def test_equal_specs_have_equal_hashes_even_where_they_print_differently() -> None:
    assert parse("f(a=1)") == parse("f(a=1.0)")
    assert hash(parse("f(a=1)")) == hash(parse("f(a=1.0)"))


def test_travels_between_processes() -> None:
    spec = parse("mlp(widths=[64] * 10, norm=batch_norm(momentum=0.1))")
    assert pickle.loads(pickle.dumps(spec)) == spec
