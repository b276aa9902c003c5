"""The page of one question, from the report of its answer: question, verdict, picture, claims, why, and what to change."""

from __future__ import annotations

from collections.abc import Iterator

from docs.book.answers import THEMES, Kept
from docs.book.markdown_text import cell, fence, indented, table, words
from whynet.report.blocks import Block, Code, Note, Paragraph, Picture, Report, Table
from whynet.report.write import FACTS, WORDS
from whynet.text import Language, Text, use_language


def question_page(kept: Kept, language: Language) -> str:
    """The page in one language, as Markdown; its figures lie in a folder of the question's name beside it."""
    with use_language(language):
        return "\n".join(_parts(kept.report, _Pictures(kept, language), quick=kept.answer.question.quick, full=_in_full(kept)))


def _parts(report: Report, shown: _Pictures, quick: bool, full: str) -> Iterator[str]:
    yield f"# {words(report.title)}\n"
    yield f'!!! abstract "{VERDICT}"\n\n{indented(words(report.verdict))}'
    if quick:
        yield f'!!! warning "{QUICK}"\n\n{indented(words(QUICK_MEANS.fill(command=full)))}'
    for section in report.sections:
        yield f"## {words(section.title)}\n"
        yield from (_block(block, shown) for block in section.blocks)
    yield f"## {WORDS['facts']}\n"
    yield table(("", ""), ([words(FACTS.get(name, name)), words(value)] for name, value in report.facts.items()))


def _block(block: Block, shown: _Pictures) -> str:
    match block:
        case Paragraph(text):
            return words(text) + "\n"
        case Note(text):
            return f'!!! note "{WORDS["note"]}"\n\n{indented(words(text))}'
        case Code(text, kind):
            return fence(str(text), {"command": "sh", "diff": "diff", "plain": "text"}[kind])
        case Table():
            return _table(block)
        case Picture():
            return shown.next(block)


def _table(block: Table) -> str:
    """Rows that are pointed at end in bold."""
    rows = [[cell(value) for value in row] for row in block.rows]
    for place in block.highlight:
        rows[place][-1] = f"**{rows[place][-1]}**"
    caption = f"{words(block.caption)}\n\n" if block.caption else ""
    return caption + table(block.columns, rows)


class _Pictures:
    """The figures of a report, in their order."""

    def __init__(self, kept: Kept, language: Language) -> None:
        self.kept, self.language, self.place = kept, language, 0

    def next(self, picture: Picture) -> str:
        """The figure for light and for dark pages, with what is written over it for those who cannot see it."""
        self.place += 1
        title = words(self.kept.titles[self.place - 1].show(self.language)) or words(picture.caption)
        file = f"{self.kept.answer.name}/figure-{self.place}"
        images = " ".join(f"![{title}]({file}-{theme}.png#only-{theme})" for theme in THEMES)
        caption = f'<figcaption markdown="span">{words(picture.caption)}</figcaption>'
        return f'<figure markdown="1">\n\n{images}\n\n{caption}\n\n</figure>\n'


def _in_full(kept: Kept) -> str:
    return f"`whynet ask {kept.answer.name}`"


VERDICT = Text("Verdict", "판정")
QUICK = Text("A quick answer", "빠른 답")
QUICK_MEANS = Text(
    "Measured on the quick setting, with fewer seeds or shorter trainings than the full answer of {command}.",
    "빠른 설정으로 쟀다. {command}의 답보다 시드(seed)가 적거나 학습이 짧다.",
)
