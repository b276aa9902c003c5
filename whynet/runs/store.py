"""The store: every run and every kept result of one folder, or of one team."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Select, delete, select, update

from whynet.engine.arm import Arm
from whynet.engine.fit import Fitted, Listener
from whynet.errors import StoreError
from whynet.recipe import Difference, diff
from whynet.runs import files, schema
from whynet.runs.beginnings import keep_beginnings
from whynet.runs.comparison import KeptComparison
from whynet.runs.database import Database
from whynet.runs.environment import environment
from whynet.runs.kept import Kept
from whynet.runs.naming import new_folder
from whynet.runs.owner import this_process
from whynet.runs.place import locate
from whynet.runs.recording import Recording, open_row
from whynet.runs.run import Run
from whynet.runs.summary import COLUMNS, KIND_WORDS, Kind, ResultKind, RunSummary, Status, summary
from whynet.runs.trouble import speaking
from whynet.runs.underway import EVERY, Underway
from whynet.text import Text

PATIENCE = 30.0  # seconds to wait for another process that writes

runs = schema.runs


class Store:
    """Runs in a folder; or in a database that a team shares, ``postgresql://host/name``, with a folder for the weights.

    Nothing is made before something is written. Any number of processes may read and write at once.
    """

    def __init__(self, where: str | Path = "runs", folder: str | Path | None = None, patience: float = PATIENCE) -> None:
        self.where, self.patience = where, patience
        self.url, self.folder = locate(where, folder)

    def __repr__(self) -> str:
        return f"Store({str(self.where)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Store, (self.where, self.folder, self.patience)

    # --- reading -------------------------------------------------------------------------------------------------

    def runs(self, limit: int | None = None, status: Status | None = None, kind: Kind | None = None) -> list[RunSummary]:
        """What the store holds, newest first. No history is read for it."""
        query = select(*COLUMNS).order_by(runs.c.created.desc(), runs.c.id.desc())
        if kind is not None:
            query = query.where(runs.c.kind == kind)
        if status in ("running", "interrupted"):  # which of the two is seen from the process, not from the row
            query = query.where(runs.c.status.in_(("running", "interrupted")))
        elif status is not None:
            query = query.where(runs.c.status == status)
        elif limit is not None:
            query = query.limit(limit)
        found = [summary(row) for row in self._rows(query)]
        return [one for one in found if status in (None, one.status)][:limit]

    def find(self, run: str) -> RunSummary:
        """The summary of one run or kept result, by its id, the beginning of it, its last four letters, or ``"last"``.

        Raises `StoreError` where there is none, or several.
        """
        if run == "last":
            found = self._rows(select(*COLUMNS).order_by(runs.c.created.desc(), runs.c.id.desc()).limit(1))
        elif not run:
            found = []
        else:
            begins, ends = runs.c.id.startswith(run, autoescape=True), runs.c.id.endswith(f"-{run}", autoescape=True)
            found = self._rows(select(*COLUMNS).where(begins | ends).order_by(runs.c.id))
        exact = [row for row in found if row["id"] == run] or found
        if len(exact) == 1:
            return summary(exact[0])
        if exact:
            raise StoreError(_SEVERAL, run=run, ids=", ".join(row["id"] for row in exact[:5]), n=len(exact))
        recent = [row["id"] for row in self._rows(select(runs.c.id).order_by(runs.c.created.desc()).limit(100))]
        raise (
            StoreError(_NONE, run=run, place=self.place, near=_near(run, recent))
            if recent
            else StoreError(_EMPTY, place=self.place)
        )

    def open(self, run: str) -> Run:
        """One run, by what `find` takes; ``"last"`` is the newest run, whatever results were kept since. Raises `StoreError`."""
        if run == "last":
            newest = self.runs(limit=1, kind="run")
            run = newest[0].id if newest else run
        found = self.find(run)
        if found.kind != "run":
            raise StoreError(_NOT_A_RUN, run=found.id, kind=KIND_WORDS[found.kind])
        return Run(self.database, self.folder / found.id, self._row(found.id))

    def result(self, result: str) -> Kept:
        """One kept result, by what `find` takes. Raises `StoreError`."""
        found = self.find(result)
        if found.kind == "run":
            raise StoreError(_A_RUN, run=found.id)
        row = self._row(found.id)
        if row["payload"] is None:
            raise StoreError(_UNFINISHED, run=found.id)
        payload = json.loads(row["payload"])
        return Kept(found.id, found.kind, found.name, found.created, payload, self.folder / found.id)

    def comparison(self, comparison: str) -> KeptComparison:
        """One comparison with its arms, ended or not, by what `find` takes; ``"last"`` is the newest one. Raises `StoreError`."""
        if comparison == "last":
            newest = self.runs(limit=1, kind="comparison")
            comparison = newest[0].id if newest else comparison
        found = self.find(comparison)
        if found.kind != "comparison":
            raise StoreError(_NOT_A_COMPARISON, run=found.id, kind=KIND_WORDS[found.kind])
        return KeptComparison(self.database, self.folder / found.id, self._row(found.id))

    def compare(self, before: str, after: str) -> list[Difference]:
        """The fields in which the recipes of two runs differ."""
        return diff(self.open(before).recipe, self.open(after).recipe)

    # --- writing -------------------------------------------------------------------------------------------------

    def keep(self, kind: ResultKind, title: str, payload: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> Path:
        """Keep a result and the files that show it; returns the folder they lie in, whose name is the result's id."""
        row = {"kind": kind, "name": title, "label": "", "status": "finished", "step": 0, "total_steps": 0}
        return self._insert({**row, "payload": json.dumps(payload, ensure_ascii=False)}, files or {})

    def begin(self, arm: Arm, settings: str, name: str = "", listen: Listener | None = None) -> Recording:
        """A new run about to be trained, visible from here on."""
        folder = self._insert({**open_row(arm, name), "settings": settings}, {})
        try:
            keep_beginnings([arm.recipe], folder)
        except BaseException:
            self._remove(folder.name)
            raise
        return Recording(self.database, folder, (0, 0, 0), listen)

    def begin_comparison(self, title: str, asked: Mapping[str, Any], every: float = EVERY) -> Underway:
        """A new comparison about to be trained, visible from here on. asked: all that decides what comes out, as plain data."""
        row = {
            "kind": "comparison", "name": title, "label": "", "status": "running", "step": 0, "total_steps": 0,
            "settings": json.dumps(asked, ensure_ascii=False), "environment": environment().to_json(),
            "owner": this_process(), "heartbeat": time.time(),
        }  # fmt: skip
        return Underway(self.database, self._insert(row, {}), every)

    def take_up(self, comparison: KeptComparison, every: float = EVERY) -> Underway:
        """Go on with a comparison that was interrupted. Raises `StoreError` where another process was faster."""
        stood = runs.c.owner.is_not_distinct_from(comparison.row["owner"]), runs.c.status == comparison.row["status"]
        values = {"owner": this_process(), "heartbeat": time.time(), "status": "running", "why": None}
        with self.database.write() as connection:
            if connection.execute(update(runs).where(runs.c.id == comparison.id, *stood).values(**values)).rowcount != 1:
                raise StoreError(_RUNNING, run=comparison.id)
        return Underway(self.database, comparison.folder, every)

    def add(self, result: str, content: Mapping[str, bytes]) -> Path:
        """Put files that show a result into its folder, which is returned."""
        folder = self.folder / self.find(result).id
        with speaking(self.place):
            for name, value in content.items():
                files.write(folder / _checked(name), value)
        return folder

    def save(self, fitted: Fitted, name: str = "") -> Run:
        """Keep a recipe that was trained without a store."""
        recording = self.begin(fitted.arm, "{}", name)
        recording.finish(fitted)
        return self.run_of(recording, fitted)

    def run_of(self, recording: Recording, fitted: Fitted) -> Run:
        """The run that was just recorded, with what is in memory already."""
        return Run(self.database, recording.folder, self._row(recording.run_id), fitted)

    def delete(self, run: str) -> None:
        """Delete one run or kept result with its files. Raises `StoreError` while it is being trained."""
        found = self.find(run)
        if found.status == "running":
            raise StoreError(_RUNNING, run=found.id)
        self._remove(found.id)

    def _remove(self, run_id: str) -> None:
        with self.database.write() as connection:
            for table in (schema.history, schema.phases, schema.arms):
                connection.execute(delete(table).where(table.c.run == run_id))
            connection.execute(delete(runs).where(runs.c.id == run_id))
        with speaking(self.place):
            if (self.folder / run_id).exists():
                shutil.rmtree(self.folder / run_id)

    # --- the database --------------------------------------------------------------------------------------------

    @property
    def place(self) -> str:
        """Where the store is, for a reader; without a password."""
        return str(self.folder) if self._file else self.url.render_as_string(hide_password=True)

    @property
    def _file(self) -> Path | None:
        """The database as a file; None where it is none."""
        return Path(self.url.database) if self.url.get_backend_name() == "sqlite" and self.url.database else None

    @cached_property
    def database(self) -> Database:
        """The database, with its tables made."""
        with speaking(self.place):
            if self._file:
                self._file.parent.mkdir(parents=True, exist_ok=True)
        database = Database(self.url, self.place, self.patience)
        with database.read() as connection:
            found = schema.version(connection, self.place)
        if found < schema.VERSION and not (
            found and database.is_frozen
        ):  # which nobody can bring up to date, but anyone may read
            with database.write() as connection:
                schema.bring_up_to_date(connection, self.place)
        return database

    def _rows(self, query: Select[Any]) -> list[Mapping[str, Any]]:
        if "database" not in self.__dict__ and self._file and not self._file.exists():
            return []  # looking into a store that is not there makes none
        with self.database.read() as connection:
            result = connection.execute(query)
            names = list(result.keys())
            return [dict(zip(names, row, strict=True)) for row in result.all()]

    def _row(self, run_id: str) -> Mapping[str, Any]:
        rows = self._rows(select(runs).where(runs.c.id == run_id))
        if not rows:
            raise StoreError(_NONE, run=run_id, place=self.place, near="")
        return rows[0]

    def _insert(self, row: Mapping[str, Any], content: Mapping[str, bytes]) -> Path:
        database, now = self.database, time.time()
        with speaking(self.place):
            folder = new_folder(self.folder, now)
        try:
            with speaking(self.place):
                for name, value in content.items():
                    files.write(folder / _checked(name), value)
            with database.write() as connection:
                connection.execute(runs.insert().values(id=folder.name, created=now, **row))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder


def _checked(name: str) -> str:
    if Path(name).name != name or not name:
        raise StoreError(_NOT_A_NAME, name=name)
    return name


def _near(run: str, recent: list[str]) -> Text:
    """The ids most like a mistyped one, else the newest."""
    near = get_close_matches(run, recent, n=3, cutoff=0.5)
    return (_NEAREST if near else _NEWEST).fill(ids=", ".join(near or recent[:3]))


_NOT_A_NAME = Text(
    "Expected the name of a file, such as report.html, without a folder. Received: {name!r}",
    "report.html처럼 폴더가 없는 파일 이름을 쓴다. 받은 것: {name!r}",
)
_NONE = Text(
    "There is no run {run!r} in {place}. {near}",
    "{place}에 런(run) {run!r:은} 없다. {near}",
)
_NEAREST = Text("Nearest: {ids}.", "가장 비슷한 것: {ids}.")
_NEWEST = Text("The newest: {ids}.", "가장 최근의 것: {ids}.")
_EMPTY = Text(
    "The store {place} is empty. Train something: whynet fit digits",
    "저장소 {place:이} 비어 있다. 먼저 학습한다: whynet fit digits",
)
_SEVERAL = Text(
    "{run!r} fits {n} runs: {ids}. Write more of the id.",
    "{run!r}에 맞는 런(run)이 {n}개다: {ids}. 아이디(id)를 더 길게 쓴다.",
)
_NOT_A_RUN = Text(
    "{run} is not a run, but a kept {kind}; its report lies in its folder.",
    "{run:은} 런(run)이 아니라 저장된 {kind:이다}. 보고서는 그 폴더에 있다.",
)
_A_RUN = Text(
    "{run} is a run, not a kept result. Open it: store.open({run!r})",
    "{run:은} 저장된 결과가 아니라 런(run)이다. 다음으로 연다: store.open({run!r})",
)
_NOT_A_COMPARISON = Text("{run} is not a comparison, but a {kind}.", "{run:은} 비교가 아니라 {kind:이다}.")
_UNFINISHED = Text(
    "Comparison {run} has not ended yet. To go on with it: whynet resume {run}",
    "비교 {run:은} 아직 끝나지 않았다. 이어서 하려면: whynet resume {run}",
)
_RUNNING = Text(
    "Run {run} is being trained by another process. Stop that first.",
    "런(run) {run:은} 다른 프로세스가 학습하고 있다. 그 프로세스를 먼저 멈춘다.",
)
