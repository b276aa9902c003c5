"""Sentences in two languages, and the Korean particles that their fields ask for."""

from __future__ import annotations

import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.text import LANGUAGES, Text, final_sound, join, language, plain, set_language, use_language, with_particle


def ko(template: str, **values: object) -> str:
    return Text("", template).fill(**values).show("ko")


# --- particles -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("모델", "은", "모델은"),
        ("학습률", "은", "학습률은"),
        ("데이터", "은", "데이터는"),
        ("값", "이", "값이"),
        ("너비", "이", "너비가"),
        ("기울기", "을", "기울기를"),
        ("손실", "을", "손실을"),
        ("시드", "과", "시드와"),
        ("층", "과", "층과"),
        ("서울", "으로", "서울로"),
        ("모델", "로", "모델로"),
        ("값", "로", "값으로"),
        ("시드", "으로", "시드로"),
        ("층", "이다", "층이다"),
        ("시드", "이다", "시드다"),
        ("층", "이나", "층이나"),
        ("시드", "이나", "시드나"),
        ("층", "이라는", "층이라는"),
        ("시드", "라는", "시드라는"),
    ],
)
def test_korean_words(word: str, particle: str, expected: str) -> None:
    assert with_particle(word, particle) == expected


@pytest.mark.parametrize(
    ("number", "with_topic", "with_toward"),
    [
        ("0", "0은", "0으로"),  # 영
        ("1", "1은", "1로"),  # 일
        ("2", "2는", "2로"),  # 이
        ("3", "3은", "3으로"),  # 삼
        ("4", "4는", "4로"),  # 사
        ("5", "5는", "5로"),  # 오
        ("6", "6은", "6으로"),  # 육
        ("7", "7은", "7로"),  # 칠
        ("8", "8은", "8로"),  # 팔
        ("9", "9는", "9로"),  # 구
        ("10", "10은", "10으로"),  # 십
        ("1,000", "1,000은", "1,000으로"),  # 천
        ("0.1", "0.1은", "0.1로"),
        ("1e-05", "1e-05는", "1e-05로"),
        ("95%", "95%는", "95%로"),  # 퍼센트
        ("R²", "R²은", "R²으로"),  # 제곱
    ],
)
def test_numbers_are_read_aloud(number: str, with_topic: str, with_toward: str) -> None:
    assert with_particle(number, "은") == with_topic
    assert with_particle(number, "으로") == with_toward


@pytest.mark.parametrize(
    "expected",
    [
        *("relu는", "tanh는", "sigmoid는", "linear는", "batch는", "loss는", "MSE는", "SGD는", "MLP는", "network는", "weight는"),
        *("adam은", "momentum은", "hidden은", "activation은", "CNN은", "LSTM은", "training은", "dropout은", "ResNet은"),
        *(
            "step은",
            "RMSprop은",
            "metric은",
            "block은",
            "name은",
            "line은",
            "model은",
            "scale은",
            "module은",
            "XML은",
            "SGDR은",
        ),
    ],
)
def test_english_words_are_read_aloud(expected: str) -> None:
    assert with_particle(expected[:-1], "은") == expected


@pytest.mark.parametrize(("word", "expected"), [("model", "model로"), ("adam", "adam으로"), ("relu", "relu로")])
def test_toward_follows_a_final_l_as_it_follows_a_vowel(word: str, expected: str) -> None:
    assert with_particle(word, "으로") == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("학습률(learning rate)", "학습률(learning rate)은"),
        ("손실 함수(loss)", "손실 함수(loss)는"),
        ("초기화 (initialisation)", "초기화 (initialisation)는"),
        ("mlp(widths=[64, 64])", "mlp(widths=[64, 64])는"),
        ("adam(lr=sched(0.1))", "adam(lr=sched(0.1))은"),
        ("'tanh'", "'tanh'는"),
        ('"층"', '"층"은'),
        ("[64, 64]", "[64, 64]는"),
        ("(3)", "(3)은"),
        ("a)", "a)는"),
        ("hidden_1", "hidden_1은"),
        ("", "는"),
        ("?!", "?!는"),
    ],
)
def test_brackets_and_quotes_are_passed_over(word: str, expected: str) -> None:
    assert with_particle(word, "은") == expected


def test_every_korean_syllable() -> None:
    """A syllable has a final consonant where its decomposition has a third letter."""
    import unicodedata

    for code in range(ord("가"), ord("힣") + 1):
        letters = unicodedata.normalize("NFD", chr(code))
        expected = "-" if len(letters) == 2 else "ㄹ" if letters[2] == "\u11af" else "ㅇ"
        assert final_sound(chr(code)) == expected


@given(st.text(max_size=20))
def test_any_word_has_a_sound(word: str) -> None:
    assert final_sound(word) in ("-", "ㄹ", "ㅇ")


# --- filling ---------------------------------------------------------------------------------------------------------


def test_fields_with_particles() -> None:
    assert ko("{name:은} {value:.2f을} 받았다", name="학습률", value=0.1) == "학습률은 0.10을 받았다"
    assert ko("{n:,로} 늘었다", n=10_000) == "10,000으로 늘었다"
    assert ko("{name!r:이라는} {kind:은} 없다", name="relu", kind="층(layer)") == "'relu'라는 층(layer)은 없다"
    assert ko("{share:.0%가} 죽었다", share=0.42) == "42%가 죽었다"


def test_fields_without_particles_are_formatted_as_ever() -> None:
    text = Text("{n:,} of {share:.1%}, {name!r:>8}|{name:^9}|", "{n:,} / {share:.1%}, {name!r:>8}|{name:^9}|")
    filled = text.fill(n=12345, share=0.5, name="relu")
    assert filled.show("en") == "12,345 of 50.0%,   'relu'|  relu   |"
    assert filled.show("ko") == "12,345 / 50.0%,   'relu'|  relu   |"


def test_filling_leaves_the_original_alone_and_may_be_done_in_parts() -> None:
    text = Text("{a} and {b}", "{a:과} {b}")
    half = text.fill(a="층")
    assert half.fill(b=2).show("ko") == "층과 2"
    assert half.fill(b=2).fill(b=3).show("en") == "층 and 3"
    assert text.show("en") == "{a} and {b}"


def test_a_text_in_a_text_is_shown_in_its_language() -> None:
    layer = Text("layer", "층(layer)")
    sentence = Text("the {what}", "{what:은}").fill(what=Text("{n} {of}s", "{of} {n}개").fill(of=layer, n=3))
    assert sentence.show("en") == "the 3 layers"
    assert sentence.show("ko") == "층(layer) 3개는"


def test_braces_in_values_stay() -> None:
    filled = Text("got {value}", "{value:을} 받았다").fill(value="{x} {{y}} {0}")
    assert filled.show("en") == "got {x} {{y}} {0}"
    assert filled.show("ko") == "{x} {{y}} {0}을 받았다"


@given(st.text(alphabet="ab{}가 :!.", max_size=20))
def test_plain_shows_what_it_was_given(text: str) -> None:
    assert plain(text).show("en") == plain(text).show("ko") == text
    assert Text("<{x}>", "<{x}>").fill(x=plain(text)).show("ko") == f"<{text}>"


@given(st.lists(st.text(alphabet="ab{}가 ", max_size=8), max_size=4), st.sampled_from([" ", "; ", "{}", ""]))
def test_join(parts: list[str], separator: str) -> None:
    assert join(map(plain, parts), separator).show("ko") == separator.join(parts)


# --- languages -------------------------------------------------------------------------------------------------------


def test_shows_the_current_language() -> None:
    text = Text("layer", "층")
    assert f"{text}" == str(text) == "layer"
    with use_language("ko"):
        assert str(text) == "층"
        with use_language("en"):
            assert str(text) == "layer"
        assert str(text) == "층"
    assert language() == "en"


def test_an_error_inside_gives_the_language_back() -> None:
    with pytest.raises(RuntimeError), use_language("ko"):
        raise RuntimeError
    assert language() == "en"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected a language out of .* Received: 'fr'"):
        set_language("fr")  # type: ignore[arg-type]
    assert LANGUAGES == ("en", "ko")


def test_one_thread_does_not_change_the_language_of_another() -> None:
    thread = threading.Thread(target=set_language, args=("ko",))
    thread.start()
    thread.join()
    assert language() == "en"


def test_equal_texts_have_equal_hashes_in_any_language() -> None:
    one, other = Text("{n}", "{n}").fill(n=1), Text("{n}", "{n}").fill(n=1.0)
    assert one == other
    assert hash(one) == hash(other)
    nested = Text("{x}", "{x}").fill(x=Text("a", "가"))
    before = hash(nested)
    with use_language("ko"):
        assert hash(nested) == before
    assert Text("a", "가") != Text("a", "나")


def test_a_text_with_a_list_can_be_hashed_and_travels() -> None:
    text = Text("{x}", "{x}").fill(x=[1, 2])
    assert {text: 1}[text] == 1
    assert pickle.loads(pickle.dumps(text)) == text
