"""How long it takes to list ten thousand runs and to open one: ``python benchmarks/store.py``."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from whynet.recipe import recipe
from whynet.runs import schema
from whynet.runs.environment import environment
from whynet.runs.fit import fit
from whynet.runs.store import Store

RUNS = 10_000


def best_of(times: int, act: Callable[[], object]) -> float:
    """Seconds, the least of several."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "runs")
        run = fit(recipe("digits", "mlp(widths=[64] * 10)", epochs=200), store)
        copies = [{**run.row, "id": f"20250101-{i:06d}-{i:04x}", "created": i} for i in range(RUNS - 1)]
        with store.database.write() as connection:
            connection.execute(schema.runs.insert(), copies)
        result = {
            "list": best_of(5, lambda: Store(store.folder).runs()),
            "list the newest 20": best_of(5, lambda: Store(store.folder).runs(limit=20)),
            "open": best_of(5, lambda: Store(store.folder).open("last")),
            "open and read its history": best_of(5, lambda: Store(store.folder).open("last").history),
            "open and rebuild its network": best_of(5, lambda: Store(store.folder).open("last").module),
        }
        machine = environment()
        print(f"{RUNS} runs; {run.history.steps} steps and {len(run.history.readings)} readings in the one opened")
        print(f"{machine.cpu}, {machine.platform}, Python {machine.python}, torch {machine.torch}, {machine.threads} thread")
        print(json.dumps({name: f"{seconds * 1000:.1f} ms" for name, seconds in result.items()}, indent=1))


if __name__ == "__main__":
    main()
