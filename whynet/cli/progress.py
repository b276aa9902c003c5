"""A training as it runs: a bar on a terminal, a line now and then in a log. It listens to events and steers nothing."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text as Styled

from whynet.cli.screen import err, metric_text, number, say
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.engine.events import Event, Measured
    from whynet.engine.history import Evaluation

LINES = 10  # in a log
REFRESH = 0.1  # seconds


class Watcher:
    """A listener for one training after another: ``with Watcher("accuracy") as watcher: fit(recipe, watcher)``.

    Knows afterwards how far the last one came, which is what a reader wants to hear when it is interrupted.
    """

    def __init__(self, metric: str, label: Text | None = None) -> None:
        self.metric, self.label = metric, label
        self.step = self.total = self.per_epoch = 0
        self.kept: int | None = None  # the step of the last checkpoint
        self.console = err()
        self.live: Live | None = None
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            expand=True,
        )
        self.line = Styled()
        self.losses = ""
        self.shown = self.began = 0.0
        self.first = self.spoken = 0

    def __enter__(self) -> Watcher:
        if self.console.is_terminal:
            self.live = Live(Group(self.bar, self.line), console=self.console, refresh_per_second=10, transient=True)
            self.live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.live:
            self.live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        from whynet.engine.events import Checkpointed, Measured, Noticed, Started, Stepped

        match event:
            case Started(_, step, total, per_epoch):
                self._start(step, total, per_epoch)
            case Stepped(step, losses):
                self.step = step
                now = time.monotonic()
                if now - self.shown > REFRESH:
                    self.shown = now
                    self._move(now, float(losses.detach().reshape(-1)[0]))
            case Measured():
                self._measured(event)
            case Checkpointed(step):
                self.kept = step
            case Noticed(note):
                say(note, to=self.console)

    def _start(self, step: int, total: int, per_epoch: int) -> None:
        self.step, self.first, self.total, self.per_epoch = step, step, total, per_epoch
        self.began, self.kept, self.losses, self.spoken = time.monotonic(), None, "", 0
        for old in list(self.bar.task_ids):
            self.bar.remove_task(old)
        self.bar.add_task("", total=total, completed=step, rate="")

    def _move(self, now: float, loss: float) -> None:
        epochs = -(-self.total // self.per_epoch)
        epoch = min(self.step // self.per_epoch + 1, epochs)
        words = str(_EPOCH.fill(epoch=epoch, epochs=epochs))
        rate = (self.step - self.first) / max(now - self.began, 1e-9)
        for task in self.bar.task_ids:
            self.bar.update(
                task,
                completed=self.step,
                description=f"{self.label} {words}" if self.label else words,
                rate=str(_RATE.fill(rate=number(round(rate)))),
            )
        self.line.plain = " ".join(filter(None, [str(_LOSS.fill(loss=number(loss))), self.losses]))

    def _measured(self, event: Measured) -> None:
        taken: dict[str, Evaluation] = {one.split: one for one in event.evaluations[0]}
        told = []
        for split, words in _TOLD.items():
            if split in taken:
                one = taken[split]
                told.append(str(words.fill(loss=number(one.loss), metric=metric_text(one.metric, self.metric))))
        if not told:
            return
        self.losses = " · ".join(["", *told]).strip()
        self.spoken += 1
        epochs = max(1, -(-self.total // max(1, self.per_epoch)))
        if not self.live and (event.step in (0, self.total) or self.spoken % max(1, -(-epochs // LINES)) == 0):
            step = _STEP.fill(step=event.step, total=self.total)
            say(f"{self.label} {step}: {', '.join(told)}" if self.label else f"{step}: {', '.join(told)}", to=self.console)


_EPOCH = Text("epoch {epoch}/{epochs}", "에포크(epoch) {epoch}/{epochs}")
_RATE = Text("{rate} steps/s", "초당 {rate}스텝")
_STEP = Text("step {step}/{total}", "스텝 {step}/{total}")
_LOSS = Text("loss {loss}", "손실(loss) {loss}")
_TRAIN = Text("train {loss} ({metric})", "훈련 {loss} ({metric})")
_VALIDATION = Text("validation {loss} ({metric})", "검증 {loss} ({metric})")
_TOLD: dict[str, Text] = {"train": _TRAIN, "validation": _VALIDATION}
