"""The site: a page for each answered question in both languages, with verdict, claims, figures and links that lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
from matplotlib.figure import Figure

from docs.book import __main__ as book_of
from docs.book import answers
from docs.book.answers import Kept, keep, key, made_of, recall
from docs.book.guide import ORDER
from docs.book.question_page import question_page
from docs.book.site import ASSETS, build, write_sources
from whynet import figures
from whynet.errors import OptionError, UnknownNameError
from whynet.experiment.statistics import Interval
from whynet.questions import Answer, Change, Chapter, Claim, Drawn, Evidence, Judged, Measured, Question, book, exactly, find
from whynet.questions.claim import Outcome, outcome
from whynet.questions.question import Listen
from whynet.registry import Range
from whynet.text import LANGUAGES, Language, Text

ROOT = Path(__file__).parents[2]
ASKED = Text("Why is [64] * 10 < x|y?", "[64] * 10 < x|y는 왜 그런가?")
VERDICT = Text("It is so in 80.7 % of cases.", "80.7 %의 경우에 그렇다.")
FORMULA = Text("a ≤ b*c*d   for all a", "a ≤ b*c*d   모든 a에서")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s#]+)[^)]*\)")
needs_mkdocs = pytest.mark.skipif(
    importlib.util.find_spec("material") is None, reason="mkdocs-material comes with the extra docs: pip install -e '.[docs]'"
)


@dataclass(frozen=True)
class Asked(Question):
    """A question whose answer costs nothing."""

    quick: bool = False
    words: ClassVar[Sequence[Text]] = (Text("Plain words.", "쉬운 말."), Text("More words.", "더 많은 말."))
    formula: ClassVar[str | Text] = FORMULA
    sources: ClassVar[Sequence[str]] = ("Somebody, Something (1986)",)

    def measure(self, listen: Listen) -> Evidence:
        return Evidence(notes=(Text("A reservation.", "유보할 점."),))

    def claims(self) -> Sequence[Claim]:
        return [
            Claim("one", Text("It is large.", "크다."), _large, Range(least=0.5)),
            Claim("two", Text("It is negative.", "음수다."), _exact, Range(below=0), saying=True),
        ]

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        return VERDICT

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        return [
            Drawn(title, _drawing(title), Text(f"Reading {n}.", f"{n}번 그림 읽는 법.")) for n, title in enumerate(TITLES, 1)
        ]

    def changes(self) -> Sequence[Change]:
        return [Change(Text("Fewer seeds", "시드를 줄여서"), "whynet ask xor --seeds 3")]


TITLES = (Text("The rate rises", "학습률이 오른다"), Text("It rises again", "다시 오른다"))


def _large(evidence: Evidence) -> Measured:
    return Measured(Interval(0.807, 0.761, 0.853, 5), Text("share", "비율"), "percent")


def _exact(evidence: Evidence) -> Measured:
    return exactly(2.5, Text("value", "값"))


def _drawing(title: Text) -> Callable[[], Figure]:
    def draw() -> Figure:
        return figures.schedule({"lr": [0.1, 0.2, 0.3]}, title=title)

    return draw


def answer(quick: bool = False, name: str = "xor") -> Answer:
    """An answer made without asking."""
    question = Asked(quick)
    evidence = question.measure(None)
    judged = [one.judge(evidence) for one in question.claims()]
    drawn = question.figures(evidence, judged)
    chapter = Chapter("networks", Text("Networks", "신경망"), 3)
    return Answer(name, ASKED, chapter, question, evidence, judged, question.verdict(evidence, judged), drawn, 1.5)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return keep(answer(), tmp_path_factory.mktemp("answers") / "full" / "xor", key("xor", quick=False))


@pytest.fixture(scope="module")
def sources(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Markdown of a site with one answered question."""
    folder = tmp_path_factory.mktemp("build")
    write_sources(book(), {"xor": kept}, folder / "docs-src", folder / "site")
    return folder / "docs-src"


# --- the page of a question ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_holds_question_verdict_claims_words_and_facts(kept: Kept, language: Language) -> None:
    page = question_page(kept, language)
    heading = ASKED.show(language).replace("[64] * 10 < x|y", r"\[64\] \* 10 &lt; x\|y")
    assert page.startswith(f"# {heading}\n")
    assert f"    {VERDICT.show(language)}\n" in page
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for one, number in zip(kept.answer.claims, ("80.7 % ", "2.5"), strict=True):
        row = next(row for row in rows if one.claim.sentence.show(language) in row)
        assert number in row
        assert one.measured.what.show(language) in row
        assert one.words.show(language) in row
    assert next(row for row in rows if "2.5" in row).endswith(f"**{kept.answer.claims[1].words.show(language)}** |")
    for text in (*Asked.words, *kept.answer.evidence.notes):
        assert text.show(language) in page
    formula = FORMULA.show(language)
    assert f"```text\n{formula}\n```" in page
    assert "```sh\nwhynet ask xor --seeds 3\n```" in page
    assert Asked.sources[0] in page
    for value in ("`whynet ask xor`", "torch", "2 s"):
        assert any(value in row for row in rows)
    places = [page.index(part) for part in (VERDICT.show(language), "figure-1", rows[0], formula, "figure-2", "--seeds 3")]
    assert places == sorted(places), "verdict, picture, claims, why, more pictures, what to change"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_figures_to_those_who_cannot_see_them(kept: Kept, language: Language) -> None:
    page = question_page(kept, language)
    for place, title in enumerate(TITLES, 1):
        for theme in answers.THEMES:
            assert f"![{title.show(language)}](xor/figure-{place}-{theme}.png#only-{theme})" in page


def test_a_korean_page_is_korean(kept: Kept) -> None:
    english, korean = (re.sub("```.*?```", "", question_page(kept, language), flags=re.DOTALL) for language in LANGUAGES)
    assert not re.search("[가-힣]", english)
    headings = re.findall("^#+ .*", korean, re.MULTILINE)
    assert len(headings) == len(re.findall("^#+ ", english, re.MULTILINE))
    assert all(re.search("[가-힣]", heading) for heading in headings)
    assert not [
        line
        for line in korean.splitlines()
        if line in english.splitlines()
        and re.search(r"[a-z] [a-z]", line)
        and "|" not in line
        and not line.startswith(("<", "Somebody"))
    ]


def test_a_quick_answer_is_said_to_be_one(kept: Kept) -> None:
    quick = replace(kept, answer=answer(quick=True))
    assert "A quick answer" in question_page(quick, "en")
    assert "빠른 답" in question_page(quick, "ko")
    assert "A quick answer" not in question_page(kept, "en")


# --- the whole site --------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_pages(sources: Path) -> None:
    english, korean = (
        {path.relative_to(sources / language) for path in (sources / language).rglob("*")} for language in LANGUAGES
    )
    assert english == korean
    assert {Path("index.md"), Path("start.md"), Path("questions/index.md"), Path("questions/xor.md")} <= english
    assert {Path(f"questions/xor/figure-{place}-{theme}.png") for place in (1, 2) for theme in ("light", "dark")} <= english


def test_figures_differ_by_language_and_theme(sources: Path) -> None:
    drawn = {path.read_bytes() for path in sources.rglob("figure-1-*.png")}
    assert len(drawn) == 4
    assert all(png.startswith(b"\x89PNG\r\n\x1a\n") for png in drawn)


def test_links_and_pictures_lead_somewhere(sources: Path) -> None:
    found = 0
    for page in sources.rglob("*.md"):
        for target in LINK.findall(re.sub("```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)):
            if not target.startswith("https://"):
                assert (page.parent / target).exists(), f"{page}: {target}"
                found += 1
    assert found > 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_lists_the_whole_book_by_chapter(sources: Path, language: Language) -> None:
    page = (sources / language / "questions" / "index.md").read_text("utf-8")
    chapters = [page.index(f"## {chapter.title.show(language)}\n") for chapter in book()]
    assert chapters == sorted(chapters)
    assert f"](xor.md)</p>\n\n{VERDICT.show(language)}\n" in page
    others = [info.name for infos in book().values() for info in infos if info.name != "xor"]
    assert all(f"`whynet ask {name}`" in page for name in others), "what has no page is listed with the command that asks it"


def test_no_mark_of_the_tools_is_left_in_a_page(sources: Path) -> None:
    for page in sources.rglob("*.md"):
        assert "<!-- " not in page.read_text("utf-8"), page
    assert "| [`xor`](questions/xor.md) |" in (sources / "en" / "index.md").read_text("utf-8")


def test_every_page_has_a_place(sources: Path) -> None:
    assert set(ORDER) == {page.stem for page in (ROOT / "docs" / "en").glob("*.md")}
    for language in LANGUAGES:
        written = (sources / f"mkdocs.{language}.yml").read_text("utf-8")
        pages = {str(page.relative_to(sources / language)) for page in (sources / language).rglob("*.md")}
        assert set(re.findall(r'"([\w/-]+\.md)"', written)) == pages


def test_a_reader_fetches_nothing_from_elsewhere(sources: Path) -> None:
    for language in LANGUAGES:
        settings = json.loads((sources / f"mkdocs.{language}.yml").read_text("utf-8"))
        assert settings["theme"]["font"] is False
        assert not re.search(r"https?:", json.dumps(settings))
        local = [*settings["extra_css"], *settings["extra"]["polyfills"]]
        assert all((sources / language / path).exists() for path in local)
        assert "iframe-worker" in settings["extra"]["polyfills"][0], (
            "by this name the plugin knows that it need not take one elsewhere"
        )
    assert not any(re.search("https?:", path.read_text("utf-8")) for path in ASSETS.rglob("*.*"))


def test_hangul_has_a_font_where_a_reader_has_none(sources: Path) -> None:
    style = (sources / "ko" / "assets" / "site.css").read_text("utf-8")
    (file,) = re.findall(r'url\("(.*?)"\)', style)
    assert (sources / "ko" / "assets" / file).exists()


@needs_mkdocs
def test_mkdocs_builds_it_strictly(sources: Path, tmp_path: Path) -> None:
    for language in LANGUAGES:
        path = sources / f"mkdocs.{language}.yml"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"site_dir": str(tmp_path / language)}), "utf-8")
    assert build([sources / f"mkdocs.{language}.yml" for language in LANGUAGES], tmp_path) == 0
    page = (tmp_path / "en" / "questions" / "xor.html").read_text("utf-8")
    assert 'href="../../ko/questions/xor.html" hreflang="ko"' in page, "the switch leads to the same page"
    assert not re.search(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="?(?:https?:)?//', page)
    for folder in (tmp_path, tmp_path / "en", tmp_path / "ko" / "questions"):
        assert (folder / "index.html").exists()
    index = (tmp_path / "ko" / "search" / "search_index.js").read_text("utf-8").removeprefix("var __index = ")
    found_by = {entry["location"]: entry["text"] for entry in json.loads(index)["docs"]}
    assert VERDICT.ko in found_by["questions/xor.html"]
    for found in tmp_path.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="?([^"\s>#?]+)', found.read_text("utf-8")):
            if not re.match(r"https?:|data:|javascript", target):
                assert (found.parent / target).exists(), f"{found}: {target}"


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_an_answer_is_recalled_as_it_was(kept: Kept) -> None:
    store = kept.folder.parents[1]
    again = recall("xor", False, store)
    assert again is not None
    assert again.report.facts == kept.report.facts, "the date of the answer, not of the page"
    assert [title.both for title in again.titles] == [title.both for title in TITLES]
    assert [one.outcome for one in again.answer.claims] == [one.outcome for one in kept.answer.claims]
    assert all(question_page(again, language) == question_page(kept, language) for language in LANGUAGES)
    assert recall("xor", True, store) is None
    assert recall("taylor", False, store) is None


def test_an_answer_is_asked_again_when_its_source_has_changed(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    before, store = answers._digests(), kept.folder.parents[1]
    own, other = (
        Path("questions", *find(name).make.__module__.split(".")[2:]).with_suffix(".py") for name in ("xor", "taylor")
    )
    assert {own, other, Path("engine/fit.py")} <= before.keys()
    monkeypatch.setattr(answers, "_digests", lambda: {**before, other: "reworded"})
    assert recall("xor", False, store) is not None
    for path in (own, Path("engine/fit.py")):
        monkeypatch.setattr(answers, "_digests", lambda path=path: {**before, path: "changed"})
        assert recall("xor", False, store) is None


def test_an_answer_is_made_of_the_questions_it_imports(tmp_path: Path) -> None:
    package, folder = tmp_path / "whynet", Path("questions") / "chapter"
    (package / folder).mkdir(parents=True)
    for name, imports in {
        "own": "from whynet.questions.chapter import near", "near": "import whynet.questions.chapter.far", "far": "", "other": "",
        "shared": "from whynet.questions.chapter.base import line", "base": "",
    }.items():  # fmt: skip
        (package / folder / f"{name}.py").write_text(imports, "utf-8")
    questions = {folder / f"{name}.py" for name in ("own", "near", "far", "other", "base")}
    assert questions - made_of(folder / "own.py", questions, package) == {folder / "other.py"}


def test_no_answer_is_made_of_rooms_that_only_tell() -> None:
    """Else it could be kept although what it was made of has changed."""
    rooms = "|".join(answers.TELL_ONLY)
    importing = re.compile(rf"^\s*(?:from|import) whynet\.(?:{rooms})\b", re.MULTILINE)
    assert importing.search("    from whynet.report.write import html")
    for path in (ROOT / "whynet" / "questions").rglob("*.py"):
        assert not importing.search(path.read_text("utf-8")), path


def test_what_is_damaged_is_asked_again(tmp_path: Path) -> None:
    folder = tmp_path / "full" / "xor"
    folder.mkdir(parents=True)
    (folder / "answer.pickle").write_bytes(b"half an ans")
    (folder / "key").write_text(key("xor", False), "utf-8")
    assert recall("xor", False, tmp_path) is None


# --- what make calls -------------------------------------------------------------------------------------------------


def test_only_some_questions_in_the_order_of_the_book() -> None:
    assert book_of.names("xor, taylor") == ["taylor", "xor"]
    assert book_of.names("vanishing_gradient") == ["vanishing-gradient"]
    assert len(book_of.names("")) == sum(len(infos) for infos in book().values())
    with pytest.raises(UnknownNameError):
        book_of.names("xor,tailor")
    assert book_of.main(["--only", "tailor"]) == 2


def test_a_question_that_fails_is_named_and_the_others_have_their_pages(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, bool]] = []

    def measure(name: str, quick: bool, store: Path, listen: Listen = None) -> Kept:
        asked.append((name, quick))
        if name == "taylor":
            raise OptionError(Text("It broke.", "고장 났다."))
        return kept

    monkeypatch.setattr(book_of, "measure", measure)
    words = ["--quick", "--only", "xor,taylor", "--sources-only", "--build", str(tmp_path)]
    assert book_of.main(words) == 1
    assert asked == [("taylor", True), ("xor", True)]
    assert "taylor has no page: OptionError: It broke." in capsys.readouterr().err
    pages = tmp_path / "docs-src" / "en" / "questions"
    assert (pages / "xor.md").exists()
    assert not (pages / "taylor.md").exists()
    assert book_of.main(["--only", "xor", "--sources-only", "--build", str(tmp_path)]) == 0
    assert asked[-1] == ("xor", False)


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ([], "-m docs.book"),
        (["QUICK=1"], "-m docs.book --quick"),
        (["QUICK=1", "ONLY=xor,taylor"], "-m docs.book --quick --only 'xor,taylor'"),
    ],
)
def test_make_passes_on_what_is_asked(given: list[str], called: str) -> None:
    alone = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }  # of `make test`
    done = subprocess.run(["make", "-n", "docs", *given], cwd=ROOT, capture_output=True, text=True, check=True, env=alone)
    assert " ".join(done.stdout.split()).endswith(called)


def test_outcomes_of_the_answer_made_here() -> None:
    """The page above shows a claim that held and one that did not."""
    found: list[Outcome] = [outcome(_large(Evidence()), Range(least=0.5)), outcome(_exact(Evidence()), Range(below=0))]
    assert found == ["held", "did not hold"]
