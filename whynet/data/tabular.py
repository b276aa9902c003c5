"""A table from a file as raw examples: which column is predicted, how, and from which others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from whynet.data.columns import Column, read_column, to_numbers, useless, where
from whynet.data.encoding import Columns
from whynet.data.reading import read_cells
from whynet.data.source import Source
from whynet.errors import DataError, OptionError, nearest
from whynet.task import TaskKind
from whynet.text import Text

LABELS = 20  # up to so many different whole numbers are taken for classes


def table_source(
    path: str | Path,
    target: str,
    task: TaskKind | None = None,
    drop: Sequence[str] = (),
    separator: str | None = None,
    header: bool = True,
) -> Source:
    """Read, drop what says nothing, and note all that was done. Raises `DataError` or `OptionError`."""
    cells, notes = read_cells(path, separator, header)
    for name in (target, *drop):
        if name not in cells.columns:
            columns = ", ".join(cells.columns)
            raise OptionError(_NO_COLUMN, path=path, name=name, near=nearest(name, cells.columns), columns=columns)
    if target in drop:
        raise OptionError(_TARGET_DROPPED, name=target)
    unanswered = cells[target].isna()
    if unanswered.any():
        notes.append(_NO_TARGET.fill(n=int(unanswered.sum()), total=len(cells), name=target))
        cells = cells[~unanswered]
    if cells.empty:
        raise DataError(_NEVER, name=target)

    y, classes = _targets(target, cells[target], task, notes)
    cells = cells.reset_index(drop=True)
    read: list[Column] = []
    for name in cells.columns.drop([target]):
        column, remarks = read_column(name, cells[name])
        read.append(column)
        notes += [] if name in drop else remarks
    kept = []
    for column in read:
        alone = len(read) - len(drop) == 1
        reason = _ASKED if column.name in drop else useless(column, alone)
        if reason is None:
            kept.append(column)
        else:
            notes.append(_DROPPED.fill(name=column.name, reason=reason))
    if not kept:
        raise DataError(_NO_FEATURES, path=path, target=target)
    frame = pd.DataFrame({column.name: column.values for column in read})
    frame[target] = [classes[label] for label in y.tolist()] if classes else y[:, 0].numpy()
    return Source(Columns(tuple(kept)), y, classes, targets=(target,), name=_stem(path), notes=tuple(notes), frame=frame)


def _targets(name: str, cells: pd.Series, task: TaskKind | None, notes: list[Text]) -> tuple[torch.Tensor, tuple[str, ...]]:
    """Labels (N,) with their class names, or values (N, 1) without."""
    numbers = to_numbers(cells)
    odd = cells[numbers.isna()]
    distinct = cells.nunique()
    numeric = len(odd) < len(cells) / 4
    if task is None:
        whole = not len(odd) and bool((numbers % 1 == 0).all())
        task = "classify" if not numeric or (whole and distinct <= LABELS and 2 * distinct <= len(cells)) else "regress"
        notes.append(_GUESSED[task].fill(name=name, n=distinct))
    if task == "regress":
        if len(odd):
            raise DataError(_ODD_TARGET, name=name, **where(odd))
        with np.errstate(over="ignore"):  # a number too large becomes infinite, which is refused later with its place
            return torch.from_numpy(numbers.to_numpy(np.float32, copy=True)).unsqueeze(1), ()
    if distinct > 2 and distinct > len(cells) / 2:
        raise DataError(_TOO_MANY_CLASSES, name=name, n=distinct, total=len(cells))
    order = sorted(cells.unique(), key=lambda value: (to_numbers(pd.Series([value]))[0], value))
    labels = cells.map({value: label for label, value in enumerate(order)})
    return torch.from_numpy(labels.to_numpy(np.int64, copy=True)), tuple(order)


def _stem(path: str | Path) -> str:
    return Path(path).name.partition(".")[0]


_NO_COLUMN = Text(
    "{path} has no column {name!r}. {near} Columns: {columns}",
    "{path}에는 {name!r} 열이 없다. {near} 열: {columns}",
)
_TARGET_DROPPED = Text(
    "{name} is both the target and in drop=. Take it out of one.",
    "{name:이} 예측할 열이면서 drop=에도 있다. 한쪽에서 뺀다.",
)
_NO_TARGET = Text(
    "{n} of {total} rows have no {name} and were left out.",
    "{total}행 가운데 {n}행은 {name} 값이 없어 뺐다.",
)
_NEVER = Text("The column {name} has no value in any row.", "{name} 열에는 값이 하나도 없다.")
_GUESSED: dict[str, Text] = {
    "classify": Text(
        '{name} has {n} different values and was taken for classes; say task="regress" to predict it as a number.',
        '{name}에는 서로 다른 값이 {n}가지라서 클래스로 보았다. 수로 예측하려면 task="regress"를 쓴다.',
    ),
    "regress": Text(
        '{name} has {n} different numbers and is predicted as a number; say task="classify" for classes.',
        '{name}에는 서로 다른 수가 {n}가지라서 수로 예측한다. 클래스로 보려면 task="classify"를 쓴다.',
    ),
}
_ODD_TARGET = Text(
    "The target {name} should hold numbers, but {count} cell(s) hold text: {cells} (row in brackets, the first is 1). "
    'Mend them, or say task="classify".',
    "목표 {name}에는 수가 있어야 하는데 글자가 든 칸이 {count}개 있다: {cells} (괄호 안은 행 번호, 첫 행이 1). "
    '고치거나 task="classify"를 쓴다.',
)
_TOO_MANY_CLASSES = Text(
    "{name} has {n} different values in {total} rows, too many to be classes. "
    'Choose another target, or task="regress" where they are numbers.',
    '{name}에는 {total}행에 서로 다른 값이 {n}가지라 클래스로 볼 수 없다. 다른 목표를 고르거나, 수라면 task="regress"를 쓴다.',
)
_ASKED = Text("asked for by drop=", "drop=으로 요청함")
_DROPPED = Text("Column {name} was left out: {reason}.", "{name} 열은 뺐다: {reason}.")
_NO_FEATURES = Text(
    "{path} has no column left from which {target} could be predicted.",
    "{path}에는 {target:을} 예측하는 데 쓸 열이 남지 않았다.",
)
