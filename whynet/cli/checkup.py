"""The progress of a diagnosis: the examination, what it found, the trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from whynet.cli.screen import err, say
from whynet.text import Text, join


@contextmanager
def checkup() -> Iterator[Callable[[Any], None]]:
    """A listener of `whynet.doctor.diagnose`: one bar on a terminal, one line for each stage in a log."""
    from whynet.doctor.diagnose import Examined
    from whynet.engine.events import Started, Stepped
    from whynet.experiment.progress import Progress as Told

    console = err()
    columns = (
        TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn(), TimeRemainingColumn(compact=True),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, expand=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(str(_EXAMINING), total=None)
        if not console.is_terminal:
            say(_EXAMINING, to=console)
        trying = False

        def listen(told: Any) -> None:
            nonlocal trying
            if isinstance(told, Started):
                bar.update(task, total=told.total_steps)
            elif isinstance(told, Stepped):
                bar.update(task, completed=told.step)
            elif isinstance(told, Examined):
                names = [one.cause.title for one in told.suspicions if one.strength > 0]
                if names:
                    say(_SUSPECTED.fill(names=join(names, " · ")), to=console)
            elif isinstance(told, Told):
                if not trying and not console.is_terminal:
                    say(told.phase, to=console)
                trying = True
                bar.update(task, description=str(told.phase), completed=told.done, total=told.total)

        yield listen


_EXAMINING = Text("examining: one probed training", "진찰 중: 프로브(probe)를 달고 한 번 학습")
_SUSPECTED = Text("suspected: {names}", "의심: {names}")
