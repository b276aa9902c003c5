"""A stretch of a history as columns of bytes, and back, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import numpy as np

from whynet.engine.history import Evaluation, History, SplitName
from whynet.engine.readings import Block
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
    losses, evaluations = history.loss[after[0] :], history.evaluations[after[1] :]
    read = history.readings.after(after[2]).columns()
    readings = np.empty(len(read), READING)
    readings["step"], readings["series"], readings["value"] = read.step, read.which, read.value
    columns = [(e.step, e.epoch, SPLITS.index(e.split), e.loss, e.metric) for e in evaluations]
    return {
        "start": after[0],
        "stop": len(history.loss),
        "losses": np.array(losses, LOSS).tobytes(),
        "evaluations": np.array(columns, EVALUATION).tobytes(),
        "series": json.dumps(list(read.series), ensure_ascii=False),
        "readings": readings.tobytes(),
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
        series = tuple((probe, layer) for probe, layer in json.loads(row["series"]))
        read = np.frombuffer(row["readings"], READING)
        if len(read):
            history.readings.blocks.append(Block(series, *(read[name].copy() for name in ("step", "series", "value"))))
    return history


_HOLE = Text(
    "The stored history is damaged: after step {before} it goes on at step {after}.",
    "저장된 기록이 손상되었다. {before}번째 스텝 다음이 {after}번째 스텝이다.",
)
