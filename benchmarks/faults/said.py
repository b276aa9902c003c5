"""What the doctor said of a program, as plain data: read here, where nothing of the doctor is imported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Said:
    """What came out for one program, as plain data.

    ``named``: the causes that the diagnosis asserts. ``before`` and ``after``: the task's metric (accuracy, R²) without and with the fix
    that it proposes; of a loop, whose fix is lines of code that nobody tries, neither.
    ``restored``: whether with the fix the metric is where a healthy network's is. ``why_not``: why there is no diagnosis.
    """

    id: str
    loop: bool = False
    state: str | None = None
    named: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()
    before: float | None = None
    after: float | None = None
    fix: tuple[str, ...] = ()
    restored: bool = False
    seconds: float | None = None
    why_not: str | None = None


def read(name: str, diagnosis: dict[str, Any], seconds: float, metric: float | None = None) -> Said:
    """What is wanted of `Diagnosis.to_dict()` and `LoopDiagnosis.to_dict()`: the one place that knows their keys."""
    fix = tuple(diagnosis.get("fix") or ())
    return Said(
        name,
        "state" not in diagnosis,
        diagnosis.get("state") or ("proved" if diagnosis["confirmed"] else "suspected" if diagnosis["suspected"] else "clean"),
        tuple(diagnosis["confirmed"]),
        tuple(diagnosis.get("equivalent", ())),
        _finite(metric),
        _finite(diagnosis.get("after")),
        fix,
        bool(diagnosis.get("restored")),
        seconds,
    )


def _finite(value: float | None) -> float | None:
    """JSON has no NaN."""
    return value if value is not None and math.isfinite(value) else None
