"""Errors that teach: one message in the reader's language, wherever they end up."""

from __future__ import annotations

import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet import errors
from whynet.errors import WhynetError, nearest
from whynet.text import Text, use_language

KINDS = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WhynetError)),
    key=lambda kind: kind.__name__,
)
MESSAGE = Text("Expected {expected}. Received: {received}", "{expected:을} 기대했다. 받은 것: {received}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_speaks_both_languages_and_travels(kind: type[WhynetError]) -> None:
    error = kind(MESSAGE, expected="정수", received="{x}")
    assert str(error) == "Expected 정수. Received: {x}"
    with use_language("ko"):
        assert str(error) == "정수를 기대했다. 받은 것: {x}"
    again = pickle.loads(pickle.dumps(error))  # from a worker
    assert type(again) is kind
    assert again.message == error.message
    assert str(again) == str(error)


def test_all_are_of_one_family() -> None:
    assert len(KINDS) == 12
    assert all(kind.__doc__ and kind.__module__ == "whynet.errors" for kind in KINDS)


def test_a_finished_message_is_taken_as_it_is() -> None:
    assert str(WhynetError(MESSAGE.fill(expected=1, received=2))) == "Expected 1. Received: 2"
    assert str(WhynetError(Text("nothing to fill: {}", "채울 것 없음: {}"))) == "nothing to fill: {}"


def test_a_traceback_ends_with_the_message() -> None:
    error = WhynetError(MESSAGE, expected="a", received="b")
    assert traceback.format_exception_only(error) == ["whynet.errors.WhynetError: Expected a. Received: b\n"]


@pytest.mark.parametrize(
    ("name", "en", "ko"),
    [
        ("rellu", "Did you mean relu?", "혹시 relu를 뜻했나?"),
        ("admw", "Did you mean adamw / adam?", "혹시 adamw / adam을 뜻했나?"),
        ("xyz", "Known: adam, adamw, relu, sgd.", "쓸 수 있는 것: adam, adamw, relu, sgd."),
    ],
)
def test_nearest(name: str, en: str, ko: str) -> None:
    found = nearest(name, ["sgd", "relu", "adamw", "adam"])
    assert found.show("en") == en
    assert found.show("ko") == ko


def test_nearest_of_nothing() -> None:
    assert nearest("a", []).show("en") == "There is none."
    assert nearest("a", []).show("ko") == "쓸 수 있는 것이 없다."


@given(st.text(max_size=10), st.lists(st.text(max_size=6), max_size=5))
def test_nearest_always_has_a_sentence(name: str, known: list[str]) -> None:
    for shown in (nearest(name, known).show("en"), nearest(name, known).show("ko")):
        assert shown[-1] in ".?"
