"""What is measured in this chapter: training and test score, the gap between them, and what was said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.engine.history import SplitName
from whynet.experiment.compare import BOUNDS, Comparison
from whynet.experiment.statistics import interval, paired, settle
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Judged, Measured, Outcome
from whynet.questions.numbers import difference, gap, leaders, mean_of, score, scores
from whynet.text import Text, join, plain


def final(comparison: Comparison, level: str, split: SplitName, what: Literal["loss", "metric"] = "metric") -> np.ndarray:
    """The last reading of a split, a value for each seed; a diverged run counts as the worst seen of any level."""
    least = BOUNDS.get(comparison.metric, (None, None))[0] if what == "metric" else None
    values = {
        name: [
            np.nan
            if one.outcome.status == "diverged"
            else float(np.maximum(one.history.final(split, what), -np.inf if least is None else least))
            for one in arms
        ]
        for name, arms in comparison.arms.items()
    }
    return settle(values, higher_is_better=what == "metric")[level]


def gaps(comparison: Comparison, level: str) -> np.ndarray:
    """Training score − test score, a value for each seed."""
    return final(comparison, level, "train") - scores(comparison, level)


def gap_of(comparison: Comparison, level: str) -> Measured:
    """Training score − test score."""
    return Measured(interval(gaps(comparison, level)), GAP, gap(comparison))


def gap_change(comparison: Comparison, level: str, other: str) -> Measured:
    """The gap of one level − the gap of another, paired by seed."""
    return Measured(paired(gaps(comparison, level), gaps(comparison, other)).difference, GAP_CHANGE, gap(comparison))


def training_score(comparison: Comparison, level: str) -> Measured:
    """The score on the training examples, with the labels they were given."""
    return Measured(
        interval(final(comparison, level, "train"), bounds=BOUNDS.get(comparison.metric)),
        ON_TRAINING[comparison.metric],
        score(comparison, level).style,
    )


def early(comparison: Comparison, level: str, other: str, share: float = 0.1) -> Measured:
    """ln of the ratio of two levels' validation losses after a share of the training, same seeds."""

    def loss(name: str) -> np.ndarray:
        found = [one.history.curve("validation", "loss") for one in comparison.arms[name]]
        return np.array(
            [values[np.searchsorted(steps, steps[-1] * share)] if len(steps) else np.nan for steps, values in found]
        )

    return mean_of(np.log(loss(level) / loss(other)), LOG_RATIO)


def norms(comparison: Comparison, level: str) -> np.ndarray:
    """‖w‖ of all weights together at the end, a value for each seed."""
    return np.array([float(one.outcome.weights.double().norm()) for one in comparison.arms[level]])


def norm_ratio(comparison: Comparison, level: str, other: str) -> Measured:
    """‖w‖ of one level over that of another, same seeds."""
    return mean_of(norms(comparison, level) / norms(comparison, other), NORMS)


# --- what came out ---------------------------------------------------------------------------------------------------


def listed(comparison: Comparison, names: Mapping[str, Text]) -> Text:
    """``0: 78.8 %, 0.2: 81.4 %``: the test score of each level under its name."""
    return join([_PAIR.fill(name=name, value=score(comparison, level).alone) for level, name in names.items()], ", ")


def against(comparison: Comparison, names: Mapping[str, Text]) -> Text:
    """``Against none: 0.2: +3.9 points``: the paired difference in test score of each level to the baseline."""
    base = comparison.baseline
    parts = [
        _PAIR.fill(name=name, value=difference(comparison, level, base).alone) for level, name in names.items() if level != base
    ]
    return _AGAINST.fill(base=names[base], parts=join(parts, ", "))


def told(comparison: Comparison, names: Mapping[str, Text]) -> Text:
    """Training and test score of the baseline, and which levels are best on the test set."""
    base = comparison.baseline
    best = leaders({level: scores(comparison, level) for level in names})
    words = _TOLD.fill(
        base=names[base], train=training_score(comparison, base).alone, test=score(comparison, base).alone,
        best=join([_NAMED.fill(name=names[one], value=score(comparison, one).alone) for one in best], ", "),
    )  # fmt: skip
    return join([words, TIED]) if len(best) > 1 else words


def sayings(judged: Sequence[Judged]) -> Text:
    """What is often said, by what became of it."""
    parts = []
    for outcome, words in _SAID.items():
        sentences = [_QUOTED.fill(sentence=one.claim.sentence) for one in judged if one.claim.saying and one.outcome == outcome]
        if sentences:
            parts.append(words.fill(sentences=join(sentences)))
    return join(parts)


def train_and_test(comparison: Comparison, names: Mapping[str, Text], title: Text, x: Text) -> Figure:
    """Training and test score at each level: where the lines part, what was learned does not carry over."""
    rows = [
        (place, str(said), value)
        for said, split in ((_TRAIN, "train"), (_TEST, "test"))
        for place, level in enumerate(names)
        for value in (scores(comparison, level) if split == "test" else final(comparison, level, "train"))
    ]
    frame = pd.DataFrame(rows, columns=["at", "split", "score"])
    figure = lines.interval(frame, "at", "score", by="split", title=title, x_name=x, y_name=SHORT[comparison.metric])
    return remarks.ticks(figure, {place: str(name) for place, name in enumerate(names.values())})


def numbers_as_names(values: Mapping[str, object]) -> dict[str, Text]:
    """Levels called by their numbers."""
    return {level: plain(f"{value:g}" if isinstance(value, float) else str(value)) for level, value in values.items()}


GAP = Text("training score − test score", "훈련 점수 − 테스트 점수")
GAP_CHANGE = Text("difference of the gaps, paired by seed", "격차의 차이, 같은 시드끼리")
LOG_RATIO = Text("ln of the ratio of validation losses, same seeds", "검증 손실 비의 로그(ln), 같은 시드끼리")
NORMS = Text("ratio of the norms of the weights, same seeds", "가중치 크기(norm)의 비, 같은 시드끼리")
VALIDATION = Text("validation loss", "검증 손실(validation loss)")
READ_BOTH = Text(
    "Where the lines part, what was learned of the training examples does not hold for others.",
    "두 선이 벌어지는 만큼, 훈련 예제에서 배운 것이 다른 예제에는 통하지 않는다.",
)
READ_PAIRED = Text(
    "Each level against the baseline on the same seeds: the same data, the same initial weights.",
    "같은 시드, 곧 같은 데이터와 같은 처음 가중치에서 수준마다 기준과 견준 것이다.",
)
ON_TRAINING = {
    "accuracy": Text("training accuracy", "훈련 정확도"),
    "r2": Text("r² on the training set", "훈련 세트의 결정계수(r²)"),
}
SHORT = {"accuracy": Text("accuracy", "정확도(accuracy)"), "r2": Text("r²", "결정계수(r²)")}
_TRAIN, _TEST = Text("training", "훈련"), Text("test", "테스트")
_PAIR, _NAMED = Text("{name}: {value}", "{name}: {value}"), Text("{name} ({value})", "{name}({value})")
_TOLD = Text(
    "{base}: {train} on the training set, {test} on the test set. Best on the test set: {best}.",
    "{base}: 훈련 세트 {train}, 테스트 세트 {test}. 테스트 세트에서 가장 좋은 것: {best}.",
)
_AGAINST = Text("Test score against {base}: {parts}", "{base:과} 견준 테스트 점수: {parts}")
_QUOTED = Text("“{sentence}”", "“{sentence}”")
TIED = Text("Those named together could not be told apart.", "함께 적힌 것은 차이가 드러나지 않았다.")
_SAID: dict[Outcome, Text] = {
    "held": Text("Often said, and true here: {sentences}", "흔히 하는 말이고 여기서 맞았다: {sentences}"),
    "did not hold": Text("Often said, and not true here: {sentences}", "흔히 하는 말이지만 여기서는 틀렸다: {sentences}"),
    "undecided": Text(
        "Often said, and left open here: {sentences}", "흔히 하는 말이지만 여기서는 판단하지 못했다: {sentences}"
    ),
}
