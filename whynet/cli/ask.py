"""``whynet ask``: the question book."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from whynet.cli.keeping import FOLDER, StoreOption, open_store
from whynet.cli.meter import meter
from whynet.cli.screen import Cell, as_json, head, pairs, say, seconds, table, verbatim
from whynet.cli.usage import UsageError
from whynet.cli.verb import argument, option, verb
from whynet.registry import Range
from whynet.spec import parse_value
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.questions import Answer, Judged

Tell = Literal["silent", "verdict", "whole"]


@verb(
    "Ask why: measured answers to the questions of the book.",
    "왜인지 묻는다: 질문 책의 질문에 재어서 답한다.",
    place=30,
    examples=[
        "whynet ask",
        "whynet ask vanishing-gradient --quick",
        "whynet ask optimizer-race --set function=rosenbrock --quick",
    ],
    more=Text(
        "Without a name it lists the book. An answer is a set of claims, each with its number and 95 % interval: held, did not hold, "
        "or undecided. A claim that textbooks make and that does not hold here is reported as not holding.",
        "이름이 없으면 질문 책의 목록을 보여 준다. 답은 주장의 모음이고, 주장마다 잰 값과 95 % 구간이 있다. 결과는 성립, 성립하지 "
        "않음, 판단 유보 가운데 하나다. 교과서에 있는 주장이라도 여기서 성립하지 않으면 그렇게 말한다.",
    ),
)
def ask(
    name: Annotated[str | None, argument("a question of the book", "질문의 이름")] = None,
    quick: Annotated[bool, option("an answer within seconds, less sure", "몇 초 만에 답한다. 덜 확실하다")] = False,
    everything: Annotated[bool, option("ask every question", "모든 질문에 답한다", names=("--all",))] = False,
    data: Annotated[str | None, option("other data than the question's own", "질문의 데이터 대신 쓸 데이터", "DATA")] = None,
    model: Annotated[str | None, option("another model than the question's own", "질문의 모델 대신 쓸 모델", "MODEL")] = None,
    seeds: Annotated[int | None, Range(least=1), option("how many seeds", "시드(seed)의 수")] = None,
    set: Annotated[list[str] | None, option("another option of the question", "질문의 다른 옵션", "NAME=VALUE")] = None,
    out: Annotated[
        str | None, option("folder for report and data, instead of the store", "저장소 대신 보고서와 결과를 둘 폴더", "DIR")
    ] = None,
    store: StoreOption = FOLDER,
    json: Annotated[bool, option("print the answer as JSON", "답을 JSON으로 출력한다")] = False,
) -> int | None:
    """List the book, answer one question, or all."""
    from whynet.questions import book, find

    chosen = {"data": data, "model": model, "seeds": seeds, **_options(set or [])}
    given = {key: value for key, value in chosen.items() if value is not None}
    if everything:
        if name is not None:
            raise UsageError(_ONE_OR_ALL, name=name)
        answers = []
        for info in (info for infos in book().values() for info in infos):
            taken = {key: value for key, value in given.items() if key in info.parameters}
            folder = out and str(Path(out) / info.name)
            answers.append(_answer(info.name, quick, taken, folder, store, "silent" if json else "verdict"))
        _all(answers, json)
    elif name is None:
        _book()
    else:
        answer = _answer(find(name).name, quick, given, out, store, "silent" if json else "whole")
        if json:
            as_json(answer.to_dict())
    return None


def _options(pairs_given: list[str]) -> dict[str, Any]:
    """``NAME=VALUE`` as values. Raises `UsageError`."""
    found = {}
    for pair in pairs_given:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(_NO_PAIR, received=pair)
        found[key.strip().replace("-", "_")] = parse_value(value)
    return found


def _book() -> None:
    """Every question, by chapter."""
    from whynet.questions import book

    for chapter, infos in book().items():
        head(chapter.title)
        pairs((f"  {info.name}", info.idea) for info in infos)
    head(_NEXT)
    verbatim("  whynet ask vanishing-gradient --quick")


def _answer(name: str, quick: bool, given: dict[str, Any], out: str | None, store: str, tell: Tell) -> Answer:
    """Ask, print, and keep."""
    from whynet.questions import ask as put
    from whynet.questions import find, pose

    info = find(name)
    pose(info, {**given, "quick": quick})  # a wrong option is said before the question
    if tell != "silent":
        head(info.idea)
        say()
    with meter() as listen:
        answer = put(name, quick=quick, listen=listen, **given)
    report = _keep(answer, out, store)
    if tell != "silent":
        say(answer.verdict, style="bold")
    if tell == "whole":
        _details(answer)
    if tell != "silent":
        say()
        verbatim(str(_WHERE.fill(time=seconds(answer.seconds), path=report)))
    return answer


def _details(answer: Answer) -> None:
    say()
    table([_CLAIM, _MEASURED, _HOLDS, _OUTCOME], [_row(one) for one in answer.claims], wrap=0)
    reasons = dict.fromkeys(one.words for one in answer.claims if one.outcome == "undecided")
    if reasons or answer.evidence.all_notes:
        head(_NOTES)
        for note in (*reasons, *answer.evidence.all_notes):
            say(f"- {note}")
    head(_CHANGE)
    for change in answer.question.changes():
        say(change.words)
        verbatim(f"  {change.command}")


def _row(one: Judged) -> list[Cell]:
    from whynet.questions.claim import OUTCOMES

    return [one.claim.sentence, one.measured.text, one.condition, OUTCOMES[one.outcome]]


def _all(answers: list[Answer], json: bool) -> None:
    """A row for each claim of the book: those that held and those that did not."""
    if json:
        as_json([answer.to_dict() for answer in answers])
        return
    from whynet.questions.claim import OUTCOMES

    head(_WHOLE)
    rows: list[list[Cell]] = [
        [answer.name, one.claim.sentence, one.measured.text, OUTCOMES[one.outcome]]
        for answer in answers
        for one in answer.claims
    ]
    table([_QUESTION, _CLAIM, _MEASURED, _OUTCOME], rows, wrap=1)
    say()
    outcomes = [one.outcome for answer in answers for one in answer.claims]
    counts = {"held": outcomes.count("held"), "wrong": outcomes.count("did not hold"), "undecided": outcomes.count("undecided")}
    say(_COUNTS.fill(**counts), style="bold")


def _keep(answer: Answer, out: str | None, store: str) -> Path:
    """The report and the data in a folder of their own, or in the store; where the report lies."""
    import json

    from whynet.figures.save import write_whole
    from whynet.report.answer import answer_report
    from whynet.report.write import html

    page, plain = html(answer_report(answer)).encode(), answer.to_dict()
    if out is None:
        return open_store(store).keep("answer", answer.name, plain, {REPORT: page}) / REPORT
    write_whole(Path(out) / "answer.json", json.dumps(plain, ensure_ascii=False, indent=2).encode())
    return write_whole(Path(out) / REPORT, page)


REPORT = "report.html"
_ONE_OR_ALL = Text(
    "Expected one question or --all, not both. Received: {name} --all",
    "질문 하나와 --all을 함께 쓸 수 없다. 받은 것: {name} --all",
)
_NO_PAIR = Text(
    "--set: expected NAME=VALUE, such as epochs=50. Received: {received}",
    "--set: 이름=값으로 쓴다. 예: epochs=50. 받은 것: {received}",
)
_NEXT = Text("For example", "예")
_CLAIM = Text("claim", "주장")
_QUESTION = Text("question", "질문")
_MEASURED = Text("measured [95 %]", "잰 값 [95 %]")
_HOLDS = Text("holds where", "성립 조건")
_OUTCOME = Text("outcome", "결과")
_NOTES = Text("To know", "알아 둘 것")
_CHANGE = Text("Change one thing", "하나만 바꿔 보기")
_WHOLE = Text("The whole book", "질문 책 전체")
_WHERE = Text("{time}. Report: {path}", "{time}. 보고서: {path}")
_COUNTS = Text(
    "{held} claims held, {wrong} did not, {undecided} are undecided.",
    "주장 {held}개가 성립하고, {wrong}개가 성립하지 않고, {undecided}개는 판단을 유보한다.",
)
