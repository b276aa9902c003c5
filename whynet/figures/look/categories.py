"""A first look at the columns of a table that hold words: how the target differs between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.data.dataset import Dataset
from whynet.figures.charts import bars
from whynet.figures.look.classes import by_name
from whynet.figures.look.table import between
from whynet.text import Text

MOST = 12  # different words that a column may hold and still be drawn
ABSENT = Text("(empty)", "(빈칸)")


def category_looks(dataset: Dataset, y: np.ndarray) -> Iterator[tuple[Text, Figure]]:
    """Classes: their shares in each word of the most telling column, their counts in the next. A number: its mean by one or two columns.

    ``y``: labels (n,), or the predicted values, of the training examples.
    """
    table = categories_of(dataset)
    if table.shape[1] == 0:
        return
    if dataset.task.kind == "classify":
        yield from _by_class(table, by_name(y.reshape(len(y), -1)[:, 0], dataset.task))
    else:
        name = dataset.task.targets[0] if dataset.task.targets else str(TARGET)
        yield from _by_target(table, np.asarray(y, float).reshape(len(y), -1)[:, 0], name)


def categories_of(dataset: Dataset) -> pd.DataFrame:
    """The training examples' columns of 2 to 12 different words that became inputs; empty where there are none."""
    read, index = dataset.frame, dataset.train.index.cpu().numpy()
    if read is None or len(read) != len(dataset.train.pool_x):
        return pd.DataFrame(index=range(len(index)))
    used = {feature.partition("=")[0] for feature in dataset.task.features if "=" in feature}  # made from words: Sex=female
    chosen = [c for c in read.columns if str(c) in used and not pd.api.types.is_numeric_dtype(read[c])]
    table = read.iloc[index][chosen].reset_index(drop=True)
    table = table.astype(object).where(table.notna(), str(ABSENT)).astype(str)
    return table[[c for c in table.columns if 2 <= table[c].nunique() <= MOST]]


def numbers_of(dataset: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that were numbers before the network saw them; the 0/1 columns made from one column of words only restate it."""
    read = set() if dataset.frame is None else {str(c) for c in dataset.frame.columns}
    return frame[[c for c in frame.columns if "=" not in str(c) or str(c).partition("=")[0] not in read]]


def cramers_v(words: pd.Series, classes: pd.Series) -> float:
    """V = √(χ² / (n · (min(rows, columns) − 1))): how much two categories tell of each other, 0 to 1 (Cramér, 1946)."""
    counts = pd.crosstab(words, classes).to_numpy(dtype=float)
    n, smaller = counts.sum(), min(counts.shape) - 1
    if n == 0 or smaller < 1:
        return 0.0
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / n
    return float(np.sqrt(((counts - expected) ** 2 / expected).sum() / (n * smaller)))


def _by_class(table: pd.DataFrame, classes: pd.Series) -> Iterator[tuple[Text, Figure]]:
    told = pd.Series({c: cramers_v(table[c], classes) for c in table.columns}).sort_values(ascending=False, kind="stable")
    for place, (column, v) in enumerate(told.head(2).items()):
        counts = pd.crosstab(table[column], classes).rename(columns=str)
        names = list(counts.columns)
        counts = counts.reset_index()
        if place == 0:
            title = _TELLING.fill(name=column, v=v)
            yield title, bars.percentage(counts, str(column), names, title=title, y_name=_SHARE)
        else:
            title = _NEXT.fill(name=column, v=v)
            yield title, bars.stacked(counts, str(column), names, title=title, y_name=_COUNT)


def _by_target(table: pd.DataFrame, target: np.ndarray, name: str) -> Iterator[tuple[Text, Figure]]:
    share = {c: between(target, pd.factorize(table[c])[0]) for c in table.columns}
    best, *others = sorted(share, key=lambda c: -share[c])
    measured = table.assign(**{name: target})
    title = _BETWEEN.fill(name=best, share=share[best])
    if others:
        yield title, bars.grouped(measured, best, name, others[0], title=title)
    else:
        means = measured.groupby(best)[[name]].mean().reset_index()
        yield title, bars.simple(means, best, name, title=title, y_name=_MEAN.fill(name=name))


TARGET = Text("target", "목푯값(target)")
_TELLING = Text(
    "{name} tells the classes apart most, of the columns of words: Cramér's V = {v:.2f}",
    "글자 열 가운데 {name:이} 클래스를 가장 잘 가른다: 크라메르의 V = {v:.2f}",
)
_NEXT = Text(
    "{name} comes next: Cramér's V = {v:.2f}",
    "그다음은 {name}: 크라메르의 V = {v:.2f}",
)
_BETWEEN = Text(
    "{share:.0%} of the target's variance lies between the words of {name}",
    "목푯값(target) 분산의 {share:.0%}가 {name}의 값 사이에 있다",
)
_SHARE = Text("share of the training examples", "훈련 예제의 비율")
_COUNT = Text("training examples", "훈련 예제 수")
_MEAN = Text("mean of {name}", "{name}의 평균")
