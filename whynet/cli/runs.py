"""``whynet runs``: what the store holds, newest first."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from whynet.cli.keeping import FOLDER, StoreOption, command, open_store
from whynet.cli.screen import Cell, as_json, metric_text, say, table, verbatim
from whynet.cli.verb import option, verb
from whynet.registry import Range
from whynet.text import Text


@verb(
    "List what was trained and kept, newest first.",
    "학습해서 저장한 것을 새것부터 보여 준다.",
    place=30,
    examples=["whynet runs --limit 5", "whynet runs --status interrupted"],
)
def runs(
    status: Annotated[
        Literal["running", "finished", "stopped early", "diverged", "interrupted"] | None,
        option("only those that stand so", "이 상태인 것만", metavar="STATUS"),
    ] = None,
    limit: Annotated[int, Range(least=1), option("how many at most", "최대 개수")] = 20,
    store: StoreOption = FOLDER,
    json: Annotated[bool, option("print the list as JSON", "목록을 JSON으로 출력한다")] = False,
) -> int | None:
    """Print the list."""
    from whynet.runs.summary import KIND_WORDS, STATUS_WORDS

    kept = open_store(store)
    found = kept.runs(limit=limit, status=status)
    if json:
        as_json([asdict(one) for one in found])
        return None
    if not found:
        say(
            (_NOTHING if status is None else _NOTHING_SUCH).fill(
                place=kept.place, status=STATUS_WORDS.get(status or "finished")
            )
        )
        return None
    rows: list[list[Cell]] = [
        [
            one.id,
            KIND_WORDS[one.kind],
            STATUS_WORDS[one.status],
            "" if one.score is None else metric_text(one.score, one.metric or ""),
            f"{one.step}/{one.total_steps}" if one.total_steps else "",
            f"{one.name} {one.label}".strip(),
        ]
        for one in found
    ]
    table([_RUN, _KIND, _STATUS, _SCORE, _STEPS, _NAME], rows, right=(3, 4), wrap=5)
    say()
    verbatim(command("show", found[0].id, store))
    return None


_RUN = Text("run", "런(run)")
_KIND = Text("kind", "종류")
_STATUS = Text("status", "상태")
_SCORE = Text("score", "점수")
_STEPS = Text("steps", "스텝")
_NAME = Text("name", "이름")
_NOTHING = Text(
    "Nothing is kept in {place} yet. Begin with: whynet fit digits mlp --epochs 5",
    "{place}에는 아직 저장된 것이 없다. 시작하려면: whynet fit digits mlp --epochs 5",
)
_NOTHING_SUCH = Text("Nothing in {place} is {status}.", "{place}에 상태가 {status}인 것은 없다.")
