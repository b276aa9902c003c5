"""The doctor on one program, in a process of its own: ``python -m benchmarks.faults.doctor ID``; JSON on the last line of output."""

from __future__ import annotations

import argparse
import json
import math
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn, optim

import whynet
from benchmarks.faults.case import Case, load
from benchmarks.faults.data import use_real_data
from whynet.doctor.diagnose import diagnose

NEEDS_WATCH = "needs whynet.watch"


@dataclass(frozen=True)
class Said:
    """What came out for one program, as plain data.

    ``named``: the causes that the diagnosis asserts. ``before`` and ``after``: the task's metric (accuracy, R²) without and with the fix
    that it proposes. ``why_not``: why there is no diagnosis, where there is none.
    """

    id: str
    state: str | None = None
    named: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()
    before: float | None = None
    after: float | None = None
    fix: tuple[str, ...] = ()
    seconds: float | None = None
    why_not: str | None = None


def examined(case: Case, seeds: int, budget: float) -> Said:
    """Ask the doctor about the program."""
    started = time.monotonic()
    if case.train is not None:
        return watched(case)
    diagnosis = diagnose(case.make(), seeds, budget)
    return read(case.id, diagnosis.to_dict(), diagnosis.examination.metric, time.monotonic() - started)


def watched(case: Case) -> Said:
    """Run the program's own loop under `whynet.watch`."""
    watch: Any = getattr(whynet, "watch", None)
    if watch is None:
        return Said(case.id, why_not=NEEDS_WATCH)
    started, watchers = time.monotonic(), []

    def kept(model: nn.Module, optimizer: optim.Optimizer, /) -> AbstractContextManager[Any]:
        watchers.append(watch(model, optimizer))
        return watchers[0]

    assert case.train is not None
    case.train(kept)
    return read(case.id, watchers[0].diagnosis.to_dict(), None, time.monotonic() - started)


def read(name: str, diagnosis: dict[str, Any], metric: float | None, seconds: float) -> Said:
    """What is wanted of `Diagnosis.to_dict()`: the one place that knows its keys."""
    fix = tuple(diagnosis.get("fix") or ())
    proposed = [one["metric"] for one in diagnosis.get("remedies", ()) if fix and tuple(one["diff"]) == fix]
    return Said(
        name,
        diagnosis.get("state"),
        tuple(diagnosis["confirmed"]),
        tuple(diagnosis.get("equivalent", ())),
        _finite(metric),
        _finite(proposed[0]) if proposed else None,
        fix,
        seconds,
    )


def _finite(value: float | None) -> float | None:
    """JSON has no NaN."""
    return value if value is not None and math.isfinite(value) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=float, default=60.0)
    wanted = parser.parse_args()
    use_real_data()
    print(json.dumps(asdict(examined(load(wanted.case), wanted.seeds, wanted.budget))))


if __name__ == "__main__":
    main()
