"""Columns as numbers: gaps filled, categories as 0/1 columns, dates as their parts; all of it learnt from the training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from whynet.data.columns import Column
from whynet.data.source import Encoded, Table
from whynet.text import Text

Parts = list[tuple[str, np.ndarray, bool]]  # name, (N,) float64, whether it may be scaled


@dataclass(frozen=True, eq=False)
class Columns(Table):
    """The columns of a CSV file.

    Which 0/1 columns there are does not depend on the split, so that a model keeps its shape from seed to seed; a category
    that the training rows do not hold is unknown, and a row that has it gets zeros only.
    """

    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0].values)

    def encode(self, train: Tensor) -> Encoded:
        """All rows as numbers (N, D), fitted on the rows ``train`` (n,)."""
        rows = train.numpy()
        parts: Parts = []
        seen = _Seen([], [], [])
        for column in self.columns:
            if column.kind == "category":
                parts += _one_hot(column, rows, seen)
            elif column.kind == "date":
                parts += _date_parts(column, rows, seen)
            else:
                parts += _filled(column.name, column.values.to_numpy(float), rows, seen, scalable=column.kind == "number")
        notes = list(seen.dates)
        if seen.gaps:
            notes.append(_GAPS.fill(columns=", ".join(seen.gaps)))
        split = [column.name for column in self.columns if column.kind == "category"]
        if split:
            notes.append(_CATEGORIES.fill(names=", ".join(split)))
        if seen.unknown:
            notes.append(_UNKNOWN.fill(columns=", ".join(seen.unknown)))
        x = np.stack([values for _, values, _ in parts], axis=1)  # (N, D)
        scalable = torch.tensor([scalable for _, _, scalable in parts])
        return Encoded(torch.from_numpy(x), tuple(name for name, _, _ in parts), scalable, tuple(notes))


@dataclass(frozen=True)
class _Seen:
    """What was met on the way, for the notes."""

    dates: list[Text]
    gaps: list[str]
    unknown: list[str]


def _filled(name: str, values: np.ndarray, rows: np.ndarray, seen: _Seen, scalable: bool = True) -> Parts:
    """Gaps get the training median, and a 0/1 column that tells where they were."""
    missing = np.isnan(values)
    if not missing.any():
        return [(name, values, scalable)]
    known = values[rows][~missing[rows]]
    median = float(np.median(known)) if len(known) else 0.0
    seen.gaps.append(f"{name} {int(missing.sum())} ({median:g})")
    return [(name, np.where(missing, median, values), scalable), (f"{name} missing", missing.astype(float), False)]


def _one_hot(column: Column, rows: np.ndarray, seen: _Seen) -> Parts:
    """One 0/1 column a category, "missing" being one of them where there are gaps."""
    values = column.values.astype(object).where(column.values.notna(), None).to_numpy(object)
    known = set(values[rows])
    unknown = [value for value in values if value not in known]
    if unknown:
        names = sorted({"missing" if value is None else value for value in unknown})
        seen.unknown.append(f"{column.name} {len(unknown)} ({' / '.join(names[:3])}{' / …' if len(names) > 3 else ''})")
    parts: Parts = []
    for category in sorted({value for value in values if value is not None}):
        parts.append((f"{column.name}={category}", (values == category).astype(float) * (category in known), False))
    gaps = np.array([value is None for value in values])
    if gaps.any():
        parts.append((f"{column.name} missing", gaps.astype(float) * (None in known), False))
    return parts


def _date_parts(column: Column, rows: np.ndarray, seen: _Seen) -> Parts:
    """Year, month, weekday and hour, as far as they vary."""
    when = pd.DatetimeIndex(column.values)
    parts: Parts = []
    for name, values in (("year", when.year), ("month", when.month), ("weekday", when.day_of_week), ("hour", when.hour)):
        if values.nunique() > 1:
            parts += _filled(f"{column.name} {name}", np.asarray(values, float), rows, seen)
    seen.dates.append(_DATE.fill(name=column.name, parts=", ".join(name for name, _, _ in parts)))
    return parts


_GAPS = Text(
    "Missing values got the median of the training rows, and a 0/1 column says where they were. "
    "Column, number of gaps (median): {columns}.",
    "빈칸은 훈련 행의 중앙값으로 채우고 어디가 비었는지 0/1 열로 남겼다. 열 이름, 빈칸 수(중앙값): {columns}.",
)
_CATEGORIES = Text(
    "Categories became 0/1 columns, one each (one-hot): {names}.",
    "범주는 저마다 0/1 열 하나로 바꾸었다(원-핫, one-hot): {names}.",
)
_UNKNOWN = Text(
    "Rows outside the training set with a category unknown to it get zeros only. Column, rows (categories): {columns}.",
    "훈련 세트에 없는 범주를 가진 행은 그 열을 모두 0으로 둔다. 열 이름, 행 수(범주): {columns}.",
)
_DATE = Text("{name} is a date and became: {parts}.", "{name:은} 날짜라서 다음 열로 바꾸었다: {parts}.")
