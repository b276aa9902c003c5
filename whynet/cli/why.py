"""``whynet why``: does this network learn, why not, and what mends it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whynet.cli.app import StoppedError
from whynet.cli.checkup import checkup
from whynet.cli.duration import seconds_of
from whynet.cli.plan import DeviceOption, ExplainOption, FastOption, WorkersOption, processes, tell, tier_of
from whynet.cli.screen import Cell, as_json, head, number, out, pairs, say, seconds, spark, table, verbatim
from whynet.cli.settings import Settings
from whynet.cli.verb import argument, option, verb
from whynet.registry import Range
from whynet.text import Text, join, plain

if TYPE_CHECKING:
    from whynet.doctor.cause import Suspicion
    from whynet.doctor.diagnosis import Diagnosis
    from whynet.doctor.trial import Trial
    from whynet.experiment.statistics.interval import Interval
    from whynet.recipe import Recipe

WIDE = 130  # columns that the tables need
INTERRUPTED = 130  # exit code


@verb(
    "Say why a network does not learn, prove it by trial, print the fix.",
    "네트워크가 왜 배우지 못하는지 말하고, 시험으로 증명하고, 고치는 법을 보여 준다.",
    place=5,
    examples=[
        "whynet why",
        "whynet why digits 'mlp(output_activation=softmax)' --optimizer 'sgd(lr=0.1)' --epochs 5 --seeds 3",
    ],
    more=Text(
        "With nothing else it examines an embedded patient: ten sigmoid layers on handwritten digits. Every remedy is one change, trained "
        "beside the original under the same seeds.",
        "아무것도 주지 않으면 내장된 환자를 진찰한다: 손글씨 숫자를 배우는 시그모이드(sigmoid) 10층. 처방은 한 번에 하나만 바꾸고, 원본과 "
        "나란히 같은 시드에서 학습한다.",
    ),
)
def why(
    settings: Settings,
    data: Annotated[str | None, argument("what to learn from [digits]", "학습할 데이터 [digits]")] = None,
    model: Annotated[str | None, argument("the network to examine", "진찰할 네트워크")] = None,
    run: Annotated[
        str | None, option("examine the recipe of a stored run", "저장된 학습(run)의 레시피를 진찰한다", "RUN")
    ] = None,
    seeds: Annotated[int, Range(least=2), option("seeds of the trial [5]", "시험에 쓸 시드의 수 [5]")] = 5,
    budget: Annotated[
        str, option("time it may take, about: 30s, 2m [60s]", "걸려도 되는 시간, 대략: 30s, 2m [60s]", "TIME")
    ] = "60s",
    workers: WorkersOption = None,
    fast: FastOption = False,
    device: DeviceOption = "auto",
    explain: ExplainOption = False,
    store: Annotated[str, option("where results are kept [runs]", "결과를 보관할 곳 [runs]", "DIR")] = "runs",
    json: Annotated[bool, option("print the diagnosis as JSON", "진단을 JSON으로 출력한다")] = False,
) -> int | None:
    """Examine, try, conclude; print it and write the report. Interrupted, what is known by then."""
    from whynet.doctor.diagnose import InterruptedExaminationError, diagnose
    from whynet.engine.device import use_device

    allowed = seconds_of(budget)
    recipe = _recipe(settings, data, model, run, store)
    if not json:
        say(_heading(recipe, seeds), style="bold")
    with checkup() as listen, use_device(device), _as_begun(recipe, run, store):
        try:
            found = diagnose(recipe, seeds, allowed, listen, processes(workers), tier_of(fast))
        except InterruptedExaminationError as stop:
            raise StoppedError(stop.message) from None
    page = _keep(found, store)
    if json:
        as_json({**found.to_dict(), "report": str(page)})
    else:
        show(found, page)
        if explain and found.trial and found.trial.comparison.plan:
            tell(found.trial.comparison.plan)
    return INTERRUPTED if found.partial else None


def _recipe(settings: Settings, data: str | None, model: str | None, run: str | None, store: str) -> Recipe:
    from whynet.doctor.diagnose import SICK, sick_recipe
    from whynet.runs.store import Store

    if run is not None:
        return Store(store).open(run).recipe
    if data is None and settings == Settings():
        return sick_recipe()
    return settings.recipe(data or "digits", model or ("mlp" if data else SICK), store)


def _as_begun(recipe: Recipe, run: str | None, store: str) -> AbstractContextManager[None]:
    """Begin with the weights that the run began with, whatever became of their file."""
    from whynet.runs.beginnings import as_begun
    from whynet.runs.store import Store

    return nullcontext() if run is None else as_begun([recipe], Store(store).open(run).folder)


def _heading(recipe: Recipe, seeds: int) -> Text:
    words = " · ".join(text for name, text in recipe.written().items() if name not in ("data", "model"))
    return _HEADING.fill(model=str(recipe.model), data=str(recipe.data), rest=words, seeds=seeds)


def _keep(found: Diagnosis, store: str) -> Path:
    from whynet.report.diagnosis import diagnosis_report
    from whynet.report.write import html
    from whynet.runs.store import Store

    page = html(diagnosis_report(found)).encode()
    folder = Store(store).keep("diagnosis", f"why {found.recipe.model}", found.to_dict(), {"report.html": page})
    return folder / "report.html"


def show(found: Diagnosis, page: Path) -> None:
    """The diagnosis on one screen; the first line says it all."""
    say()
    say(found.verdict, style="bold green" if found.state == "healthy" else "bold")
    say(found.measured)
    if found.fix and found.remedy:
        head(_FIX)
        for line in found.fix:
            verbatim("  " + line, "red" if line.startswith("-") else "green")
        say(found.fixed)
    for cause in found.confirmed:
        head(_BECAUSE.fill(title=cause.title))
        say(cause.explanation)
    head(_SAW)
    pairs(_saw(found))
    telling = [one for one in found.suspicions if one.proved or (one.speaks == "for" and one.strength > 0)]
    if telling:
        head(_SUSPECTS)
        _show_suspects(telling)
    if found.trial:
        _show_trial(found.trial)
    say()
    lists = (
        (_CAUSE, found.confirmed), (_EQUIVALENT, found.equivalent), (_ALSO, found.also_mends), (_CLEARED, found.cleared),
        (_NOT_CHECKED, found.not_checked),
    )  # fmt: skip
    pairs([(heading, join([cause.title for cause in causes], " · ")) for heading, causes in lists if causes])
    for note in found.notes:
        say(plain("· " + str(note)), style="dim")
    say()
    pairs([(_REPORT, str(page)), (_TIME, seconds(found.seconds))])


def _show_suspects(suspicions: Sequence[Suspicion]) -> None:
    """The evidence, as a table; as sentences where a terminal is too narrow for one."""
    from whynet.report.diagnosis import SPEAKS

    if _narrow():
        for one in suspicions:
            say(one.cause.title, style="cyan")
            for e in one.evidence:
                say(_EVIDENCE.fill(speaks=SPEAKS[e.speaks], what=e.what, observed=e.observed, expected=e.expected))
        return
    rows = [
        (one.cause.title if i == 0 else "", e.what, e.observed, e.expected, SPEAKS[e.speaks])
        for one in suspicions
        for i, e in enumerate(one.evidence)
    ]
    table([_SUSPECT, _LOOKED, _OBSERVED, _EXPECTED, _SPEAKS], rows, wrap=1)


def _show_trial(trial: Trial) -> None:
    """A row for each remedy, best first; a narrow terminal gets what matters most of it."""
    from whynet.doctor.trial import label
    from whynet.report.diagnosis import effect, ranked

    comparison, own, narrow = trial.comparison, trial.original, _narrow()
    head(_TRIAL.fill(n=len(trial.tried), seeds=len(comparison.seeds), time=seconds(comparison.seconds)))
    shown = trial.stick.shown
    rows: list[Sequence[Cell]] = [(_ORIGINAL, _between(own.mean, shown), "", "", "")]
    for tried in ranked(trial):
        mean, gap = tried.summary.mean, tried.summary.difference
        difference = _signed(gap.mean) if gap else ""
        if gap and not narrow:
            difference += f" [{_signed(gap.low)}, {_signed(gap.high)}]"
        level = _between(mean, shown)
        rows.append((label(tried), level, difference, effect(tried), tried.cause.title))
    columns = [_REMEDY, _INTERVAL.fill(metric=trial.stick.title), _DIFFERENCE, _EFFECT, _AGAINST]
    if narrow:
        table([_REMEDY, columns[1], _GAP, _EFFECT], [row[:4] for row in rows], wrap=0)
    else:
        table(columns, rows, wrap=4)


def _between(mean: Interval, shown: Callable[[float], str]) -> str:
    """A mean with its interval."""
    return f"{shown(mean.mean)} [{shown(mean.low)}, {shown(mean.high)}]"


def _narrow() -> bool:
    console = out()
    return console.is_terminal and console.width < WIDE


def _saw(found: Diagnosis) -> list[tuple[Cell, Cell]]:
    """The loss from start to end, and what is left of the gradient at each layer."""
    seen = found.examination
    uniform = seen.fitted.dataset.task.uniform_loss
    start_end = _FROM_TO.fill(start=number(seen.start_loss), end=number(seen.end_loss))
    if uniform is not None:
        start_end = join([start_end, _UNIFORM.fill(value=uniform, k=seen.fitted.dataset.task.outputs)], " · ")
    rows: list[tuple[Cell, Cell]] = [(_LOSS, start_end)]
    norms = list(seen.early("gradient_norm").values())
    if len(norms) > 1 and norms[-1] > 0:
        logs = [math.log10(max(norm, 1e-30)) for norm in norms]
        rows.append(
            (_GRADIENT, _BY_LAYER.fill(first=f"{norms[0]:.1g}", last=f"{norms[-1]:.1g}", n=len(norms), bars=spark(logs)))
        )
    rows.append((_BASELINE.fill(name=seen.baseline.name), f"{seen.baseline.metric:.2f}"))
    return rows


def _signed(value: float) -> str:
    """With its sign, and without one for what rounds to nothing: not -0.00."""
    return f"{value:+.2f}" if abs(value) >= 0.005 else "0.00"


_LOSS = Text("loss, first step to last", "손실, 첫 스텝에서 마지막 스텝")
_FROM_TO = Text("{start} to {end}", "{start}에서 {end}")
_UNIFORM = Text(
    "answering all {k} classes alike costs ln {k} = {value:.2f}", "{k}개 클래스를 똑같이 답하면 ln {k} = {value:.2f}"
)
_GRADIENT = Text("gradient norm at the start, by layer", "처음의 기울기 노름, 층별")
_BY_LAYER = Text(
    "layer 1: {first}  {bars}  layer {n}: {last} (bars: logarithmic)",
    "1번 층: {first}  {bars}  {n}번 층: {last} (막대는 로그 눈금)",
)
_BASELINE = Text("{name}, for comparison", "{name}, 비교용")
_SUSPECTS = Text("Signs: what was seen, and what a healthy network shows", "징후: 본 것과 건강한 네트워크라면 보일 것")
_EVIDENCE = Text(
    "  {speaks}: {what}: {observed} (expected: {expected})",
    "  {speaks}: {what}: {observed} (기대값: {expected})",
)
_GAP = Text("difference", "차이")
_SUSPECT = Text("suspect", "원인")
_LOOKED = Text("looked at", "살펴본 것")
_HEADING = Text("{model} on {data} · {rest} · {seeds} seeds", "{data}에서 {model} · {rest} · 시드 {seeds}개")
_BECAUSE = Text("Why: {title}", "까닭: {title}")
_SAW = Text("Saw", "본 것")
_OBSERVED = Text("observed", "관찰값")
_EXPECTED = Text("expected", "기대값")
_SPEAKS = Text("speaks", "방향")
_TRIAL = Text(
    "Trial: {n} remedies × {seeds} seeds beside the original, paired ({time})",
    "시험: 처방 {n}개 × 시드 {seeds}개를 원본과 짝지어 학습 ({time})",
)
_ORIGINAL = Text("as it is", "지금 그대로")
_REMEDY = Text("remedy", "처방")
_INTERVAL = Text("{metric} [95 %]", "{metric} [95 %]")
_DIFFERENCE = Text("difference [95 %]", "차이 [95 %]")
_EFFECT = Text("effect", "효과")
_AGAINST = Text("against", "겨냥한 원인")
_CAUSE = Text("Confirmed", "확인된 원인")
_EQUIVALENT = Text("Mending this alone does as well", "이것만 고쳐도 된다")
_ALSO = Text("Also mends it, without a sign of", "징후는 없지만 다음의 처방으로도 고쳐진다")
_CLEARED = Text("Cleared", "혐의 없음")
_NOT_CHECKED = Text("Not checked", "확인하지 못함")
_FIX = Text("Fix", "고치는 법")
_REPORT = Text("Report", "보고서")
_TIME = Text("Time", "걸린 시간")
