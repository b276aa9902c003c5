"""A comparison as a report: the verdict, every level with its seeds, the curves, what was varied and what was not."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from whynet.experiment.compare import Comparison
from whynet.figures.curves import curves
from whynet.figures.trial import Level, trial
from whynet.report.blocks import Block, Note, Paragraph, Picture, Report, Section, Table
from whynet.report.facts import facts
from whynet.text import Text, plain

Cell = Text | str | float | int
CURVES = 8  # more lines than this cannot be told apart


def comparison_report(made: Comparison) -> Report:
    """The whole comparison."""
    sections = [
        Section(_RESULT, [Picture(lambda: _forest(made), _FOREST_CAPTION), _table(made), *_verdicts(made)]),
        Section(_CURVES, [Picture(lambda: _lines(made), _CURVES_CAPTION)]),
        Section(_HOW, _how(made)),
    ]
    return Report(
        title=_TITLE.fill(factor=", ".join(made.paths), data=str(made.levels[0].recipe.data)),
        verdict=made.verdict,
        tone="neutral",
        sections=sections,
        facts=facts(made.levels[0].recipe, made.seeds, made.seconds),
    )


def _forest(made: Comparison) -> Figure:
    levels = []
    for row in made.summaries:
        gap = row.difference
        levels.append(Level(
            row.level, [v for v in made.values[row.level] if math.isfinite(v)], row.mean.mean,
            (row.mean.low, row.mean.high) if row.mean.known else None,
            gap.mean if gap else None, (gap.low, gap.high) if gap and gap.known else None,
            OUTCOME_WORDS[row.outcome], baseline=row.level == made.baseline, decided=row.outcome in ("better", "worse"),
        ))  # fmt: skip
    return trial(levels, title=made.verdict, metric=_METRIC.fill(metric=made.metric), chance=made.chance)


def _lines(made: Comparison) -> Figure:
    ranked = sorted(made.summaries, key=lambda row: -row.mean.mean if math.isfinite(row.mean.mean) else math.inf)
    shown = {made.baseline, *[row.level for row in ranked[: CURVES - 1]]}
    runs = {name: [arm.history for arm in arms] for name, arms in made.arms.items() if name in shown}
    validated = all(len(arm.dataset.validation) for arms in made.arms.values() for arm in arms)
    best = ranked[0]
    title = _LINES_TITLE.fill(level=best.level, value=best.mean.mean, metric=made.metric)
    return curves(runs, title=title, y=plain(made.metric), chance=made.chance, split="validation" if validated else "train")


def _table(made: Comparison) -> Table:
    rows: list[list[Cell]] = []
    for row in made.summaries:
        gap, better = row.difference, row.superiority
        rows.append([
            row.level, f"{row.mean.mean:.3f} [{row.mean.low:.3f}, {row.mean.high:.3f}]",
            f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]" if gap else "",
            "" if row.adjusted_p is None else f"{row.adjusted_p:.3f}", "" if better is None else f"{better.mean:.2f}",
        ])  # fmt: skip
    columns = [_LEVEL, _WITH_INTERVAL.fill(metric=made.metric), _DIFFERENCE, _P, _SUPERIORITY]
    return Table(columns, rows)


def _verdicts(made: Comparison) -> list[Block]:
    return [Paragraph(_VERDICT.fill(level=row.level, verdict=row.verdict)) for row in made.summaries if row.difference]


def _how(made: Comparison) -> list[Block]:
    blocks: list[Block] = [Paragraph(_PAIRED.fill(factor=", ".join(made.paths), n=len(made.seeds)))]
    if made.tuned:
        rates = sorted(made.tuned[0].losses)
        rows: list[list[Cell]] = [[t.level, *(_loss(t.losses[rate], rate == t.rate) for rate in rates)] for t in made.tuned]
        blocks.append(Table([_LEVEL, *(plain(f"{rate:g}") for rate in rates)], rows, _TUNED_CAPTION))
    return [*blocks, *(Note(note) for note in made.notes)]


def _loss(value: float, chosen: bool) -> str:
    text = f"{value:.3g}" if math.isfinite(value) else "∞"
    return f"{text} ✓" if chosen else text


OUTCOME_WORDS = {
    "baseline": Text("baseline", "기준"),
    "better": Text("better", "더 좋다"),
    "worse": Text("worse", "더 나쁘다"),
    "same": Text("no difference detected", "차이가 드러나지 않음"),
    "unknown": Text("too few seeds to tell", "시드가 적어 알 수 없음"),
}
_TITLE = Text("What does {factor} change on {data}?", "{data}에서 {factor:은} 무엇을 바꿀까?")
_RESULT = Text("The result", "결과")
_CURVES = Text("On the way", "학습 과정")
_HOW = Text("How it was compared", "어떻게 비교했나")
_FOREST_CAPTION = Text(
    "Left: every seed a dot, the mean with its 95 % interval. Right: difference to the baseline, paired by seed.",
    "왼쪽: 점 하나가 시드 하나, 평균과 95 % 구간. 오른쪽: 기준과의 차이(시드별로 짝지음).",
)
_CURVES_CAPTION = Text("Validation metric while training.", "학습 중 검증 점수.")
_METRIC = Text("{metric} on the test set", "테스트 {metric}")
_LINES_TITLE = Text(
    "{level} ends highest: {metric} {value:.3f} on the test set", "{level:이} 가장 높다: 테스트 {metric} {value:.3f}"
)
_LEVEL = Text("value", "값")
_WITH_INTERVAL = Text("{metric} [95 %]", "{metric} [95 %]")
_DIFFERENCE = Text("difference, paired [95 %]", "짝지은 차이 [95 %]")
_P = plain("p (Holm)")
_SUPERIORITY = Text("chance to beat the baseline", "기준을 이길 확률")
_VERDICT = Text("`{level}`: {verdict}.", "`{level}`: {verdict}.")
_PAIRED = Text(
    "Only {factor} differs between the levels. Each was trained under the same {n} seeds, which fix the split of the data, the order of "
    "the examples, the random masks and, where the levels share layers, the initial weights. Differences are paired by seed, intervals "
    "are 95 % (Student's t), p is corrected for the number of levels (Holm 1979).",
    "수준 사이에 다른 것은 {factor}뿐이다. 모두 같은 시드 {n}개에서 학습했고, 시드는 데이터 분할, 예제의 순서, 무작위 마스크, 그리고 "
    "공유하는 층의 초기 가중치를 정한다. 차이는 시드별로 짝지었고, 구간은 95 %(스튜던트 t)이며, p는 수준의 수만큼 보정했다(Holm 1979).",
)
_TUNED_CAPTION = Text(
    "Validation loss at each learning rate, mean over the tuning seeds; ✓ is the one chosen.",
    "학습률마다의 검증 손실(조정용 시드 평균). ✓는 고른 값.",
)
