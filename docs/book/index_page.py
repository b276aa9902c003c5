"""The book at a glance: every question by chapter, with the verdict where it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from docs.book.markdown_text import words
from whynet.questions import Answer, Chapter
from whynet.registry import Info
from whynet.text import Language, Text, use_language


def index_page(book: Mapping[Chapter, list[Info]], answers: Mapping[str, Answer], language: Language) -> str:
    """The page in one language, as Markdown."""
    with use_language(language):
        return "\n".join(_parts(book, answers))


def _parts(book: Mapping[Chapter, list[Info]], answers: Mapping[str, Answer]) -> Iterator[str]:
    asked = [answers[info.name] for infos in book.values() for info in infos if info.name in answers]
    yield f"# {TITLE}\n"
    yield f"{words(WHAT)}\n"
    yield f"{words(_counted(asked))}\n"
    for chapter, infos in book.items():
        yield f"## {words(chapter.title)}\n"
        for info in infos:
            yield _answered(info, answers[info.name]) if info.name in answers else _open(info)


def _answered(info: Info, answer: Answer) -> str:
    """The question as a link, what was found, how many claims held."""
    asked = _question(f"[{words(info.idea)}]({info.name}.md)")
    return f"{asked}\n{words(answer.verdict)}\n\n*{words(_counted([answer], one=True))}*\n"


def _open(info: Info) -> str:
    return f"{_question(words(info.idea))}\n*{words(NOT_ASKED.fill(name=info.name))}*\n"


def _question(markdown: str) -> str:
    """No heading: the contents beside the page are the chapters."""
    return f'<p class="question" markdown="1">{markdown}</p>\n'


def _counted(answers: list[Answer], one: bool = False) -> Text:
    outcomes = [one.outcome for answer in answers for one in answer.claims]
    counts = {"held": outcomes.count("held"), "wrong": outcomes.count("did not hold"), "open": outcomes.count("undecided")}
    return (COUNTS if one else COUNTED).fill(n=len(answers), all=len(outcomes), **counts)


TITLE = Text("The question book", "질문 책")
WHAT = Text(
    "Each question is answered by experiments. Its claims are written down before anything is measured and can fail; "
    "those that fail are reported as failing.",
    "질문마다 실험으로 답한다. 주장은 재기 전에 적어 두며, 틀릴 수 있다. 틀린 것은 틀렸다고 적는다.",
)
COUNTED = Text(
    "Questions answered here: {n}, with {all} claims. That held: {held}. That did not hold: {wrong}. Undecided: {open}.",
    "여기에서 답한 질문: {n}개, 주장 {all}개. 성립한 주장: {held}개. 성립하지 않은 주장: {wrong}개. 판단 유보: {open}개.",
)
COUNTS = Text(
    "Claims that held: {held}. That did not hold: {wrong}. Undecided: {open}.",
    "성립한 주장: {held}개. 성립하지 않은 주장: {wrong}개. 판단 유보: {open}개.",
)
NOT_ASKED = Text(
    "Not answered on this site. Ask it: `whynet ask {name}`", "이 사이트에는 답이 없다. 직접 묻는다: `whynet ask {name}`"
)
