"""Several processes write to one store at once."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from whynet.runs.store import Store

if "fork" not in multiprocessing.get_all_start_methods():
    pytest.skip("needs processes that start fast", allow_module_level=True)

WRITERS, EACH = 4, 12


def write(folder: Path, writer: int, start: Barrier) -> None:
    """Keep results, and look at them in between."""
    store = Store(folder)
    start.wait()
    for i in range(EACH):
        store.keep("answer", f"{writer}-{i}", {"i": i}, {"report.html": b"x" * 1000})
        assert store.runs(limit=1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python 3.12 warns of any fork beside a thread
def test_nothing_is_lost_when_many_write_a_store_that_is_not_there_yet(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Barrier(WRITERS)
    processes = [context.Process(target=write, args=(tmp_path / "runs", writer, start)) for writer in range(WRITERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * WRITERS
    store = Store(tmp_path / "runs")
    assert {one.name for one in store.runs()} == {f"{w}-{i}" for w in range(WRITERS) for i in range(EACH)}
    assert all((store.folder / one.id / "report.html").stat().st_size == 1000 for one in store.runs())
