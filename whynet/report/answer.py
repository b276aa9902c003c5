"""One page for one answered question: the question, the verdict, the picture, the claims, why, and what to change."""

from __future__ import annotations

from datetime import datetime

from whynet.questions import Answer, Judged
from whynet.report.blocks import Block, Cell, Code, Note, Paragraph, Picture, Report, Section, Table
from whynet.runs.environment import environment
from whynet.text import Text, join, plain


def answer_report(answer: Answer) -> Report:
    """The report of an answer, to be given to `write`."""
    main, *others = answer.figures
    sections = [
        Section(_MEASURED, [Picture(main.draw, main.reading), _claims(answer), *_reservations(answer)]),
        Section(_WHY, [*(Paragraph(text) for text in answer.question.words), *_formula(answer)]),
        *([Section(_MORE, [Picture(one.draw, one.reading) for one in others])] if others else []),
        Section(
            _CHANGE,
            [block for change in answer.question.changes() for block in (Paragraph(change.words), _command(change.command))],
        ),
        Section(_SOURCES, [Paragraph(plain(source)) for source in answer.question.sources]),
    ]
    return Report(answer.asked, answer.verdict, "neutral", sections, _facts(answer))


def _claims(answer: Answer) -> Table:
    """Every claim with its number, its interval and what came of it; those that did not hold are pointed at."""
    rows = [_row(one) for one in answer.claims]
    wrong = frozenset(i for i, one in enumerate(answer.claims) if one.outcome == "did not hold")
    counts = _COUNTS.fill(held=answer.count("held"), wrong=answer.count("did not hold"), open=answer.count("undecided"))
    return Table((_CLAIM, _NUMBER, _HOLDS, _OUTCOME), rows, counts, wrong)


def _row(one: Judged) -> list[Cell]:
    sentence = _SAYING.fill(sentence=one.claim.sentence) if one.claim.saying else one.claim.sentence
    return [sentence, _MEANT.fill(value=one.measured.text, what=one.measured.what), one.condition, one.words]


def _formula(answer: Answer) -> list[Block]:
    return [Code(answer.question.formula)] if answer.question.formula else []


def _command(text: str) -> Code:
    return Code(text, "command")


def _reservations(answer: Answer) -> list[Block]:
    """What has to be known to read the numbers."""
    return [Note(text) for text in (_INTERVALS, *answer.evidence.all_notes)]


def _facts(answer: Answer) -> dict[str, str | Text]:
    here = environment()
    comparisons = answer.evidence.comparisons.values()
    recipes = dict.fromkeys(str(one.levels[0].recipe) for one in comparisons)
    seeds = {len(one.seeds) for one in comparisons}
    return {
        "command": f"`{answer.command}`",
        **({"recipe": join([plain(f"`{recipe}`") for recipe in recipes], "; ")} if recipes else {}),
        **({"seeds": ", ".join(map(str, sorted(seeds)))} if seeds else {}),
        "machine": here.cpu,
        "versions": f"whynet {here.whynet}, torch {here.torch}, Python {here.python}",
        "time": f"{answer.seconds:.0f} s",
        "date": f"{datetime.now():%Y-%m-%d %H:%M}",
    }


_MEASURED = Text("What was measured", "측정한 것")
_WHY = Text("Why: what theory says", "왜: 이론이 말하는 것")
_MORE = Text("More to see", "더 볼 것")
_CHANGE = Text("Change one thing", "하나만 바꿔 보기")
_SOURCES = Text("Sources", "출처")
_CLAIM = Text("claim", "주장")
_NUMBER = Text("measured [95 % interval]", "잰 값 [95 % 구간]")
_HOLDS = Text("holds where", "성립 조건")
_OUTCOME = Text("outcome", "결과")
_SAYING = Text("“{sentence}” (a saying)", "“{sentence}” (흔히 하는 말)")
_MEANT = Text("{value}: {what}", "{value}: {what}")
_COUNTS = Text(
    "Claims that held: {held}. That did not hold: {wrong}. Undecided: {open}.",
    "성립한 주장: {held}개. 성립하지 않은 주장: {wrong}개. 판단 유보: {open}개.",
)
_INTERVALS = Text(
    "A claim held where its whole 95 % interval lies where the claim says, did not hold where none of it does, and is undecided "
    "otherwise. Each claim stands on its own interval; it speaks of this data, these networks and this length of training.",
    "95 % 구간 전체가 주장대로면 성립, 구간의 어느 곳도 주장대로가 아니면 성립하지 않음, 그 밖에는 판단 유보다. 주장마다 자신의 구간으로 "
    "판단한다. 이 데이터, 이 신경망, 이 학습 길이에 대한 말이다.",
)
