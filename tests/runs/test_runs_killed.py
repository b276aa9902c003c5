"""Killed at any moment, a run goes on, and nobody can tell from it that it was killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from whynet.engine.events import Noticed, Stepped
from whynet.recipe import Recipe, recipe
from whynet.runs.fit import fit
from whynet.runs.resume import resume
from whynet.runs.run import Run
from whynet.runs.store import Store

if "fork" not in multiprocessing.get_all_start_methods():
    pytest.skip("killing needs a system with signals", allow_module_level=True)

NOISY = recipe(
    "moons(n=60)", 'mlp(widths=[4], norm="batch", dropout=0.3)', optimizer="adam(lr=0.01)", schedule="cosine", epochs=3,
    batch_size=16, keep="best", seed=3,
)  # fmt: skip


@contextmanager
def counting(at: Callable[[], None]) -> Iterator[None]:
    """Call ``at`` before everything that changes the disk, which is also after what changed it before."""

    def around(function: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object, **options: object) -> object:
            at()
            return function(*arguments, **options)

        return wrapped

    def told(_connection: object) -> None:
        at()

    patch = pytest.MonkeyPatch()
    for name in ("fsync", "replace", "unlink", "mkdir"):
        patch.setattr(os, name, around(getattr(os, name)))
    for name in ("begin", "commit"):
        event.listen(Engine, name, told)
    try:
        yield
    finally:
        patch.undo()
        for name in ("begin", "commit"):
            event.remove(Engine, name, told)


def train(store: Store, one: Recipe, at: Callable[[], None]) -> None:
    """Begin, or go on, and call ``at`` at every moment at which something might be half done."""

    def listen(told: object) -> None:
        if isinstance(told, Stepped):
            at()

    with counting(at):
        if store.runs():
            resume(store, "last", listen)
        else:
            fit(one, store, listen, tier="eager", checkpoint_every=0)


def killed_at(moment: int, store: Store, one: Recipe) -> bool:
    """Train in a child process that is killed at its n-th moment; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            moments = iter(range(moment))

            def at() -> None:
                if next(moments, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)

            train(store, one, at)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same training, never killed."""
    return fit(NOISY, Store(tmp_path_factory.mktemp("twin")), tier="eager")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python 3.12 warns of any fork beside a thread
def test_every_moment_of_writing_is_safe(tmp_path: Path, twin: Run, same: Callable[[Run, Run], None]) -> None:
    """One run for each moment at which it is killed, then gone on with to the end."""
    moment, killed = 0, True
    while killed:
        store = Store(tmp_path / str(moment))
        killed = killed_at(moment, store, NOISY)
        runs = store.runs()
        if runs:  # else it was killed before there was anything to lose
            assert runs[0].status == ("interrupted" if runs[0].score is None else "finished")
            assert store.open("last").history.steps == runs[0].step
            notes: list[Noticed] = []
            same(
                resume(store, "last", lambda told, notes=notes: notes.append(told) if isinstance(told, Noticed) else None), twin
            )
            assert not notes  # nor was anything lost that had to be done again from the start
            same(Store(store.folder).open("last"), twin)
        moment += 1
    assert moment >= 9 + 4 * 5  # steps; and for three checkpoints and the end: two syncs, a renaming, begin and commit


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_that_is_killed_again_and_again_still_ends(tmp_path: Path, twin: Run, same: Callable[[Run, Run], None]) -> None:
    store, moment, kills = Store(tmp_path), 5, 0
    while killed_at(moment, store, NOISY):
        moment, kills = moment + 1, kills + 1
    assert kills > 5
    same(store.open("last"), twin)
    assert [path.name for path in store.open("last").folder.iterdir()] == ["weights.safetensors"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_killed_from_outside_at_random_and_resumed(tmp_path: Path, same: Callable[[Run, Run], None]) -> None:
    """The signal comes from another process, wherever the training happens to be; the steps are traced, as by default."""
    one = recipe("digits", "mlp(widths=[16])", optimizer="sgd(lr=0.1, momentum=0.9)", epochs=6)
    chance, store, kills = random.Random(7), Store(tmp_path / "killed"), 0
    for steps in (chance.randrange(10, 60), chance.randrange(10, 60), chance.randrange(10, 60), None):
        child, told = talking_child(store, one)
        with told:
            for done, _ in enumerate(told, start=1):
                if done == steps:
                    os.kill(child, signal.SIGKILL)
        kills += os.waitpid(child, 0)[1] == signal.SIGKILL
    assert kills == 3
    same(store.open("last"), fit(one, Store(tmp_path / "twin")))


def talking_child(store: Store, one: Recipe) -> tuple[int, TextIO]:
    """A process that trains and writes a line for each step."""
    reads, writes = os.pipe()
    child = os.fork()
    if child:
        os.close(writes)
        return child, os.fdopen(reads)
    try:

        def listen(told: object) -> None:
            if isinstance(told, Stepped):
                os.write(writes, b"step\n")

        if store.runs():
            resume(store, "last", listen)
        else:
            fit(one, store, listen, checkpoint_every=0)
        os._exit(0)
    finally:
        os._exit(1)
