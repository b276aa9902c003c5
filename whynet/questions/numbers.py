"""The numbers that claims are made of, out of a comparison: against chance, against another level, against a healthy network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from whynet.engine import metrics
from whynet.engine.fit import Fitted
from whynet.experiment.compare import BOUNDS, Comparison
from whynet.experiment.statistics import interval, paired, settle
from whynet.questions.claim import ENOUGH, Measured, Style, exactly
from whynet.text import Text


def scores(comparison: Comparison, level: str) -> np.ndarray:
    """The metric of one level, a value for each seed; a diverged run counts as the worst seen, or as chance."""
    return settle(comparison.values, comparison.chance)[level]


def score(comparison: Comparison, level: str) -> Measured:
    """The metric of one level."""
    share: Style = "percent" if comparison.metric == "accuracy" else "number"
    return Measured(
        interval(scores(comparison, level), bounds=BOUNDS.get(comparison.metric)), METRICS[comparison.metric], share
    )


def score_on(one: Fitted, x: Tensor, module: nn.Module | None = None) -> float:
    """The metric of a trained network on other inputs (N, *inputs) for the targets of its test set; an r² below -1 counts as -1.

    module: what answers in place of the network as it is in use.
    """
    with torch.no_grad():
        outputs = (module or one.module)(x)
    return max(-1.0, metrics.score(outputs, one.dataset.test.y, one.loss, one.dataset.task)[1])


def chance_of(comparison: Comparison) -> Measured:
    """The metric of ignoring the input."""
    return exactly(comparison.chance, CHANCE, score(comparison, comparison.baseline).style)


def above_chance(comparison: Comparison, level: str) -> Measured:
    """metric - chance, seed by seed."""
    chance = [one.dataset.task.chance for one in comparison.arms[level]]
    return Measured(
        interval(scores(comparison, level) - chance), ABOVE_CHANCE.fill(metric=METRICS[comparison.metric]), gap(comparison)
    )


def difference(comparison: Comparison, level: str, other: str) -> Measured:
    """metric of one level - metric of another, paired by seed."""
    pair = paired(scores(comparison, level), scores(comparison, other))
    return Measured(pair.difference, DIFFERENCE.fill(metric=METRICS[comparison.metric]), gap(comparison))


def recovered(comparison: Comparison, level: str, healthy: Sequence[float] | np.ndarray) -> Measured:
    """(metric - chance) / (healthy - chance), seed by seed: 0 is chance, 1 the network that learns.

    ``healthy``: the metric of a network that learns this data, on the same seeds. Unknown where it does not beat chance.
    """
    chance = np.array([one.dataset.task.chance for one in comparison.arms[level]])
    way = np.asarray(healthy, dtype=float) - chance
    values = (scores(comparison, level) - chance) / np.where(way > 0, way, np.nan)
    return Measured(interval(values), RECOVERED, "percent")


def mean_of(values: Sequence[float] | np.ndarray, what: Text, style: Style = "number") -> Measured:
    """The mean of one value for each seed."""
    return Measured(interval(values), what, style)


def leaders(values: Mapping[str, np.ndarray], higher_is_better: bool = True) -> list[str]:
    """The level with the best mean, and those that cannot be told from it: few seeds, or an interval that holds zero."""
    arms = settle(values, higher_is_better=higher_is_better)
    best = sorted(arms, key=lambda name: float(np.mean(arms[name])), reverse=higher_is_better)[0]
    gaps = {name: paired(arms[name], arms[best]).difference for name in arms}
    equal = [name for name, gap in gaps.items() if gap.n < ENOUGH or not gap.known or 0 in gap]
    return sorted(equal, key=lambda name: name != best)


def gap(comparison: Comparison) -> Style:
    """How a difference of this metric is written."""
    return "points" if comparison.metric == "accuracy" else "number"


METRICS = {
    "accuracy": Text("test accuracy", "테스트 정확도(accuracy)"),
    "r2": Text("r² on the test set", "테스트 세트의 결정계수(r²)"),
}
CHANCE = Text("chance", "우연 수준(chance)")
ABOVE_CHANCE = Text("{metric}, above chance", "{metric}, 우연 수준(chance)과의 차이")
DIFFERENCE = Text("difference in {metric}, paired by seed", "{metric}의 차이, 같은 시드끼리")
RECOVERED = Text("of the way from chance to the shallow network", "우연 수준에서 얕은 신경망까지 온 정도")
