"""What holds of every question of the book."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.questions import Answer, ask, book, find, pose
from whynet.questions.claim import OUTCOMES
from whynet.registry import names
from whynet.report import write
from whynet.report.answer import answer_report
from whynet.text import LANGUAGES, Text, use_language

Answered = Callable[[str], Answer]
QUESTIONS = names("question")
each = pytest.mark.parametrize("name", QUESTIONS)

NAMES = {  # what a formula calls the same in both languages
    *("ReLU", "PReLU", "Leaky", "tanh", "softmax", "sigmoid", "sine", "sign", "step", "argmin", "argmax"),
    *("momentum", "Nesterov", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "SAMME", "Xavier"),
    *("torch", "float", "standard", "minmax", "weight", "decay", "patience"),
    *("Laplace", "Lagrange", "Cauchy", "Schwarz", "Hölder"),
}


def korean(text: str) -> bool:
    return bool(re.search("[가-힣]", text))


def in_both(text: Text) -> bool:
    return korean(text.show("ko")) and not korean(text.show("en")) and "{" not in text.show("en") + text.show("ko")


def test_the_book_holds_every_question_once() -> None:
    listed = [info.name for infos in book().values() for info in infos]
    assert sorted(listed) == QUESTIONS
    places = [chapter.place for chapter in book()]
    assert places == sorted(set(places))
    assert all(in_both(chapter.title) for chapter in book())


@each
def test_what_is_written_before_anything_is_measured(name: str) -> None:
    question = pose(find(name), {})
    claims = question.claims()
    assert claims
    keys = [claim.key for claim in claims]
    assert len(set(keys)) == len(keys)
    assert find(name).idea.en.endswith("?")
    for text in [*question.words, *(claim.sentence for claim in claims), *(change.words for change in question.changes())]:
        assert in_both(text), text
    assert question.sources
    assert len(question.changes()) >= 2


def symbols(text: str) -> Counter[str]:
    """Everything but words, the marks between them and blanks."""
    return Counter(c for c in text if not (c.isspace() or c in ",.:;()-" or (c.isascii() and c.isalpha()) or korean(c)))


@each
def test_a_formula_is_written_in_both_languages_where_it_holds_words(name: str) -> None:
    formula = pose(find(name), {}).formula
    if isinstance(formula, Text):
        assert korean(formula.ko)
        assert not korean(formula.en)
        assert symbols(formula.en) == symbols(formula.ko)
        assert len(formula.en.splitlines()) == len(formula.ko.splitlines())
    same = formula.ko if isinstance(formula, Text) else formula
    assert not set(re.findall("[A-Za-zö]{4,}", same)) - NAMES


@each
def test_every_change_is_a_command_that_asks_with_options_that_exist(name: str) -> None:
    from whynet.cli.ask import _options

    for change in pose(find(name), {}).changes():
        words = shlex.split(change.command)
        assert words[:3] == ["whynet", "ask", name]
        flags = dict(zip(words[3::2], words[4::2], strict=True)) if "--set" not in words else {}
        pairs = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
        flags |= {words[i]: words[i + 1] for i in range(3, len(words), 2) if words[i] != "--set"}
        changed = pose(find(name), {**{key.lstrip("-"): value for key, value in flags.items()}, **_options(pairs)})
        assert changed.options, f"{change.command} changes nothing"


@each
def test_options_are_checked(name: str) -> None:
    with pytest.raises(OptionError, match="quick"):
        pose(find(name), {"quik": True})
    for wrong in ({"seeds": 0}, {"seeds": "many"}, {"quick": 3}, {"data": 3}, {"model": 3}):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            pose(find(name), wrong)


@each
def test_every_claim_has_a_number_and_an_outcome(name: str, answered: Answered) -> None:
    answer = answered(name)
    assert [one.claim.key for one in answer.claims] == [claim.key for claim in answer.question.claims()]
    for one in answer.claims:
        assert one.outcome in OUTCOMES
        found = one.measured.interval
        assert found.low <= found.mean <= found.high, one.claim.key
        assert in_both(one.measured.what)
        assert answer.claim(one.claim.key) is one
    assert in_both(answer.verdict)


@each
def test_every_figure_is_drawn_in_both_languages(name: str, answered: Answered) -> None:
    assert answered(name).figures
    for one in answered(name).figures:
        assert in_both(one.title)
        assert in_both(one.reading)
        titles = []
        for language in LANGUAGES:
            with use_language(language):
                figure = one.draw()
                assert isinstance(figure, Figure)
                titles.append(figure.get_suptitle().replace("\n", " "))
                assert titles[-1].split() == str(one.title).split()
        assert titles[0] != titles[1]


@each
def test_the_answer_is_plain_data(name: str, answered: Answered) -> None:
    plain = json.loads(json.dumps(answered(name).to_dict(), allow_nan=False))
    assert plain["question"] == name
    assert [one["outcome"] for one in plain["claims"]] == [one.outcome for one in answered(name).claims]
    assert plain["command"] == f"whynet ask {name} --quick"


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said = ""

    def handle_data(self, data: str) -> None:
        self.said += data


@each
def test_the_report_tells_all_of_it(name: str, answered: Answered, tmp_path: Path) -> None:
    answer = answered(name)
    page = write(answer_report(answer), tmp_path / "report.html").read_text("utf-8")
    parser = _Words()
    parser.feed(page)
    for language in LANGUAGES:
        for text in (
            answer.asked,
            answer.verdict,
            *(one.claim.sentence for one in answer.claims),
            *(one.words for one in answer.claims),
        ):
            assert text.show(language) in parser.said
    for one in answer.claims:
        assert one.measured.text.show("en") in parser.said
    assert page.count("<svg") == 2 * len(answer.figures)
    for change in answer.question.changes():
        assert change.command in parser.said
    assert "http://" not in page.replace("http://www.w3.org/", "")


def test_asking_twice_gives_the_same_numbers() -> None:
    small = {"data": "iris", "seeds": 2, "depths": [1, 3], "epochs": 1}
    first, again = (ask("vanishing-gradient", quick=True, **small) for _ in range(2))  # type: ignore[arg-type]
    for one, other in zip(first.claims, again.claims, strict=True):
        assert one.measured.interval == other.measured.interval or one.measured.interval.mean != one.measured.interval.mean
