"""A first look at a table: which columns speak of the target, which say the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.figures.canvas import number
from whynet.figures.features import correlation, distribution
from whynet.figures.look.classes import by_name
from whynet.figures.relation import relation
from whynet.task import Task
from whynet.text import Text

CROWD = 3000  # dots that a scatter plot can carry
WIDEST = 40  # columns that a correlation figure can carry


def table_looks(frame: pd.DataFrame, y: np.ndarray, task: Task) -> Iterator[tuple[Text, Figure]]:
    """Features by class (or the target), the most telling features, the most related pair, all correlations."""
    frame = frame.select_dtypes("number")
    if frame.shape[1] == 0:
        return
    if task.kind == "classify":
        yield from _by_class(frame, by_name(y, task))
    else:
        yield from _by_target(frame, np.asarray(y, float).reshape(len(y), -1)[:, 0], task)
    strongest = strongest_pair(frame)
    if strongest is not None:
        a, b, r = strongest
        title = Text(
            "{a} and {b} are the most related pair: r = {r:.2f}", "{a:과} {b:이} 가장 관련이 깊다: r = {r:.2f}"
        ).fill(a=a, b=b, r=r)  # fmt: skip
        yield title, relation(frame.iloc[:CROWD], a, b, title=title, trend=True)
        shown = frame.iloc[:, :WIDEST]
        table = shown.corr().to_numpy()
        close = int((np.abs(table[np.triu_indices(len(table), 1)]) > 0.8).sum())
        title = Text(
            "Pairs of features that say nearly the same (|r| above 0.8): {n} of {all}",
            "거의 같은 것을 말하는 특징 쌍(|r|이 0.8보다 큼): {all}개 중 {n}개",
        ).fill(n=close, all=len(table) * (len(table) - 1) // 2)
        yield title, correlation(shown, title=title)


def _by_class(frame: pd.DataFrame, classes: pd.Series) -> Iterator[tuple[Text, Figure]]:
    shares = pd.Series({name: between(frame[name].to_numpy(dtype=float), classes.cat.codes.to_numpy()) for name in frame})
    ranked = shares.sort_values(ascending=False, kind="stable")
    title = Text(
        "{name} separates the classes most: {share:.0%} of its variance lies between them",
        "{name:이} 클래스를 가장 잘 가른다: 분산의 {share:.0%}가 클래스 사이에 있다",
    ).fill(name=ranked.index[0], share=ranked.iloc[0])
    yield title, distribution(frame[list(ranked.index)], classes, title=title)
    if len(ranked) > 1:
        a, b = ranked.index[:2]
        title = Text(
            "The two features that separate the classes most: {a} and {b}", "클래스를 가장 잘 가르는 두 특징: {a:과} {b}"
        ).fill(a=a, b=b)
        yield title, relation(frame.iloc[:CROWD], a, b, by=classes.iloc[:CROWD], title=title)


def _by_target(frame: pd.DataFrame, target: np.ndarray, task: Task) -> Iterator[tuple[Text, Figure]]:
    name = task.targets[0] if task.targets else str(Text("target", "목푯값(target)"))
    title = Text(
        "The target {name} has mean {mean} and standard deviation {std}",
        "목푯값(target) {name}의 평균은 {mean}, 표준편차는 {std}",
    ).fill(name=name, mean=number(float(np.nanmean(target))), std=number(float(np.nanstd(target))))
    yield title, distribution(pd.DataFrame({name: target}), title=title)
    r = frame.corrwith(pd.Series(target, index=frame.index)).fillna(0.0)
    ranked = r.reindex(r.abs().sort_values(ascending=False, kind="stable").index)
    best = str(ranked.index[0])
    title = Text("{best} goes with the target most: r = {r:.2f}", "{best:이} 목푯값과 가장 관련이 깊다: r = {r:.2f}").fill(
        best=best, r=ranked.iloc[0]
    )
    both = pd.DataFrame({best: frame[best].to_numpy(), "target": target}).iloc[:CROWD]
    yield title, relation(both, best, "target", title=title, trend=True, y_name=name)
    title = Text("{n} features, the most telling first", "특징 {n}개, 목푯값과 관련이 깊은 것부터").fill(n=len(ranked))
    yield title, distribution(frame[list(ranked.index)], title=title)


def between(values: np.ndarray, labels: np.ndarray) -> float:
    """η² = Σₖ nₖ (x̄ₖ − x̄)² / Σ (x − x̄)²: the share of a feature's variance that lies between the classes, 0 to 1."""
    good = np.isfinite(values)
    values, labels = values[good], labels[good]
    total = float(((values - values.mean()) ** 2).sum()) if len(values) else 0.0
    if total == 0:
        return 0.0
    groups = [values[labels == k] for k in np.unique(labels)]
    return float(sum(len(group) * (group.mean() - values.mean()) ** 2 for group in groups) / total)


def strongest_pair(frame: pd.DataFrame) -> tuple[str, str, float] | None:
    """The two columns with the largest absolute correlation, and that correlation; None where no two columns vary."""
    table = frame.corr().to_numpy().copy()
    upper = np.triu(np.nan_to_num(table), 1)
    row, column = np.unravel_index(np.abs(upper).argmax(), upper.shape)
    if upper[row, column] == 0:
        return None
    return str(frame.columns[row]), str(frame.columns[column]), float(upper[row, column])
