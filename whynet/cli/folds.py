"""K-fold cross-validation: every example is validated on once, by a network that has not seen it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from whynet.cli.keeping import train
from whynet.cli.outcome import METRICS, announce
from whynet.cli.progress import Watcher
from whynet.cli.screen import Cell, as_json, metric_text, number, say, seconds, table
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.recipe import Recipe


def cross_validate(recipe: Recipe, folds: int, store: str | None, json: bool) -> int:
    """Train a network for each fold and print its validation score, their mean and interval. 1 where one diverged."""
    from whynet.engine.arm import prepare
    from whynet.experiment.compare import BOUNDS
    from whynet.experiment.statistics import interval

    arms = [prepare(recipe.change(**{"data.folds": folds, "data.fold": i}), f"fold {i + 1}/{folds}") for i in range(folds)]
    task = arms[0].dataset.task
    if not json:
        announce(arms[0])
    rows: list[list[Cell]] = []
    values: list[float] = []
    started, diverged = time.monotonic(), False
    with Watcher(task.metric) as watcher:
        for i, arm in enumerate(arms):
            watcher.label = _FOLD.fill(i=i + 1, n=folds)
            fitted = train(arm, watcher, store).fitted
            gone = fitted.outcome.status == "diverged"
            values.append(float("nan") if gone else fitted.score("validation"))
            loss = fitted.history.final("validation", "loss")
            rows.append([f"{i + 1}", len(arm.dataset.validation), number(loss), metric_text(values[-1], task.metric)])
            diverged = diverged or gone
    mean = interval(values, bounds=BOUNDS.get(task.metric))
    took = time.monotonic() - started
    if json:
        found = {"folds": values, "mean": mean.mean, "interval": [mean.low, mean.high]}
        as_json({"recipe": recipe.written(), "metric": task.metric, "chance": task.chance, "seconds": took, **found})
        return 1 if diverged else 0
    columns: list[Cell] = [_NAME, _EXAMPLES, _LOSS, METRICS[task.metric]]
    table(columns, rows, right=(1, 2, 3))
    say()
    if diverged:
        say(_DIVERGED, style="bold red")
    else:
        words = {name: metric_text(getattr(mean, name), task.metric) for name in ("mean", "low", "high")}
        say(_MEAN.fill(n=folds, chance=metric_text(task.chance, task.metric), **words), style="bold")
    say(_TOOK.fill(n=folds, time=seconds(took)))
    return 1 if diverged else 0


_FOLD = Text("fold {i}/{n}", "폴드(fold) {i}/{n}")
_NAME = Text("fold", "폴드(fold)")
_EXAMPLES = Text("validated on", "검증 예제 수")
_LOSS = Text("loss", "손실(loss)")
_MEAN = Text(
    "Mean over {n} folds: {mean}, 95 % interval {low} to {high}. Chance: {chance}.",
    "폴드 {n}개의 평균: {mean}, 95 % 신뢰 구간 {low} ~ {high}. 우연 수준: {chance}.",
)
_DIVERGED = Text("A fold diverged, so that there is no mean.", "발산한 폴드가 있어 평균을 낼 수 없다.")
_TOOK = Text("{n} networks in {time}.", "네트워크 {n}개, {time}.")
