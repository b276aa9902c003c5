"""Every help in both languages, and the language found wherever it stands."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from functools import wraps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.cli import verb as verb_module
from whynet.cli.app import _take_language, system_language
from whynet.cli.verb import Verb, verbs
from whynet.registry import discover

discover("whynet.cli", __import__("whynet.cli").cli.__path__)
VERBS = verbs()
EXAMPLES = [(one, line) for one in VERBS for line in one.examples]
HANGUL = re.compile("[가-힣]")
ids = [one.name for one in VERBS]


def test_every_verb_that_was_promised_is_there():
    promised = "fit compare ask why look describe data models losses optimizers runs show check resume"
    assert set(promised.split()) <= {one.name for one in VERBS}


@pytest.mark.parametrize("one", VERBS, ids=ids)
def test_help_is_in_the_language_asked_for_and_ends_with_its_examples(whynet, one: Verb):
    english, korean = whynet(one.name, "--help"), whynet("--lang", "ko", one.name, "--help")
    after = whynet(one.name, "-h", "--lang=ko")
    assert (english.code, korean.code, english.err, korean.err) == (0, 0, "", "")
    assert korean == after
    assert not HANGUL.search(english.out)
    assert str(one.help) in english.out
    assert one.help.show("ko") in korean.out
    for said in (english, korean):
        assert [line.strip() for line in said.out.strip().splitlines()][-len(one.examples) :] == list(one.examples)


@pytest.mark.parametrize("one", VERBS, ids=ids)
def test_every_parameter_is_explained_in_both_languages(one: Verb):
    for parameter in one.parameters:
        assert parameter.word.help.en
        assert HANGUL.search(parameter.word.help.ko), parameter.name


def test_the_help_of_the_program_lists_every_verb_in_order(whynet):
    english, korean, bare = whynet("--help"), whynet("--lang", "ko", "--help"), whynet()
    assert english == bare
    assert not HANGUL.search(english.out)
    for said in (english, korean):
        assert said.code == 0
        listed = [line.split()[0] for line in said.out.splitlines() if line.startswith("  ") and line.split()[0] in ids]
        assert listed == ids


@pytest.mark.parametrize(("one", "line"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_every_example_parses(whynet, monkeypatch, one: Verb, line: str):
    called = []

    @wraps(one.run)
    def stub(**arguments: object) -> None:
        called.append(arguments)

    monkeypatch.setitem(verb_module._verbs, one.name, replace(one, run=stub))
    program, *words = shlex.split(line)
    said = whynet(*words)
    assert program == "whynet"
    assert (said.code, said.err) == (0, "")
    assert len(called) == 1


def test_version(whynet):
    said = whynet("--version")
    assert re.fullmatch(r"whynet \d+\.\d+\.\d+\n", said.out)
    assert said.code == 0


@pytest.mark.parametrize("words", [["--lang", "fr"], ["data", "--lang"], ["data", "--lang="], ["--lang", "--help"]])
def test_a_language_that_is_none(whynet, words):
    said = whynet(*words)
    assert said.code == 2
    assert "expected en or ko" in said.err
    assert said.out == ""


WORD = st.sampled_from(["fit", "digits", "mlp", "--epochs", "5", "--json", "-h"])


@given(st.lists(WORD), st.integers(0, 10), st.sampled_from(["en", "ko"]), st.booleans())
def test_the_language_is_taken_out_wherever_it_stands(words, place, wanted, joined):
    place = min(place, len(words))
    said = [f"--lang={wanted}"] if joined else ["--lang", wanted]
    assert _take_language([*words[:place], *said, *words[place:]]) == (wanted, words)


@given(st.lists(WORD))
def test_what_follows_two_dashes_is_left_alone(words):
    line = [*words, "--", "--lang", "ko"]
    assert _take_language(line)[1] == line


@pytest.mark.parametrize(
    ("set_to", "expected"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_of_the_system(monkeypatch, set_to, expected):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert system_language() == expected


def test_the_system_language_is_used_where_none_is_asked_for(whynet, monkeypatch):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert HANGUL.search(whynet("--help").out)
    assert not HANGUL.search(whynet("--help", "--lang", "en").out)
