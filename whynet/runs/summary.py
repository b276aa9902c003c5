"""What a listing says of a run or a kept result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from whynet.runs import schema
from whynet.runs.owner import is_alive
from whynet.text import Text

Status = Literal["running", "finished", "stopped early", "diverged", "interrupted"]
STATUS_WORDS: Mapping[Status, Text] = {
    "running": Text("running", "학습 중"),
    "finished": Text("finished", "완료"),
    "stopped early": Text("stopped early", "조기 종료(early stopping)"),
    "diverged": Text("diverged", "발산"),
    "interrupted": Text("interrupted", "중단됨"),
}
ResultKind = Literal["comparison", "diagnosis", "answer"]
Kind = Literal["run", ResultKind]
KIND_WORDS: Mapping[Kind, Text] = {
    "run": Text("run", "런(run)"),
    "comparison": Text("comparison", "비교"),
    "diagnosis": Text("diagnosis", "진단"),
    "answer": Text("answer", "답"),
}

_c = schema.runs.c
COLUMNS = (
    _c.id, _c.kind, _c.name, _c.label, _c.created, _c.status, _c.metric, _c.score, _c.step, _c.total_steps,
    _c.owner, _c.heartbeat,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of a listing."""

    id: str
    kind: Kind
    name: str
    label: str
    created: datetime  # local time
    status: Status
    metric: str | None  # the name of the number it is judged by: accuracy, r2
    score: float | None  # that number on the test split; None while there is none
    step: int  # steps stored so far
    total_steps: int


def summary(row: Mapping[str, Any]) -> RunSummary:
    """The summary of a row of the table of runs."""
    return RunSummary(
        row["id"], row["kind"], row["name"], row["label"], datetime.fromtimestamp(row["created"]).astimezone(), status(row),
        row["metric"], row["score"], row["step"], row["total_steps"],
    )  # fmt: skip


def status(row: Mapping[str, Any]) -> Status:
    """How a run stands: one that was never finished and whose process is gone was interrupted."""
    stored: Status = row["status"]
    return "interrupted" if stored == "running" and not is_alive(row["owner"], row["heartbeat"]) else stored
