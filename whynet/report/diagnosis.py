"""A diagnosis as a report: the same sentences and numbers as on the terminal, with figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from whynet.doctor.cause import Suspicion
from whynet.doctor.diagnosis import Diagnosis
from whynet.doctor.fix import fix_lines
from whynet.doctor.trial import ORIGINAL, Trial, Tried, label
from whynet.engine.history import History
from whynet.figures.by_depth import by_depth
from whynet.figures.curves import curves
from whynet.figures.trial import Level, trial
from whynet.report.blocks import Block, Code, Note, Paragraph, Picture, Report, Section, Table
from whynet.report.facts import facts
from whynet.text import Text, join

SHOWN = 3  # remedies beside the original in the pictures of gradients and curves


def diagnosis_report(found: Diagnosis) -> Report:
    """The whole diagnosis."""
    sections = []
    if found.fix:
        sections.append(Section(_FIX, [Code("\n".join(found.fix), "diff"), Paragraph(found.fixed), *_causes(found)]))
    elif found.confirmed:
        sections.append(Section(_WHY, _causes(found)))
    sections.append(Section(_MEASURED, _measured(found)))
    if found.trial:
        sections.append(Section(_TRIAL, _trial(found, found.trial)))
    sections.append(Section(_SUSPECTS, [suspects(found.suspicions)]))
    if found.also_mends:
        names = join([cause.title for cause in found.also_mends], ", ")
        sections.append(Section(_EQUIVALENT_TITLE, [Paragraph(_EQUIVALENT.fill(names=names))]))
    if found.cleared:
        names = join([cause.title for cause in found.cleared], ", ")
        sections.append(Section(_CLEARED_TITLE, [Paragraph(_CLEARED.fill(names=names))]))
    if found.not_checked:
        names = join([cause.title for cause in found.not_checked], ", ")
        sections.append(Section(_NOT_CHECKED_TITLE, [Paragraph(_NOT_CHECKED.fill(names=names))]))
    sections.append(Section(_HOW, [Paragraph(_HOW_TEXT.fill(seeds=_seeds(found))), *(Note(note) for note in found.notes)]))
    tone = {"healthy": "good", "nothing to learn": "neutral"}.get(found.state, "bad")
    return Report(
        title=_TITLE.fill(recipe=str(found.recipe.model), data=str(found.recipe.data)),
        verdict=found.verdict,
        tone=tone,  # type: ignore[arg-type]
        sections=sections,
        facts=facts(found.recipe, range(_seeds(found)), found.seconds),
    )


def _seeds(found: Diagnosis) -> int:
    return len(found.trial.comparison.seeds) if found.trial else 1


def _measured(found: Diagnosis) -> list[Block]:
    seen = found.examination
    blocks: list[Block] = [Paragraph(found.measured)]
    rows: list[list[Text | str | float | int]] = [[_CHANCE, seen.chance]]
    rows += [[_SIMPLE.fill(name=one.name), round(one.metric, 4)] for one in (seen.baseline, *seen.baseline.others)]
    rows.append([_THIS, seen.metric if math.isfinite(seen.metric) else "NaN"])
    blocks.append(Table([_WHO, seen.yardstick.title], rows, highlight=frozenset({len(rows) - 1})))
    norms = seen.early("gradient_norm")
    if len(norms) > 1:
        blocks.append(Picture(lambda: _gradients(found), _GRADIENT_CAPTION))
    return blocks


def _gradients(found: Diagnosis) -> Figure:
    """Gradient norm by layer at the first step: the original, and what mended it."""
    rows: dict[str, pd.Series | pd.DataFrame]
    if not found.trial:
        rows = {str(ORIGINAL_NAME): pd.Series(found.examination.early("gradient_norm"))}
    else:
        rows = {str(name): _first(arms) for name, arms in _arms(found.trial, found.mending)}
    norms = list(found.examination.early("gradient_norm").values())
    ratio = norms[0] / norms[-1] if norms[-1] > 0 else math.nan
    title = _GRADIENT_TITLE if ratio < 1e-3 else _GRADIENT_FINE if 0.1 <= ratio <= 10 else _GRADIENT_MIDDLE
    return by_depth(rows, title=title.fill(ratio=ratio, last=len(norms)), quantity=_GRADIENT)


def _first(histories: Sequence[History]) -> pd.DataFrame:
    """The first reading of the gradient norm: a row for each seed, a column for each layer."""
    return pd.DataFrame([h.probe("gradient_norm").iloc[0] for h in histories])


def _arms(whole: Trial, best: Sequence[Tried]) -> list[tuple[Text, list[History]]]:
    """The original and the best remedies, with the histories of their seeds."""
    chosen: list[tuple[Text, str]] = [(ORIGINAL_NAME, ORIGINAL)]
    chosen += [(label(one), one.summary.level) for one in best[:SHOWN]]
    return [(name, [arm.history for arm in whole.comparison.arms[level]]) for name, level in chosen]


def _trial(found: Diagnosis, whole: Trial) -> list[Block]:
    blocks: list[Block] = [Picture(lambda: _forest(found, whole), _TRIAL_CAPTION)]
    rows: list[list[Text | str | float | int]] = []
    for one in ranked(whole):
        row, gap = one.summary, one.summary.difference
        rows.append([
            label(one), one.cause.title, f"{row.mean.mean:.2f} [{row.mean.low:.2f}, {row.mean.high:.2f}]",
            f"{gap.mean:+.2f}" if gap else "", effect(one), (fix_lines(found.recipe, one.recipe) or [""])[-1],
        ])  # fmt: skip
    columns = [_REMEDY, _AGAINST, whole.stick.title, _DIFFERENCE, _EFFECT, _CHANGE]
    blocks.append(Table(columns, rows, highlight=frozenset(i for i, one in enumerate(ranked(whole)) if one.mends)))
    blocks.append(Picture(lambda: _curves(found, whole), _CURVES_CAPTION))
    return blocks


def ranked(whole: Trial) -> list[Tried]:
    """The remedies, best first."""
    return sorted(whole.tried, key=lambda one: -one.summary.mean.mean)


def effect(one: Tried) -> Text:
    """What a remedy did, in a word."""
    if one.left:
        return _LEFT.fill(share=f"{one.share:.0%}")
    if one.unsure:
        return _UNSURE
    if one.worse:
        return _WORSE
    if not one.mends:
        return _HELPS if one.helps else _EFFECTS["no"]
    return _EFFECTS[one.recovery.effect]


def _forest(found: Diagnosis, whole: Trial) -> Figure:
    own = whole.original
    levels = [Level(ORIGINAL_NAME, whole.values[ORIGINAL], own.mean.mean, (own.mean.low, own.mean.high), baseline=True)]
    for one in ranked(whole):
        row, gap = one.summary, one.summary.difference
        levels.append(Level(
            label(one), one.values, row.mean.mean, (row.mean.low, row.mean.high),
            gap.mean if gap else None, (gap.low, gap.high) if gap else None, effect(one),
            decided=row.outcome in ("better", "worse"),
        ))  # fmt: skip
    title = _FOREST_NONE.fill(all=len(whole.tried))
    if found.mending:
        title = _FOREST.fill(n=len(found.mending), all=len(whole.tried), best=label(found.mending[0]))
    return trial(levels, title=title, metric=_METRIC.fill(metric=whole.stick.title), chance=whole.chance)


def _curves(found: Diagnosis, whole: Trial) -> Figure:
    runs = {str(name): arms for name, arms in _arms(whole, found.mending)}
    title = _CURVES_TITLE.fill(best=label(found.mending[0])) if found.mending else _CURVES_NONE
    split = "validation" if len(found.examination.fitted.dataset.validation) else "train"
    return curves(
        runs, title=title, y=_CURVE_METRIC.fill(metric=whole.comparison.metric), chance=whole.chance, split=split,  # type: ignore[arg-type]
    )  # fmt: skip


def _causes(found: Diagnosis) -> list[Block]:
    return [Paragraph(_BECAUSE.fill(title=cause.title, explanation=cause.explanation)) for cause in found.confirmed]


def suspects(suspicions: Sequence[Suspicion]) -> Table:
    """Everything looked at, with what it was and should be."""
    rows: list[list[Text | str | float | int]] = []
    for one in suspicions:
        for i, evidence in enumerate(one.evidence):
            name = one.cause.title if i == 0 else ""
            rows.append([name, evidence.what, evidence.observed, evidence.expected, SPEAKS[evidence.speaks]])
    return Table([_SUSPECT, _LOOKED, _OBSERVED, _EXPECTED, _SPEAKS], rows)


ORIGINAL_NAME = Text("as it is", "지금 그대로")
SPEAKS = {"for": Text("for", "지지"), "against": Text("against", "반대"), "neither": Text("neither", "중립")}
_EFFECTS = {"restores": Text("restores", "되살린다"), "often": Text("often", "자주"), "no": Text("no", "효과 없음")}
_UNSURE = Text("uncertain", "불확실")
_HELPS = Text("helps", "도움")
_WORSE = Text("harms", "해로움")
_LEFT = Text("none, left at {share}", "효과 없음, {share}에서 그만둠")
_TITLE = Text("Why does {recipe} on {data} not learn?", "{data} 데이터에서 {recipe:은} 왜 배우지 못할까?")
_MEASURED = Text("What was seen", "본 것")
_TRIAL = Text("The trial", "시험")
_FIX = Text("The fix", "고치는 법")
_WHY = Text("The cause", "원인")
_SUSPECTS = Text("The suspects, with the evidence", "의심한 원인과 증거")
_EQUIVALENT_TITLE = Text("What would mend it as well", "이렇게 해도 고쳐진다")
_EQUIVALENT = Text(
    "Remedies for these mend the network too, though nothing that was seen points to them: {names}.",
    "다음을 겨냥한 처방도 네트워크를 고치지만, 본 것 가운데 이들을 가리키는 증거는 없다: {names}.",
)
_CLEARED_TITLE = Text("Cleared by the trial", "시험으로 혐의를 벗은 것")
_CLEARED = Text(
    "Their remedies were trained beside the original and changed nothing: {names}.",
    "이 원인들의 처방은 원본과 나란히 학습했지만 아무것도 바꾸지 못했다: {names}.",
)
_NOT_CHECKED_TITLE = Text("Not checked", "확인하지 못한 것")
_NOT_CHECKED = Text(
    "Nothing rules these out, but none of their remedies was tried, because none applies here or the time did not allow it: {names}.",
    "다음은 아니라고 할 수 없지만, 여기에 쓸 처방이 없거나 시간이 모자라 시험하지 못했다: {names}.",
)
_HOW = Text("How it was found", "어떻게 알아냈나")
_HOW_TEXT = Text(
    "Every remedy was trained beside the original under {seeds} seed(s). Under one seed all of them start from the same weights (as far as "
    "they share layers) and see the same examples in the same order, so that a difference comes from the remedy alone. Intervals are 95 % "
    "(Student's t over seeds); differences are paired by seed and corrected for the number of remedies (Holm).",
    "모든 처방을 원본과 나란히 시드 {seeds}개에서 학습했다. 같은 시드에서는 (공유하는 층에 한해) 같은 가중치에서 출발하고 같은 예제를 같은 "
    "순서로 보므로, 차이는 처방에서만 온다. 구간은 95 %(시드에 대한 스튜던트 t)이고, 차이는 시드별로 짝지어 처방의 수만큼 보정했다(Holm).",
)
_WHO = Text("answer given by", "답한 것")
_CHANCE = Text("ignoring the input", "입력을 무시한 답")
_SIMPLE = Text("{name} (simple baseline)", "{name} (단순한 기준)")
_THIS = Text("this network, seed 0", "이 네트워크, 시드 0")
_GRADIENT = Text("norm of the gradient at the first step", "첫 스텝의 기울기 노름")
_GRADIENT_TITLE = Text(
    "At the first layer {ratio:.0e} of the last layer's gradient is left",
    "첫 층에 남은 기울기는 마지막 층의 {ratio:.0e}배",
)
_GRADIENT_FINE = Text(
    "First and last layer receive gradients of like size ({ratio:.2g})",
    "첫 층과 마지막 층이 받는 기울기의 크기는 비슷하다({ratio:.2g}배)",
)
_GRADIENT_MIDDLE = Text(
    "The first layer's gradient is {ratio:.2g} of the last layer's",
    "첫 층의 기울기는 마지막 층의 {ratio:.2g}배다",
)
_GRADIENT_CAPTION = Text(
    "How much of the error reaches each layer, before any learning.",
    "학습하기 전에 오차가 층마다 얼마나 도달하는가.",
)
_FOREST = Text("{n} of {all} remedies mend it; best: {best}", "처방 {all}개 가운데 {n}개가 고친다. 가장 좋은 것: {best}")
_FOREST_NONE = Text("None of {all} remedies mends it", "처방 {all}개 가운데 고치는 것이 없다")
_METRIC = Text("{metric} on the test set", "테스트 {metric}")
_CURVE_METRIC = Text("{metric} while training", "학습 중 {metric}")
_TRIAL_CAPTION = Text(
    "Left: every seed a dot, the mean with its 95 % interval. Right: difference to the original, paired by seed.",
    "왼쪽: 점 하나가 시드 하나, 평균과 95 % 구간. 오른쪽: 원본과의 차이(시드별로 짝지음).",
)
_CURVES_TITLE = Text("With {best} it begins to learn", "{best:을} 쓰면 배우기 시작한다")
_CURVES_NONE = Text("It stays where it began", "처음 자리에 머문다")
_CURVES_CAPTION = Text("The original beside the remedies that mend it.", "원본과 그것을 고치는 처방들.")
_REMEDY = Text("remedy", "처방")
_AGAINST = Text("against", "겨냥한 원인")
_DIFFERENCE = Text("difference", "차이")
_EFFECT = Text("effect", "효과")
_CHANGE = Text("the change", "바꾼 것")
_BECAUSE = Text("{title}. {explanation}", "{title}. {explanation}")
_SUSPECT = Text("suspect", "의심한 원인")
_LOOKED = Text("looked at", "살펴본 것")
_OBSERVED = Text("observed", "관찰값")
_EXPECTED = Text("expected of a healthy network", "건강한 네트워크라면")
_SPEAKS = Text("speaks", "증거의 방향")
