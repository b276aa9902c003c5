"""What is written as Markdown for the site comes out as it was meant, read by the Markdown that the site is built with."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from docs.book.markdown_text import cell, fence, table, words
from whynet.text import Text

WHERE = "it comes with the extra docs: pip install -e '.[docs]'"
markdown = pytest.importorskip("markdown", reason=WHERE)
pytest.importorskip("pymdownx", reason=WHERE)

EXTENSIONS = ["admonition", "md_in_html", "tables", "pymdownx.superfences", "toc"]
SIGNS = st.text(alphabet="aA7 .-+*_#!|<>&[](){}\\~^=:/\"'%≤가", min_size=1, max_size=30)


def read(source: str) -> str:
    """The words that a reader sees."""
    shown = markdown.markdown(source, extensions=EXTENSIONS)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", shown)).split())


@given(SIGNS)
@example("!!! note")
@example("1. first")
@example("---")
@example("- - -")
@example("# not a heading")
@example("[64] * 10, x_1 < 0.25 & y > 3 | z")
@example("[a](b) ![c](d) {: .e }")
def test_words_are_read_as_they_were_written(text: str) -> None:
    assert read(words(text)) == " ".join(text.split())


@given(st.lists(SIGNS.filter(lambda text: text.strip() != ""), min_size=2, max_size=4))
def test_cells_are_read_as_they_were_written(texts: list[str]) -> None:
    source = table(["head"] * len(texts), [[cell(text) for text in texts]])
    shown = markdown.markdown(source, extensions=EXTENSIONS)
    cells = re.findall(r"<td>(.*?)</td>", shown, re.DOTALL)
    assert [" ".join(html.unescape(one).split()) for one in cells] == [" ".join(text.split()) for text in texts]


def test_backticks_set_code_and_pipes_in_it_stay_inside() -> None:
    shown = markdown.markdown(table(["a", "b"], [[cell("run `x | y_z*` now"), cell(0.5)]]), extensions=EXTENSIONS)
    assert "<td>run <code>x | y_z*</code> now</td>" in shown
    assert "<td>0.5</td>" in shown


def test_numbers_are_short_and_texts_in_the_language_of_the_page() -> None:
    assert [cell(-12345), cell(0.123456), cell(float("nan"))] == ["−12,345", "0.1235", "–"]
    assert cell(Text("yes", "그렇다")) == "yes"


def test_code_is_set_as_typed() -> None:
    shown = markdown.markdown(fence("a < b\n```\n* c"), extensions=EXTENSIONS)
    assert html.unescape(re.sub(r"<[^>]*>", "", shown)).strip() == "a < b\n```\n* c"
