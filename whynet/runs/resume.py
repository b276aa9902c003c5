"""Go on with a run that was interrupted, as if it never had been."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import delete, update

from whynet.engine.arm import prepare
from whynet.engine.checkpoint import Checkpoint, Status
from whynet.engine.events import Noticed
from whynet.engine.fit import Listener, follow
from whynet.engine.history import History
from whynet.engine.parallel import told
from whynet.engine.train import train
from whynet.errors import StoreError
from whynet.recipe import Recipe, from_json
from whynet.runs import schema
from whynet.runs.beginnings import as_begun
from whynet.runs.chunk import extent
from whynet.runs.environment import environment
from whynet.runs.fit import record
from whynet.runs.marks import marks
from whynet.runs.owner import this_process
from whynet.runs.recording import Recording
from whynet.runs.run import Run
from whynet.runs.settings import read_settings
from whynet.runs.store import Store
from whynet.spec import Spec
from whynet.text import Text

runs = schema.runs


def resume(store: Store, run_id: str, listen: Listener | None = None, recipe: Recipe | None = None) -> Run:
    """Go on from the last checkpoint, or from the start where there is none; a run that has ended is returned as it is.

    The history is the one that an uninterrupted training on this machine would have, bit for bit. ``recipe`` gives again the Python
    objects of your own that the run was made with. Raises `StoreError` where the data or the model is not what it was.
    """
    run = store.open(run_id)
    if run.status == "running":
        raise StoreError(_RUNNING, run=run.id)
    if run.status != "interrupted":
        told(lambda: None)
        return run
    with as_begun([run.recipe], run.folder):
        arm = prepare(_recipe(run, recipe), run.label)
    for part, mark in marks(arm).items():
        if run.marks[part] != mark:
            raise StoreError(_CHANGED, run=run.id, part=_PARTS[part])
    watching, tier = read_settings(run.row["settings"])
    start, notes = _start(run)
    _claim(store, run, start)
    history = start[1] if start else History()
    recording = Recording(store.database, run.folder, extent(history), listen)
    if listen:
        for note in notes:
            listen(Noticed(note))
    told(lambda: (arm.recipe.to_json(), run.row["settings"], start, run.folder))
    return record(store, arm, recording, train([arm], watching, tier, [start] if start else None))


def follow_first() -> Status | None:
    """Take part in what the first of several processes resumes, and how it ended; it alone reads and writes the store."""
    given: tuple[str, str, tuple[Checkpoint, History] | None, Path] | None = told(lambda: None)
    if given is None:
        return None
    watching, tier = read_settings(given[1])
    recipe = from_json(given[0])
    with as_begun([recipe], given[3]):
        arm = prepare(recipe)
    return follow(train([arm], replace(watching, checkpoint_every=None), tier, [given[2]] if given[2] else None))[0].status


def _recipe(run: Run, given: Recipe | None) -> Recipe:
    """The recipe to go on with: the stored one, or the same one with its objects. Raises `StoreError` where it cannot be had."""
    if given is None:
        if not run.recipe.is_written:
            raise StoreError(_NEEDS_OBJECTS, run=run.id, recipe=str(run.recipe))
        return run.recipe
    if not _same(given.to_json(), run.row["recipe"]):
        raise StoreError(_OTHER_RECIPE, run=run.id, stored=str(run.recipe), given=str(given))
    return given


def _same(ours: str, stored: str) -> bool:
    """Whether two texts tell one recipe; one that was stored by an older version lacks the settings that came later."""
    usual = json.loads(Recipe(Spec("usual"), Spec("usual")).to_json())
    return {**usual, **json.loads(ours)} == {**usual, **json.loads(stored)}


def _start(run: Run) -> tuple[tuple[Checkpoint, History] | None, list[Text]]:
    """Where to go on, and what the reader should know of it."""
    notes = []
    then, now = run.environment, environment()
    if then.device != now.device:
        notes.append(_OTHER_DEVICE.fill(then=then.device, now=now.device))
    if (then.torch, then.cpu) != (now.torch, now.cpu):
        then_words, now_words = (f"torch {e.torch}, {e.cpu}" for e in (then, now))
        notes.append(_ELSEWHERE.fill(then=then_words, now=now_words))
    try:
        checkpoint = run.checkpoint()
    except StoreError as error:
        return None, [*notes, _FROM_START.fill(reason=error.message)]
    return ((checkpoint, run.history) if checkpoint else None), notes


def _claim(store: Store, run: Run, start: tuple[Checkpoint, History] | None) -> None:
    """Take the run over, unless another process was faster; where it starts anew, without the history of before."""
    mine = update(runs).where(runs.c.id == run.id, runs.c.owner.is_not_distinct_from(run.row["owner"]))
    values = {"owner": this_process(), "heartbeat": time.time(), "status": "running", "why": None}
    with store.database.write() as connection:
        if connection.execute(mine.where(runs.c.step == run.row["step"]).values(**values)).rowcount != 1:
            raise StoreError(_RUNNING, run=run.id)
        if start is None:
            connection.execute(delete(schema.history).where(schema.history.c.run == run.id))
            connection.execute(update(runs).where(runs.c.id == run.id).values(step=0, checkpoint=None))


_PARTS = {"data": Text("data", "데이터"), "model": Text("initial weights", "초기 가중치")}
_RUNNING = Text(
    "Run {run} is being trained by another process.",
    "런(run) {run:은} 다른 프로세스가 학습하고 있다.",
)
_CHANGED = Text(
    "Run {run} cannot go on: its {part} are not what they were when it started, so its history would mix two trainings. "
    "Restore them, or train anew.",
    "런(run) {run:은} 이어서 학습할 수 없다. {part:이} 시작할 때와 달라서 두 학습의 기록이 섞이게 된다. "
    "원래대로 되돌리거나 새로 학습한다.",
)
_NEEDS_OBJECTS = Text(
    "Run {run} was made with Python objects of your own, which are not stored ({recipe}). Give the same recipe again: "
    "resume(store, {run!r}, recipe=recipe)",
    "런(run) {run:은} 사용자의 파이썬 객체로 만들었고 객체는 저장되지 않는다({recipe}). 같은 레시피(recipe)를 다시 준다: "
    "resume(store, {run!r}, recipe=recipe)",
)
_OTHER_RECIPE = Text(
    "Run {run} was made with another recipe. Stored: {stored}. Received: {given}",
    "런(run) {run:은} 다른 레시피(recipe)로 만들었다. 저장된 것: {stored}. 받은 것: {given}",
)
_ELSEWHERE = Text(
    "This run was started with {then} and goes on with {now}: the last bits of its numbers may differ.",
    "이 런(run)은 {then}에서 시작했고 {now}에서 이어진다. 숫자의 마지막 자리가 다를 수 있다.",
)
_OTHER_DEVICE = Text(
    "This run was started on {then} and goes on with {now}: the last bits of its numbers may differ.",
    "이 런(run)은 {then}에서 시작했고 {now}에서 이어진다. 숫자의 마지막 자리가 다를 수 있다.",
)
_FROM_START = Text(
    "The last checkpoint cannot be used, so the training starts anew. {reason}",
    "마지막 체크포인트(checkpoint)를 쓸 수 없어 처음부터 다시 학습한다. {reason}",
)
