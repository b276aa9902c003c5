"""How far many trainings have come, as one bar on a terminal; silent where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from whynet.cli.screen import err

if TYPE_CHECKING:
    from whynet.experiment.progress import Progress as Told


@contextmanager
def meter() -> Iterator[Callable[[Told], None]]:
    """A listener of `whynet.experiment.compare`: ``with meter() as listen: compare(…, listen=listen)``."""
    console = err()
    if not console.is_terminal:
        yield lambda told: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("", total=None)

        def listen(told: Told) -> None:
            bar.update(task, description=str(told.phase), completed=told.done, total=told.total)

        yield listen
