"""Writing a training down while it runs.

The order of writing is what makes it safe: first the file, whole and under a name of its own; then one transaction that appends the
measurements since the last checkpoint and points at the file; only then is the older file removed. Killed anywhere between, the
store holds either the old checkpoint with its history, or the new one with its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, update

from whynet.engine.arm import Arm
from whynet.engine.checkpoint import Checkpoint
from whynet.engine.events import Checkpointed, Event, Noticed, Stepped
from whynet.engine.fit import Fitted, Listener
from whynet.engine.history import History
from whynet.errors import StoreError, WhynetError
from whynet.runs import files, schema
from whynet.runs.chunk import Extent, extent, pack
from whynet.runs.database import Database
from whynet.runs.ending import final_score, write_why
from whynet.runs.environment import environment
from whynet.runs.marks import marks
from whynet.runs.owner import this_process
from whynet.runs.trouble import speaking
from whynet.text import Text

HEARTBEAT = 10.0  # seconds between signs of life

runs = schema.runs


class Recording:
    """One run being written: a listener of its training, and the end of it."""

    def __init__(self, database: Database, folder: Path, done: Extent, listen: Listener | None = None) -> None:
        self.database, self.folder, self.done, self.listen = database, folder, done, listen
        self.run_id = folder.name
        self.owner = this_process()
        self.told = time.monotonic()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Checkpointed):
            try:
                self.checkpoint(event.checkpoints[0], event.histories[0])
            except StoreError as error:  # the training need not end for that: the next checkpoint, or its end, holds it all
                self._tell(Noticed(_NOT_SAVED.fill(step=event.step, safe=self.done[0], reason=error.message)))
                return
        elif isinstance(event, Stepped) and time.monotonic() - self.told > HEARTBEAT:
            self._live()
        self._tell(event)

    def checkpoint(self, checkpoint: Checkpoint, history: History) -> None:
        """Make this the place from which the run goes on."""
        path = self.folder / f"checkpoint-{checkpoint.step}.safetensors"
        self._write(path, checkpoint.tensors(), checkpoint.numbers(), history, {"checkpoint": path.name})
        self._tidy(path)

    def finish(self, fitted: Fitted) -> None:
        """Write the end of the run: the weights it is left with, under their own names, and what it came to."""
        outcome, task = fitted.outcome, fitted.dataset.task
        path = self.folder / "weights.safetensors"
        state = {**fitted.arm.network.unpack(outcome.weights), **outcome.buffers}
        values = {
            "status": outcome.status,
            "why": write_why(outcome.why),
            "metric": task.metric,
            "score": final_score(outcome.history),
            "weights": path.name,
            "weights_step": outcome.step,
            "checkpoint": None,
            "owner": None,
        }
        self._write(path, state, {"step": outcome.step}, outcome.history, values)
        self._tidy(None)

    def interrupt(self, error: BaseException) -> None:
        """Note that the training stopped before its end; it can be resumed."""
        why = write_why(error.message if isinstance(error, WhynetError) else None)
        with suppress(StoreError), self.database.write() as connection:  # what stopped the training is what to hear of
            connection.execute(self._own().values(status="interrupted", why=why, owner=None))

    def _write(self, path: Path, tensors: Any, numbers: Mapping[str, Any], history: History, values: Mapping[str, Any]) -> None:
        try:
            with speaking(self.folder.parent):
                files.write_tensors(path, tensors, numbers)
            with self.database.write() as connection:
                connection.execute(schema.history.insert().values(run=self.run_id, **pack(history, self.done)))
                self._update(connection, {"step": history.steps, "heartbeat": time.time(), **values})
        except StoreError:
            if self.database.is_sqlite:  # so the transaction surely failed; nothing points at the file, which only takes room
                path.unlink(missing_ok=True)
            raise
        self.done = extent(history)
        self.told = time.monotonic()

    def _update(self, connection: Connection, values: Mapping[str, Any]) -> None:
        changed = connection.execute(self._own().where(runs.c.step == self.done[0]).values(**values)).rowcount
        if changed != 1:
            raise StoreError(_NOT_OURS, run=self.run_id)

    def _own(self) -> Any:
        return update(runs).where(runs.c.id == self.run_id, runs.c.owner == self.owner)

    def _tidy(self, kept: Path | None) -> None:
        """Remove what a newer file replaced, and what a killed process left half written."""
        for path in [*self.folder.glob("checkpoint-*.safetensors"), *self.folder.glob(".*.part")]:
            if path != kept:
                path.unlink(missing_ok=True)

    def _live(self) -> None:
        self.told = time.monotonic()
        with suppress(StoreError), self.database.write() as connection:  # a missed sign of life is not worth a word
            connection.execute(self._own().values(heartbeat=time.time()))

    def _tell(self, event: Event) -> None:
        if self.listen:
            self.listen(event)


def open_row(arm: Arm, name: str) -> dict[str, Any]:
    """What a run's row says before its first step."""
    recipe, task = arm.recipe, arm.dataset.task
    return {
        "kind": "run",
        "name": name or f"{recipe.data} · {recipe.model} · {recipe.optimizer}",
        "label": arm.label,
        "status": "running",
        "metric": task.metric,
        "step": 0,
        "total_steps": arm.total_steps,
        "recipe": recipe.to_json(),
        "task": json.dumps(asdict(task), ensure_ascii=False),
        "environment": environment().to_json(),
        "marks": json.dumps(marks(arm)),
        "owner": this_process(),
        "heartbeat": time.time(),
    }


_NOT_SAVED = Text(
    "The checkpoint at step {step} was not stored; the training goes on, and what is stored up to step {safe} is safe. {reason}",
    "{step}번째 스텝의 체크포인트(checkpoint)를 저장하지 못했다. 학습은 계속되고, {safe}번째 스텝까지 저장된 것은 안전하다. {reason}",
)
_NOT_OURS = Text(
    "Run {run} was deleted, or another process has taken it over; this one writes no further.",
    "런(run) {run:이} 삭제되었거나 다른 프로세스가 이어받았다. 여기서는 더 쓰지 않는다.",
)
