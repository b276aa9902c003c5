"""``whynet resume``: go on with an interrupted run or comparison as if it never had been."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from whynet.cli.keeping import FOLDER, StoreOption, command, open_store, stopped, stopped_comparison
from whynet.cli.meter import meter
from whynet.cli.outcome import report, summary
from whynet.cli.plan import DeviceOption
from whynet.cli.progress import Watcher
from whynet.cli.screen import as_json, head, say, verbatim
from whynet.cli.verb import argument, option, verb
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.runs.store import Store
    from whynet.runs.summary import RunSummary

RUN = argument(
    "a run or comparison: its name, the beginning or the last four letters of it, or last",
    "런(run)이나 비교: 이름, 이름의 앞부분이나 마지막 네 글자, 또는 last",
)
Run = Annotated[str, RUN]


@verb(
    "Go on with an interrupted run or comparison; what comes out is what would have.",
    "중단된 런(run)이나 비교를 이어서 한다. 결과는 중단하지 않았을 때와 같다.",
    place=32,
    examples=["whynet resume last"],
)
def resume(
    run: Run,
    store: StoreOption = FOLDER,
    device: DeviceOption = "auto",
    json: Annotated[bool, option("print the result as JSON", "결과를 JSON으로 출력한다")] = False,
) -> int | None:
    """Train the rest and report. 1 where the loss stopped being a number."""
    from whynet.engine.device import use_device
    from whynet.engine.parallel import leads, together
    from whynet.experiment.resuming import resumable
    from whynet.runs.resume import follow_first

    with use_device(device), together():
        if not leads():  # the first process speaks for all
            return 1 if follow_first() == "diverged" else 0
        kept = open_store(store)
        meant = resumable(kept, run)
        if meant.kind == "comparison":
            return _comparison(kept, meant, store, json)
        return _run(kept, meant.id, store, json)


def _comparison(kept: Store, meant: RunSummary, store: str, json: bool) -> int | None:
    from whynet.cli.compare import tell_all
    from whynet.experiment.resuming import resume_comparison

    if not json:
        words = _COMPARING_ON if meant.status == "interrupted" else _COMPARED
        say(words.fill(run=meant.id, name=meant.name, step=meant.step, total=meant.total_steps))
        say()
    try:
        with meter() as listen:
            made = resume_comparison(kept, meant.id, listen)
    except KeyboardInterrupt as stop:
        raise stopped_comparison(stop, store) from None
    tell_all(made, kept, json)
    return None


def _run(kept: Store, run: str, store: str, json: bool) -> int | None:
    from whynet.runs.resume import resume as go_on

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
_COMPARING_ON = Text(
    "Going on with comparison {run}, {name}, from step {step} of {total}.",
    "비교 {run}, {name:을} {total}스텝 가운데 {step}스텝에서 이어서 한다.",
)
_COMPARED = Text(
    "Comparison {run}, {name}, is not interrupted.",
    "비교 {run}, {name:은} 중단되지 않았다.",
)
_NEXT = Text("Next", "다음에 할 일")
