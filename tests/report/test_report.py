"""A report: well-formed, self-contained, bilingual, safe against hostile names, written whole."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from whynet import figures
from whynet.errors import StoreError
from whynet.figures.style import THEMES
from whynet.report import Code, Note, Paragraph, Picture, Report, Section, Table, html, write
from whynet.text import Text, language, plain, use_language

HOSTILE = "<script>alert('x')</script> \" onload=evil & {{ 7 * 7 }}"
VOID = {"meta", "input", "br", "hr", "img", "link"}


def curve(seen: list[str] | None = None) -> Callable[[], Figure]:
    def draw() -> Figure:
        if seen is not None:
            seen.append(language())
        return figures.schedule({HOSTILE: [0.1, 0.2, 0.3]}, title=Text("The rate rises", "학습률이 오른다"))

    return draw


def report(draw: Callable[[], Figure] | None = None) -> Report:
    blocks = [
        Paragraph(Text("Use `relu` <b>now</b>.", "이제 `relu`를 <b>쓴다</b>.")),
        Table(
            [Text("change", "변화"), Text("accuracy", "정확도")],
            [[HOSTILE, 0.91234], [Text("none", "없음"), -12345], ["flag", float("nan")]],
            Text("Means of 5 seeds", "시드 5개의 평균"),
            frozenset({1}),
        ),
        Picture(draw or curve(), Text("Learning rate by step", "스텝마다의 학습률")),
        Code('--- a\n+++ b\n data: digits\n-model: "<sigmoid>"\n+model: relu', "diff"),
        Code("whynet train digits", "command"),
        Code("x = 1"),
        Note(Text("A limit.", "한계가 있다.")),
    ]
    sections = [
        Section(plain(HOSTILE) if i == 1 else Text(f"Part {i}", f"부분 {i}"), blocks if i == 0 else []) for i in range(4)
    ]
    verdict = Text("It does not learn", "배우지 못한다")
    return Report(Text("Why?", "왜?"), verdict, "bad", sections, {"machine": HOSTILE, "other": Text("yes", "그렇다")})


class Tree(HTMLParser):
    """Fails where a tag closes that is not the open one; keeps tags, attributes and the words in each language."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.langs: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {"en": [], "ko": [], "both": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.langs.append(dict(attrs).get("lang") or (self.langs[-1] if self.langs and tag != "html" else "both"))
            if tag == "html":
                self.langs[-1] = "both"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> crosses another tag"
        self.langs.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style" and data.strip():
            self.words[self.langs[-1]].append(data.strip())


@pytest.fixture(scope="module")
def page() -> str:
    return html(report())


@pytest.fixture(scope="module")
def tree(page: str) -> Tree:
    return Tree(page)


def test_every_tag_is_closed_in_order(tree: Tree) -> None:
    assert tree.open == []


def test_nothing_comes_from_outside_and_nothing_runs(page: str, tree: Tree) -> None:
    for tag, attributes in tree.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"src", "href", "xlink:href", "action", "srcset"}:
                assert (value or "").startswith(("#", "data:image/png;base64,"))
    assert all(inside.startswith("#") for inside in re.findall(r"url\(\s*['\"]?([^)]*)\)", page))
    assert "@import" not in page


def test_references_lead_somewhere_and_ids_are_unique(tree: Tree) -> None:
    ids = [attributes["id"] for _, attributes in tree.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tree.tags:
        for name in ("href", "for", "aria-labelledby"):
            value = attributes.get(name)
            if value and not value.startswith("data:"):
                assert value.lstrip("#") in ids


def test_both_languages_are_inside_and_marked(tree: Tree) -> None:
    for words in ("Why?", "It does not learn", "Part 0", "Means of 5 seeds", "change", "A limit.", "yes", "machine"):
        assert words in tree.words["en"]
    for words in ("왜?", "배우지 못한다", "부분 0", "시드 5개의 평균", "변화", "한계가 있다.", "그렇다", "기계"):
        assert words in tree.words["ko"]
    assert not any(re.search("[가-힣]", words) for words in tree.words["en"])


def test_hostile_names_are_words_and_nothing_else(page: str, tree: Tree) -> None:
    assert "<script" not in page
    assert "<b>" not in page
    assert sum(HOSTILE in words for words in tree.words["both"]) >= 3  # the cell, the heading, the fact
    assert "49" not in tree.words["both"]


def test_pictures_are_drawn_once_in_each_language_and_labelled_in_it(tree: Tree) -> None:
    seen: list[str] = []
    html(report(curve(seen)))
    assert sorted(seen) == ["en", "ko"]
    labels = [attributes["aria-label"] for tag, attributes in tree.tags if tag == "svg"]
    assert labels == ["The rate rises. Learning rate by step", "학습률이 오른다. 스텝마다의 학습률"]


def test_pictures_take_the_colours_of_the_page(page: str) -> None:
    assert f"stroke: var(--c0, {THEMES['light'].colours[0]})" in page
    assert f"--c0: {THEMES['dark'].colours[0]};" in page
    drawn = page[page.index("<svg") : page.rindex("</svg>")]
    assert not re.search(rf"(fill|stroke): {THEMES['light'].ink}", drawn)


def test_the_reader_chooses_language_and_theme_without_a_script(tree: Tree) -> None:
    switches = {attributes["id"]: "checked" in attributes for tag, attributes in tree.tags if tag == "input"}
    assert switches == {
        "language-en": True, "language-ko": False, "theme-auto": True, "theme-light": False, "theme-dark": False,
    }  # fmt: skip
    with use_language("ko"):
        first = {a["id"]: "checked" in a for t, a in Tree(html(report())).tags if t == "input"}
    assert first["language-ko"]
    assert not first["language-en"]


def test_headings_descend_by_one(tree: Tree) -> None:
    levels = [int(tag[1]) for tag, _ in tree.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_a_diff_keeps_its_signs_and_marks_its_lines(page: str) -> None:
    assert '<span class="gone">-model: &#34;&lt;sigmoid&gt;&#34;</span>' in page
    assert '<span class="new">+model: relu</span>' in page
    assert '<span class="kept"> data: digits</span>' in page
    assert '<span class="head">--- a</span>' in page


def test_numbers_stand_right_and_are_written_short(page: str) -> None:
    assert '<td class="number">0.9123</td>' in page
    assert '<td class="number">−12,345</td>' in page
    assert '<td class="number">–</td>' in page
    assert page.count('<tr class="highlight">') == 1


def test_backticks_become_code(page: str) -> None:
    assert "Use <code>relu</code> &lt;b&gt;now&lt;/b&gt;." in page


def test_the_same_report_gives_the_same_bytes(page: str) -> None:
    assert html(report()) == page


@pytest.mark.parametrize("tone", ["good", "bad", "neutral"])
def test_the_tone_is_said_in_words_too(tone: str) -> None:
    page = html(Report(plain("t"), plain("v"), tone, []))  # type: ignore[arg-type]
    assert f'class="verdict {tone}"' in page
    assert "Verdict" in page
    assert "판정" in page


def test_write_makes_one_file_whole(tmp_path: Path) -> None:
    path = write(report(), tmp_path / "new" / "report.html")
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Cannot write"):
        write(report(), tmp_path / "file" / "report.html")


def test_lines_set_as_typed_are_in_both_languages_where_they_hold_words() -> None:
    formula = Text("y < `x`\nh = 2 at most", "y < `x`\n많아야 h = 2")
    page = html(Report(plain("?"), plain("!"), "good", [Section(plain("§"), [Code(formula), Code("echo `a`\n\nb")])]))
    words = Tree(page).words
    assert "h = 2 at most" in words["en"]
    assert "많아야 h = 2" in words["ko"]
    assert page.count("<span>y &lt; `x`</span>") == 1, "a line without words stands once"
    assert "<span>echo `a`</span>\n<span> </span>\n<span>b</span>" in page
