"""A stretch of a history as columns of bytes, and back, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import numpy as np

from whynet.engine.history import Evaluation, History, Reading, SplitName
from whynet.errors import StoreError
from whynet.text import Text

SPLITS: tuple[SplitName, ...] = get_args(SplitName)
LOSS = np.dtype("<f8")
EVALUATION = np.dtype([("step", "<i8"), ("epoch", "<f8"), ("split", "u1"), ("loss", "<f8"), ("metric", "<f8")])
READING = np.dtype(
    [("step", "<i8"), ("series", "<u4"), ("value", "<f8")]
)  # series: a probe at a layer, see the column `series`

Extent = tuple[int, int, int]  # how many losses, evaluations and readings


def extent(history: History) -> Extent:
    """How far a history goes."""
    return len(history.loss), len(history.evaluations), len(history.readings)


def pack(history: History, after: Extent) -> dict[str, Any]:
    """What a history holds beyond an extent, as a row of the table `history`."""
    losses, evaluations, readings = history.loss[after[0] :], history.evaluations[after[1] :], history.readings[after[2] :]
    series = {key: i for i, key in enumerate(dict.fromkeys((r.probe, r.layer) for r in readings))}
    columns = [(e.step, e.epoch, SPLITS.index(e.split), e.loss, e.metric) for e in evaluations]
    return {
        "start": after[0],
        "stop": len(history.loss),
        "losses": np.array(losses, LOSS).tobytes(),
        "evaluations": np.array(columns, EVALUATION).tobytes(),
        "series": json.dumps(list(series), ensure_ascii=False),
        "readings": np.array([(r.step, series[r.probe, r.layer], r.value) for r in readings], READING).tobytes(),
    }


def unpack(rows: Iterable[Mapping[str, Any]]) -> History:
    """The history of which these rows, in order of their steps, are the chunks. Raises `StoreError` where one is missing."""
    history = History()
    for row in rows:
        if row["start"] != history.steps:
            raise StoreError(_HOLE, before=history.steps, after=row["start"])
        history.loss += np.frombuffer(row["losses"], LOSS).tolist()
        history.evaluations += [
            Evaluation(step, epoch, SPLITS[split], loss, metric)
            for step, epoch, split, loss, metric in np.frombuffer(row["evaluations"], EVALUATION).tolist()
        ]
        series = json.loads(row["series"])
        for step, key, value in np.frombuffer(row["readings"], READING).tolist():
            probe, layer = series[key]
            history.readings.append(Reading(step, probe, layer, value))
    return history


_HOLE = Text(
    "The stored history is damaged: after step {before} it goes on at step {after}.",
    "저장된 기록이 손상되었다. {before}번째 스텝 다음이 {after}번째 스텝이다.",
)
