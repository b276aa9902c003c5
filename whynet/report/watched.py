"""The diagnosis of a watched loop as a report: the same sentences and numbers as on the terminal, with figures."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.doctor.cause import Suspicion
from whynet.doctor.loop_diagnosis import LoopDiagnosis
from whynet.doctor.loop_trial import LoopTrial, Retried
from whynet.experiment.statistics.interval import interval
from whynet.figures.by_depth import by_depth
from whynet.figures.schedule import schedule
from whynet.figures.trial import Level, trial
from whynet.report.blocks import Block, Code, Note, Paragraph, Picture, Report, Section, Table
from whynet.report.diagnosis import ORIGINAL_NAME, suspects
from whynet.report.write import write
from whynet.runs.environment import environment
from whynet.text import Text, join


def write_watched(found: LoopDiagnosis, path: str | os.PathLike[str]) -> Path:
    """Write the diagnosis as one HTML file. Raises `StoreError` where it cannot be written."""
    return write(watched_report(found), path)


def watched_report(found: LoopDiagnosis) -> Report:
    """The whole diagnosis."""
    accused = found.confirmed or found.suspected
    sections = []
    if accused:
        sections.append(
            Section(_FIX if found.confirmed else _PERHAPS, [block for one in accused for block in _fix(found, one)])
        )
    if found.losses:
        sections.append(Section(_SEEN, _seen(found)))
    if found.trial:
        sections.append(Section(_TRIAL, _trial(found.trial)))
    if found.confirmed:
        sections.append(Section(_CONFIRMED, [suspects(found.confirmed)]))
    if found.suspected:
        sections.append(Section(_SUSPECTED, [suspects(found.suspected)]))
    if found.cleared:
        sections.append(Section(_CLEARED, [Paragraph(_CLEARED_TEXT), suspects(found.cleared)]))
    sections.append(Section(_NOT_CHECKED, _not_checked(found)))
    tone = "bad" if found.confirmed else "good" if found.steps and not found.suspected else "neutral"
    here = environment()
    return Report(
        title=_TITLE,
        verdict=found.verdict,
        tone=tone,  # type: ignore[arg-type]
        sections=sections,
        facts={
            "machine": f"{here.cpu}, {here.platform}",
            "versions": f"whynet {here.whynet}, torch {here.torch}, Python {here.python}",
            "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        },
    )


def _fix(found: LoopDiagnosis, one: Suspicion) -> list[Block]:
    mend = found.mends[one.cause.name]
    return [
        Paragraph(_BECAUSE.fill(title=one.cause.title, explanation=one.cause.explanation)),
        Code("\n".join(mend.lines), "diff"),
        Paragraph(_AT.fill(mend=mend.name, place=found.place) if found.place else _DO.fill(mend=mend.name)),
    ]


# --- what was seen ----------------------------------------------------------------------------------------------------


def _seen(found: LoopDiagnosis) -> list[Block]:
    blocks: list[Block] = [Paragraph(found.measured)]
    if found.ended_by:
        blocks.append(Note(_ENDED.fill(error=found.ended_by)))
    if len(found.losses) > 1:
        blocks.append(Picture(lambda: _losses(found), _LOSS_CAPTION))
    if len(_layers(found, 0)) > 1:
        blocks.append(Picture(lambda: _gradients(found), _GRADIENT_CAPTION))
    return blocks


def _losses(found: LoopDiagnosis) -> Figure:
    """The loss of the watched steps, each at its own step."""
    (_, first), (last_step, last) = found.losses[0], found.losses[-1]
    line = np.full(last_step, np.nan)
    steps = [step - 1 for step, _ in found.losses]
    line[steps] = [value for _, value in found.losses]
    whole = np.interp(np.arange(last_step), steps, line[steps])
    title = (_FELL if last < first else _STAYED).fill(first=first, last=last)
    return schedule({str(_LOSS): whole}, title=title, y=_LOSS)


def _layers(found: LoopDiagnosis, which: int) -> pd.Series:
    """The gradient norm of every weight at a watched step, in the order of the network."""
    norms = found.probes.get("gradient_norm", {})
    return pd.Series({name: points[which][1] for name, points in norms.items() if name.endswith("weight") and points})


def _gradients(found: LoopDiagnosis) -> Figure:
    rows: dict[str, pd.Series | pd.DataFrame] = {str(_FIRST): _layers(found, 0), str(_LAST): _layers(found, -1)}
    first = rows[str(_FIRST)].to_numpy()
    title = _GRADIENT_TITLE.fill(ratio=float(first[0] / first[-1]) if first[-1] > 0 else float("nan"))
    return by_depth(rows, title=title, quantity=_GRADIENT)


# --- the trial --------------------------------------------------------------------------------------------------------


def _trial(made: LoopTrial) -> list[Block]:
    blocks: list[Block] = [Paragraph(made.told)]
    if not made.tried:
        return blocks
    if np.isfinite(made.original).all():
        blocks.append(Picture(lambda: _forest(made), _TRIAL_CAPTION))
    rows: list[list[Text | str | float | int]] = [[ORIGINAL_NAME, float(np.mean(made.original)), "", ""]]
    rows += [[one.name, float(np.mean(one.values)), _gain(one), FOUND[one.found]] for one in made.tried]
    shown = frozenset(i for i, one in enumerate(made.tried, start=1) if one.found == "confirmed")
    blocks.append(Table([_MENDED, _END, _GAIN, _FOUND], rows, highlight=shown))
    return blocks


def _gain(one: Retried) -> str:
    gap = one.against.difference
    return f"{-gap.mean:.3g} [{-gap.high:.3g}, {-gap.low:.3g}]"


def _forest(made: LoopTrial) -> Figure:
    own = interval(made.original)
    levels = [Level(ORIGINAL_NAME, made.original, own.mean, (own.low, own.high), baseline=True)]
    for one in made.tried:
        mean, gap = interval(one.values), one.against.difference
        levels.append(Level(
            one.name, one.values, mean.mean, (mean.low, mean.high), gap.mean, (gap.low, gap.high), FOUND[one.found],
            decided=one.found == "confirmed",
        ))  # fmt: skip
    better = [one for one in made.tried if one.found == "confirmed"]
    title = _FOREST.fill(best=better[0].name) if better else _FOREST_NONE
    return trial(levels, title=title, metric=_END, higher_is_better=False)


def _not_checked(found: LoopDiagnosis) -> list[Block]:
    blocks: list[Block] = [Paragraph(_LIMITS)]
    if found.unseen:
        blocks.append(Paragraph(_UNSEEN.fill(names=join([one.cause.title for one in found.unseen], ", "))))
    blocks += [Note(_TROUBLE.fill(what=what)) for what in found.not_checked]
    return blocks


FOUND = {
    "confirmed": Text("the mend helps", "고치면 낫다"),
    "cleared": Text("no gain", "차이 없음"),
    "open": Text("uncertain", "불확실"),
}
_TITLE = Text("What is wrong in this training loop?", "이 학습 루프는 어디가 잘못되었을까?")
_FIX = Text("The fix", "고치는 법")
_PERHAPS = Text("What to look at", "살펴볼 곳")
_SEEN = Text("What was seen", "본 것")
_TRIAL = Text("The trial", "시험")
_CONFIRMED = Text("Confirmed, with the evidence", "확인된 것과 증거")
_SUSPECTED = Text("Suspected, with the evidence", "의심되는 것과 증거")
_CLEARED = Text("Cleared", "혐의를 벗은 것")
_CLEARED_TEXT = Text("Looked for, and not there:", "찾아보았으나 없는 것:")
_NOT_CHECKED = Text("Not checked", "확인하지 못한 것")
_BECAUSE = Text("{title}. {explanation}", "{title}. {explanation}")
_AT = Text("To do: {mend}. The step is taken at `{place}`.", "할 일: {mend}. 스텝을 밟는 곳은 `{place}`.")
_DO = Text("To do: {mend}.", "할 일: {mend}.")
_ENDED = Text("The loop ended with {error}.", "루프는 다음 오류로 끝났다: {error}")
_LOSS = Text("loss of a batch", "배치의 손실")
_FELL = Text("The loss fell from {first:.3g} to {last:.3g}", "손실이 {first:.3g}에서 {last:.3g}까지 줄었다")
_STAYED = Text(
    "The loss did not fall: {first:.3g} at first, {last:.3g} at last", "손실이 줄지 않았다: 처음 {first:.3g}, 끝 {last:.3g}"
)
_LOSS_CAPTION = Text(
    "The loss that was sent back, on the steps looked at closely; straight lines between.",
    "역전파한 손실. 자세히 본 스텝만 재고 그 사이는 직선으로 이었다.",
)
_FIRST, _LAST = Text("first step", "첫 스텝"), Text("last step seen", "마지막으로 본 스텝")
_GRADIENT = Text("norm of the gradient", "기울기의 노름")
_GRADIENT_TITLE = Text(
    "At first, the first layer's gradient is {ratio:.2g} of the last layer's",
    "처음에 첫 층의 기울기는 마지막 층의 {ratio:.2g}배다",
)
_GRADIENT_CAPTION = Text("How much of the error reaches each weight.", "오차가 가중치마다 얼마나 도달하는가.")
_MENDED = Text("what was mended", "고친 것")
_END = Text("loss at the end", "끝의 손실")
_GAIN = Text("lower by", "줄어든 양")
_FOUND = Text("found", "결과")
_FOREST = Text("It helps to {best}", "도움이 된다: {best}")
_FOREST_NONE = Text("Mending did not lower the loss", "고쳐도 손실이 작아지지 않았다")
_TRIAL_CAPTION = Text(
    "Left: every order of the batches a dot, the mean with its 95 % interval. Right: difference to the loop as it is, paired by order.",
    "왼쪽: 점 하나가 배치 순서 하나, 평균과 95 % 구간. 오른쪽: 그대로인 루프와의 차이(순서별로 짝지음).",
)
_LIMITS = Text(
    "Only the wiring of the loop was examined, on the steps looked at closely: not whether model, data and settings suit each other.",
    "자세히 본 스텝에서 루프의 이음새만 살폈다. 모델과 데이터와 설정이 서로 맞는지는 살피지 않았다.",
)
_UNSEEN = Text("There was nothing to look at for: {names}.", "다음은 살펴볼 것이 없었다: {names}.")
_TROUBLE = Text("Could not be looked at: {what}", "살펴보지 못한 것: {what}")
