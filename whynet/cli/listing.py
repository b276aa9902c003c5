"""Lists and details of what is registered; shared by the verbs that list."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from whynet.cli.outcome import METRICS as NAMES
from whynet.cli.screen import Cell, count, head, metric_text, pairs, say, table, verbatim
from whynet.registry import Info, Kind, get, infos
from whynet.spec import Spec, parse
from whynet.task import KINDS, METRICS, TaskKind
from whynet.text import Text, join, plain

if TYPE_CHECKING:
    from whynet.models.card import Published, Training

PATHS = {"csv": "whynet look table.csv --target COLUMN", "folder": "whynet look pictures/"}  # what has no name of its own


def show(kind: Kind, name: str | None, use: str, more: str) -> None:
    """All of a kind, with ``more`` as the command that tells more; or one of them, with ``use``, in which ``{}`` is its name.

    Raises `UnknownNameError` with the nearest names.
    """
    if name is None:
        _all(infos(kind), more)
    else:
        info = get(kind, name.partition("(")[0].strip())
        _one(info, PATHS.get(name) if info.facts.get("needs") == "path" else None, use.format(shlex.quote(name)))


def _all(found: Sequence[Info], example: str) -> None:
    table(
        [_NAME, _YEAR, _FOR, _IDEA],
        [[info.name, info.year, _tasks(info), info.idea] for info in found],
        right=(1,),
        wrap=3,
    )
    say()
    say(_MORE)
    verbatim("  " + example)


def _one(info: Info, with_path: str | None, example: str) -> None:
    say(info.name + (f" ({info.year})" if info.year else ""), style="bold")
    say(info.idea)
    say()
    rows: list[tuple[Cell, Cell]] = [(_SIGNATURE, info.signature), (_FOR, _tasks(info))]
    rows += [(_SOURCE, info.source)] if info.source else []
    pairs(rows)
    if info.parameters:
        head(_OPTIONS)
        table([_NAME, _DEFAULT, _ALLOWED], [_option(info, name) for name in info.parameters], wrap=2)
    doc = inspect.getdoc(info.make)
    if doc:
        head(_ABOUT)
        say(doc.replace("``", "`"))
    _card(info)
    head(_EXAMPLE)
    verbatim("  " + (with_path or example))


def _card(info: Info) -> None:
    """The sizes that were published, and the commands of recipes that are known to train it."""
    sizes: Sequence[Published] = info.facts.get("published", ())
    recipes: Sequence[Training] = info.facts.get("recipes", ())
    if sizes:
        head(_PUBLISHED)
        rows: list[list[Cell]] = [[one.spec, str(one.inputs), one.outputs, count(one.parameters), one.said] for one in sizes]
        table([_SIGNATURE, _INPUTS, _OUTPUTS, _PARAMETERS, _SOURCE], rows, right=(2, 3), wrap=4)
    if recipes:
        head(_KNOWN)
    for one in recipes:
        verbatim("  " + _command(one))
        if one.reaches is not None:
            (kind,) = get("data", parse(one.data).name).accepts
            metric = METRICS[cast(TaskKind, kind)]
            say(_REACHES.fill(score=metric_text(one.reaches, metric), metric=NAMES[metric]))


def _command(one: Training) -> str:
    """The recipe as a command line."""
    words = ["whynet", "fit", one.data, one.model, "--optimizer", one.optimizer]
    words += ["--loss", one.loss] if one.loss else []
    for name, value in one.settings.items():
        words += ["--" + name.replace("_", "-"), str(value)]
    return shlex.join(words)


def _option(info: Info, name: str) -> list[Cell]:
    default: Any = info.parameters[name].default
    written = str(Spec("x", {"x": default}))[4:-1] if default is not inspect.Parameter.empty else str(_REQUIRED)
    return [name, written, info.allows(name)]


def _tasks(info: Info) -> Text:
    known = [TASKS[kind] for kind in KINDS if kind in info.accepts]
    return join(known, ", ") if known else TASKS["any"]


TASKS = {
    "classify": Text("classes", "분류"),
    "regress": Text("values", "회귀"),
    "segment": Text("pixels", "분할"),
    "detect": Text("boxes", "검출"),
    "any": plain("–"),
}
_NAME = Text("name", "이름")
_YEAR = Text("year", "연도")
_FOR = Text("for", "과제")
_IDEA = Text("idea", "핵심")
_SIGNATURE = Text("written", "쓰는 법")
_SOURCE = Text("source", "출처")
_OPTIONS = Text("Options", "옵션")
_DEFAULT = Text("default", "기본값")
_ALLOWED = Text("allowed", "허용되는 값")
_REQUIRED = Text("must be given", "필수")
_PUBLISHED = Text("Published sizes", "발표된 크기")
_INPUTS = Text("inputs", "입력")
_OUTPUTS = Text("outputs", "출력")
_PARAMETERS = Text("parameters", "매개변수(parameter)")
_KNOWN = Text("Recipes that are known to train it", "잘 학습된다고 확인한 레시피(recipe)")
_REACHES = Text(
    "      reached {metric} {score} on the test set, mean of 3 seeds", "      테스트 세트에서 {metric} {score}, 시드 3개의 평균"
)
_ABOUT = Text("About", "설명 (영어)")
_EXAMPLE = Text("For example", "예")
_MORE = Text("Details of one of them:", "하나를 자세히 보려면:")
