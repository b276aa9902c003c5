"""``whynet resume``: go on with an interrupted run as if it never had been."""

from __future__ import annotations

import time
from typing import Annotated

from whynet.cli.keeping import FOLDER, StoreOption, command, open_store, stopped
from whynet.cli.outcome import report, summary
from whynet.cli.progress import Watcher
from whynet.cli.screen import as_json, head, say, verbatim
from whynet.cli.verb import argument, option, verb
from whynet.text import Text

RUN = argument(
    "a run: its name, the beginning or the last four letters of it, or last",
    "런(run): 이름, 이름의 앞부분이나 마지막 네 글자, 또는 last",
)
Run = Annotated[str, RUN]


@verb(
    "Go on with an interrupted run, with the history it would have had.",
    "중단된 런(run)을 이어서 학습한다. 기록은 중단하지 않았을 때와 같다.",
    place=32,
    examples=["whynet resume last"],
)
def resume(
    run: Run,
    store: StoreOption = FOLDER,
    json: Annotated[bool, option("print the result as JSON", "결과를 JSON으로 출력한다")] = False,
) -> int | None:
    """Train the rest and report. 1 where the loss stopped being a number."""
    from whynet.runs.resume import resume as go_on

    kept = open_store(store)
    found = kept.open(run)
    if not json:
        say(
            (_GOING_ON if found.status == "interrupted" else _ENDED).fill(
                run=found.id, name=found.name, step=found.summary.step
            )
        )
        say()
    started = time.monotonic()
    with Watcher(found.metric or "") as watcher:
        try:
            done = go_on(kept, found.id, watcher)
        except KeyboardInterrupt:
            raise stopped(watcher, found.id, kept.find(found.id).step, store) from None
    took = time.monotonic() - started
    if json:
        as_json(summary(done.fitted, took, done.id))
    else:
        report(done.fitted, took, done.folder, watcher.step - watcher.first)
        head(_NEXT)
        verbatim("  " + command("show", done.id, store))
    return 1 if done.status == "diverged" else 0


_GOING_ON = Text(
    "Going on with run {run}, {name}, from step {step}.",
    "런(run) {run}, {name:을} {step}번째 스텝에서 이어서 학습한다.",
)
_ENDED = Text(
    "Run {run}, {name}, has ended at step {step}; there is nothing to go on with.",
    "런(run) {run}, {name:은} {step}번째 스텝에서 이미 끝났다. 이어서 할 것이 없다.",
)
_NEXT = Text("Next", "다음에 할 일")
