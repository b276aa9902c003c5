"""Writing a comparison down while its arms train, so that it can go on after an interruption.

Arms that train as one are checkpointed into one file, which the next checkpoint replaces. When they end, their weights go into a file
and everything measured of them into the database, in one transaction; only then is the checkpoint removed. Nothing is written within
a step: a checkpoint comes between two, and is left out where writing would take more than a twentieth of the time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update

from whynet.engine.arm import Arm
from whynet.engine.events import Checkpointed, Event, Finished, Noticed, Outcome, Stepped
from whynet.engine.jobs import Tell
from whynet.engine.plan import Chunk, Plan
from whynet.engine.reached import Reached
from whynet.engine.train import Watching
from whynet.errors import StoreError, WhynetError
from whynet.runs import files, schema
from whynet.runs.chunk import pack, unpack
from whynet.runs.database import Database
from whynet.runs.ending import read_why, write_why
from whynet.runs.marks import marks_of_all
from whynet.runs.owner import this_process
from whynet.runs.recording import HEARTBEAT
from whynet.runs.stack import read_stack, write_stack
from whynet.runs.trouble import speaking
from whynet.text import Text

EVERY = 5.0  # seconds between checkpoints
SHARE = 0.05  # of the time that may go into writing them

runs, phases, rows = schema.runs, schema.phases, schema.arms


class Underway:
    """One comparison being written. Made by `Store.compare` and `Store.take_up`."""

    def __init__(self, database: Database, folder: Path, every: float = EVERY) -> None:
        self.database, self.folder, self.every = database, folder, every
        self.id = folder.name
        self.owner = this_process()
        self.told = time.monotonic()
        self.steps = self.total = 0  # of the phase that is under way: arm-steps that are safe, and all
        self.ended = self.arms = 0  # of the same phase
        self.spent = 0.0  # seconds, before an interruption

    def phase(self, name: str, arms: Sequence[Arm], plan: Callable[[], Plan]) -> Phase:
        """Begin to train these arms, or go on. The plan is made once; whoever goes on follows it, and so gets the same bits.

        Raises `StoreError` where the arms are not those that were begun with.
        """
        marks, found = marks_of_all(arms), self._row(name)
        if found is None:
            made = plan()
            self.total = sum(arm.total_steps for arm in arms)
            own = {
                "run": self.id,
                "phase": name,
                "plan": _written(made),
                "marks": json.dumps(marks),
                "notes": "[]",
                "seconds": 0.0,
            }
            with self.database.write() as connection:
                connection.execute(phases.insert().values(**own))
                self.update(connection, {**_about(arms[0]), "step": 0, "total_steps": self.total})
            return Phase(self, name, arms, made, Reached())
        for part, mark in json.loads(found["marks"]).items():
            if marks[part] != mark:
                raise StoreError(_CHANGED, run=self.id, part=_PARTS[part])
        notes = [Text(**one) for one in json.loads(found["notes"])]
        self.spent += found["seconds"]
        return Phase(self, name, arms, read_plan(found["plan"]), *self._reached(name, notes), found["seconds"])

    def finish(self, payload: Mapping[str, Any]) -> None:
        """Write the end: what came out."""
        values = {"status": "finished", "payload": json.dumps(payload, ensure_ascii=False), "owner": None, "why": None}
        with self.database.write() as connection:
            self.update(connection, values)
        with speaking(self.folder):
            for path in [*self.folder.glob("*.checkpoint"), *self.folder.glob(".*.part")]:
                path.unlink(missing_ok=True)

    def interrupt(self, error: BaseException) -> None:
        """Note that it stopped before its end; it can go on."""
        why = write_why(error.message if isinstance(error, WhynetError) else None)
        with suppress(StoreError), self.database.write() as connection:
            self.update(connection, {"status": "interrupted", "why": why, "owner": None})

    def update(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Change the comparison's row. Raises `StoreError` where it is no longer ours to write."""
        mine = update(runs).where(runs.c.id == self.id, runs.c.owner == self.owner)
        self.told = time.monotonic()
        if connection.execute(mine.values(heartbeat=time.time(), **values)).rowcount != 1:
            raise StoreError(_NOT_OURS, run=self.id)

    def live(self) -> None:
        """Say now and then that this process is still there."""
        if time.monotonic() - self.told > HEARTBEAT:
            self.told = time.monotonic()
            with suppress(StoreError), self.database.write() as connection:  # a missed sign of life is not worth a word
                self.update(connection, {})

    def _row(self, name: str) -> Mapping[str, Any] | None:
        with self.database.read() as connection:
            found = connection.execute(select(phases).where(phases.c.run == self.id, phases.c.phase == name)).first()
            return found._asdict() if found else None

    def _reached(self, name: str, notes: list[Text]) -> tuple[Reached, list[Text]]:
        """How far a phase had come. Files that cannot be read cost the arms in them what they had trained, and nothing else."""
        outcomes: dict[int, Outcome] = {}
        saved: dict[tuple[int, ...], Checkpointed] = {}
        with self.database.read() as connection:
            found = [
                row._asdict() for row in connection.execute(select(rows).where(rows.c.run == self.id, rows.c.phase == name))
            ]
        for file in {row["weights"] for row in found}:
            try:
                tensors, _ = files.read_tensors(self.folder / file)
            except StoreError as error:
                notes = [*notes, _AGAIN.fill(reason=error.message)]
                continue
            outcomes |= {row["arm"]: outcome(row, tensors) for row in found if row["weights"] == file}
        lost = [row["arm"] for row in found if row["arm"] not in outcomes]
        if lost:
            with self.database.write() as connection:
                connection.execute(delete(rows).where(rows.c.run == self.id, rows.c.phase == name, rows.c.arm.in_(lost)))
        for path in sorted(self.folder.glob(f"{name}-*.checkpoint")):
            try:
                group, event = read_stack(path)
            except StoreError as error:
                notes = [*notes, _AGAIN.fill(reason=error.message)]
                continue
            if not any(i in outcomes for i in group):  # else it was killed before it could remove the file
                saved[group] = event
        return Reached(outcomes, saved), notes


@dataclass
class Phase:
    """Arms that are trained as parts of a comparison: how, how far they had come, and the one who writes it down."""

    underway: Underway
    name: str
    arms: Sequence[Arm]
    plan: Plan
    reached: Reached
    notes: list[Text] = field(default_factory=list)  # what the reader should know, heard before an interruption
    seconds: float = 0.0  # spent before
    began: float = field(default_factory=time.monotonic)
    _safe: dict[int, int] = field(default_factory=dict)  # steps of each arm
    _wrote: dict[int, tuple[float, float]] = field(default_factory=dict)  # when a stack was saved, and how long that took

    def __post_init__(self) -> None:
        self._safe = {i: one.history.steps for i, one in self.reached.outcomes.items()}
        for group, event in self.reached.saved.items():
            self._safe |= {i: one.steps for i, one in zip(group, event.histories, strict=True)}
        self.underway.total = sum(arm.total_steps for arm in self.arms)
        self.underway.ended, self.underway.arms = len(self.reached.outcomes), len(self.arms)
        self._count()

    def watching(self, watching: Watching) -> Watching:
        """The same, with checkpoints."""
        return replace(watching, checkpoint_every=self.underway.every)

    def listener(self, then: Tell) -> Tell:
        """Who writes down what is to be kept, and then passes it on."""

        def listen(group: list[int], event: Event) -> None:
            try:
                self._keep(group, event)
            except StoreError as error:  # the training need not end for that
                then(group, Noticed(_NOT_SAVED.fill(reason=error.message)))
            then(group, event)

        return listen

    def _keep(self, group: list[int], event: Event) -> None:
        if isinstance(event, Checkpointed):
            self._save(group, event)
        elif isinstance(event, Finished):
            self._end(group, event)
        elif isinstance(event, Noticed) and event.note not in self.notes:
            self.notes.append(event.note)
            with self.underway.database.write() as connection:
                self._update(connection)
        elif isinstance(event, Stepped):
            self.underway.live()

    def _save(self, group: list[int], event: Checkpointed) -> None:
        began = time.monotonic()
        at, cost = self._wrote.get(group[0], (0.0, 0.0))
        if self.underway.every and began - at < cost / SHARE:
            return
        with speaking(self.underway.folder):
            write_stack(self._file(group, "checkpoint"), group, event)
        self._safe |= {i: one.steps for i, one in zip(group, event.histories, strict=True)}
        self._count()
        with self.underway.database.write() as connection:
            self._update(connection)
        self._wrote[group[0]] = time.monotonic(), time.monotonic() - began

    def _end(self, group: list[int], event: Finished) -> None:
        weights = self._file(group, "safetensors")
        tensors = {f"{i}/weights": one.weights for i, one in zip(group, event.outcomes, strict=True)}
        for i, one in zip(group, event.outcomes, strict=True):
            tensors |= {f"{i}/buffers/{name}": value for name, value in one.buffers.items()}
        ended = [self._row(i, one, weights.name) for i, one in zip(group, event.outcomes, strict=True)]
        with speaking(self.underway.folder):
            files.write_tensors(weights, tensors)
        self._safe |= {i: one.history.steps for i, one in zip(group, event.outcomes, strict=True)}
        self._count()
        with self.underway.database.write() as connection:
            connection.execute(rows.insert(), ended)
            self._update(connection)
        self.underway.ended += len(group)
        self._file(group, "checkpoint").unlink(missing_ok=True)

    def _row(self, i: int, one: Outcome, weights: str) -> dict[str, Any]:
        return {
            "run": self.underway.id, "phase": self.name, "arm": i,
            "label": self.arms[i].label, "recipe": self.arms[i].recipe.to_json(),
            "status": one.status, "why": write_why(one.why), "weights": weights, "weights_step": one.step,
            **pack(one.history, (0, 0, 0)),
        }  # fmt: skip

    def _update(self, connection: Connection) -> None:
        own = update(phases).where(phases.c.run == self.underway.id, phases.c.phase == self.name)
        notes = json.dumps([note.both for note in self.notes], ensure_ascii=False)
        connection.execute(own.values(notes=notes, seconds=self.spent))
        self.underway.update(connection, {"step": self.underway.steps, "total_steps": self.underway.total})

    @property
    def spent(self) -> float:
        """Seconds on these arms, those before an interruption among them."""
        return self.seconds + time.monotonic() - self.began

    def _count(self) -> None:
        self.underway.steps = sum(self._safe.values())

    def _file(self, group: Sequence[int], kind: str) -> Path:
        return self.underway.folder / f"{self.name}-{group[0]}-{len(group)}.{kind}"


class StoppedComparisonError(KeyboardInterrupt):
    """Ctrl-C during a comparison that is kept: how far it came, and how to go on."""

    def __init__(self, underway: Underway, is_written: bool = True) -> None:
        self.run, self.step, self.total, self.is_written = underway.id, underway.steps, underway.total, is_written
        self.ended, self.arms = underway.ended, underway.arms
        self.message = (_STOPPED if is_written else _STOPPED_FOR_GOOD).fill(run=self.run, step=self.step, total=self.total)
        super().__init__(str(self.message))


def outcome(row: Mapping[str, Any], tensors: Mapping[str, Any]) -> Outcome:
    """An arm's outcome from its row and the file that holds its weights."""
    own = f"{row['arm']}/"
    buffers = {
        name.removeprefix(f"{own}buffers/"): value for name, value in tensors.items() if name.startswith(f"{own}buffers/")
    }
    return Outcome(
        row["status"], unpack([row]), tensors[f"{own}weights"], buffers, row["weights_step"], read_why(row["why"])
    )  # fmt: skip


def _about(arm: Arm) -> dict[str, Any]:
    task = arm.dataset.task
    return {"metric": task.metric, "task": json.dumps(asdict(task), ensure_ascii=False)}


def _written(plan: Plan) -> str:
    chunks = [{"arms": list(chunk.arms), "seconds": chunk.seconds} for chunk in plan.chunks]
    found = [one.both for one in plan.found]
    return json.dumps({"chunks": chunks, "workers": plan.workers, "found": found}, ensure_ascii=False)


def read_plan(text: str) -> Plan:
    """The plan of a phase as it is stored."""
    values = json.loads(text)
    chunks = tuple(Chunk(tuple(one["arms"]), one["seconds"]) for one in values["chunks"])
    return Plan(chunks, values["workers"], tuple(Text(**one) for one in values["found"]))


_PARTS = {"data": Text("data", "데이터"), "model": Text("initial weights", "초기 가중치")}
_CHANGED = Text(
    "Comparison {run} cannot go on: its {part} are not what they were when it started, so it would compare what is not alike. "
    "Restore them, or compare anew.",
    "비교 {run:은} 이어서 할 수 없다. {part:이} 시작할 때와 달라서 같지 않은 것을 비교하게 된다. 원래대로 되돌리거나 새로 비교한다.",
)
_NOT_OURS = Text(
    "Comparison {run} was deleted, or another process has taken it over; this one writes no further.",
    "비교 {run:이} 삭제되었거나 다른 프로세스가 이어받았다. 여기서는 더 쓰지 않는다.",
)
_STOPPED = Text(
    "Interrupted. Comparison {run} is kept up to {step} of {total} steps. To go on: whynet resume {run}",
    "중단했다. 비교 {run:은} {total}스텝 가운데 {step}스텝까지 저장되어 있다. 이어서 하려면: whynet resume {run}",
)
_STOPPED_FOR_GOOD = Text(
    "Interrupted. Comparison {run} is kept up to {step} of {total} steps, but cannot go on, because it holds Python objects of your "
    "own, which are not stored.",
    "중단했다. 비교 {run:은} {total}스텝 가운데 {step}스텝까지 저장되어 있지만, "
    "저장되지 않는 사용자의 파이썬 객체가 들어 있어 이어서 할 수 없다.",
)
_NOT_SAVED = Text(
    "How far the comparison has come could not be stored; the training goes on, and what was stored before is safe. {reason}",
    "비교가 어디까지 왔는지 저장하지 못했다. 학습은 계속되고, 전에 저장된 것은 안전하다. {reason}",
)
_AGAIN = Text(
    "Some networks are trained again, because what was stored of them cannot be read. {reason}",
    "저장된 것을 읽을 수 없어 네트워크 몇 개를 다시 학습한다. {reason}",
)
