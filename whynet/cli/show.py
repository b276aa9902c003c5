"""``whynet show``: a kept run on the screen and as a report; or two, side by side."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from whynet.cli.keeping import FOLDER, StoreOption, open_store
from whynet.cli.outcome import METRICS, SPLITS, scores
from whynet.cli.resume import RUN, Run
from whynet.cli.run_report import compare_scores, label, pair_report, run_report
from whynet.cli.screen import Cell, head, metric_spark, metric_text, number, pairs, say, spark, table, verbatim
from whynet.cli.show_comparison import show_comparison
from whynet.cli.verb import option, verb
from whynet.registry import infos
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.engine.history import History, SplitName
    from whynet.report import Report
    from whynet.report.sights import Draw
    from whynet.runs.kept import Kept
    from whynet.runs.run import Run as Opened
    from whynet.runs.store import Store


@verb(
    "Show a kept run: curves, what its layers did, its mistakes; with two, what differs.",
    "저장한 런(run)을 보여 준다: 학습 곡선, 층마다 일어난 일, 틀린 답. 둘을 주면 다른 점을 보여 준다.",
    place=31,
    examples=["whynet show last", "whynet show last --out report", "whynet show last --picture saliency --picture embedding"],
)
def show(
    run: Run,
    other: Annotated[str | None, RUN] = None,
    out: Annotated[
        str | None, option("folder for report.html [the run's own]", "report.html을 넣을 폴더 [런의 폴더]", metavar="DIR")
    ] = None,
    open: Annotated[Literal["yes", "no"], option("open the report in the browser", "브라우저로 보고서를 연다")] = "no",
    picture: Annotated[
        list[str] | None,
        option(
            "what the network sees, as PNG beside the report; again for several [all that fit, in the report]",
            "네트워크가 보는 것을 보고서 옆에 PNG로 쓴다. 여러 번 쓸 수 있다 [맞는 것 모두, 보고서 안에]",
            metavar="occlusion|saliency|…",
        ),
    ] = None,
    store: StoreOption = FOLDER,
) -> int | None:
    """Print the summary and write the report."""
    kept = open_store(store)
    if other is None and (found := kept.find(run)).kind != "run":
        if found.kind == "comparison" and show_comparison(kept.comparison(found.id), store):
            return None
        _result(kept.result(run))
        return None
    first = kept.open(run)
    if other is None:
        drawn = _sights(first, picture)
        _one(first)
        report, folder, name = run_report(first, store, drawn), first.folder, "report.html"
    else:
        second = kept.open(other)
        report, folder, name = _two(kept, first, second), second.folder, f"against-{first.id[-4:]}.html"
    _write(report, Path(out) / name if out else folder / name, open == "yes")
    if other is None and picture:
        from whynet.figures import save

        head(_PICTURES)
        for one, draw in drawn.items():
            verbatim(f"  {save(draw(), (Path(out) if out else folder) / f'{one}.png')}")
    return None


def _sights(run: Opened, names: list[str] | None) -> dict[str, Draw]:
    """Pictures of what its network sees: those asked for, or all that fit; of an unfinished or diverged run none."""
    from whynet.report.sights import sights

    if names:
        return sights(run, names)
    if run.status not in ("finished", "stopped early"):
        return {}
    return {name: draw for name, draw in sights(run).items() if name != "mistakes"}  # which have a section of their own


def _write(report: Report, path: Path, browse: bool) -> None:
    from whynet.report import write

    page = write(report, path)
    head(_REPORT)
    verbatim(f"  {page}")
    if browse:
        webbrowser.open(page.resolve().as_uri())


def _one(run: Opened) -> None:
    """Facts, scores, curves and probes of one run."""
    from whynet.runs.summary import STATUS_WORDS

    facts: list[tuple[Cell, Cell]] = [(_RUN, run.id), (_STATUS, STATUS_WORDS[run.status])]
    facts += [("", run.why)] if run.why else []
    facts += [(_STARTED, f"{run.created:%Y-%m-%d %H:%M}"), (_STEPS, f"{run.summary.step}/{run.summary.total_steps}")]
    pairs([*facts, *run.recipe.written().items()])
    say()
    scores(run.history, run.task)
    head(_CURVES)
    pairs(_curves(run.history, run.task.metric))
    seen = list(_probes(run.history))
    if seen:
        head(_DEPTH)
        table([_PROBE, _LAYERS, _FIRST, _LAST], seen, right=(2, 3))


def _curves(history: History, metric: str) -> list[tuple[Cell, Cell]]:
    rows: list[tuple[Cell, Cell]] = []
    if history.loss:
        rows.append((_STEP_LOSS, f"{spark(history.loss)}  {number(history.loss[0])} → {number(history.loss[-1])}"))
    splits: tuple[SplitName, ...] = ("train", "validation")
    for split in splits:
        loss, value = history.curve(split, "loss")[1], history.curve(split)[1]
        if len(loss):
            name = SPLITS[split]
            rows.append((_LOSS_OF.fill(split=name), f"{spark(list(loss))}  {number(loss[0])} → {number(loss[-1])}"))
            curve = metric_spark(list(value), metric)
            ends = f"{metric_text(value[0], metric)} → {metric_text(value[-1], metric)}"
            rows.append((_METRIC_OF.fill(split=name, metric=METRICS[metric]), f"{curve}  {ends}"))
    return rows


def _probes(history: History) -> list[list[Cell]]:
    """Each probe at its last reading, a bar for each layer from the first to the last, with the values at both ends."""
    rows: list[list[Cell]] = []
    for info in infos("probe"):
        readings = history.probe(info.name)
        if not readings.empty:
            values = [float(value) for value in readings.iloc[-1]]
            rows.append([info.name.replace("_", " "), spark(values, log=True), number(values[0]), number(values[-1])])
    return rows


def _two(kept: Store, first: Opened, second: Opened) -> Report:
    """What differs in two recipes, and both curves."""
    from whynet.recipe import changed_lines

    lines = changed_lines(first.recipe, second.recipe)
    head(_DIFFERENCE)
    for line in lines:
        verbatim(f"  {line}", "red" if line.startswith("-") else "green")
    if not lines:
        say(_SAME)
    for what, words in (("loss", _LOSS), ("metric", METRICS.get(second.task.metric, _LOSS))):
        head(_VALIDATION.fill(what=words))
        rows: list[tuple[Cell, Cell]] = []
        for one in (first, second):
            values = list(one.history.curve("validation", what)[1])  # type: ignore[arg-type]
            if values:
                shown = number(values[-1]) if what == "loss" else metric_text(values[-1], one.task.metric)
                curve = spark(values) if what == "loss" else metric_spark(values, one.task.metric)
                rows.append((label(one), f"{curve}  {shown}"))
        pairs(rows)
    say()
    say(compare_scores(first, second))
    return pair_report(first, second, lines)


def _result(result: Kept) -> None:
    """A kept comparison, diagnosis or answer: its verdict, and where its report lies."""
    from whynet.runs.summary import KIND_WORDS
    from whynet.text import language

    pairs([(KIND_WORDS[result.kind], result.name), (_STARTED, f"{result.created:%Y-%m-%d %H:%M}")])
    verdict = result.payload.get("verdict")
    if isinstance(verdict, dict):
        say()
        say(str(verdict.get(language(), "")), style="bold")
    files = sorted(path for path in result.folder.iterdir() if path.is_file())
    if files:
        head(_REPORT)
        for path in files:
            verbatim(f"  {path}")


_RUN = Text("run", "런(run)")
_STATUS = Text("status", "상태")
_STARTED = Text("started", "시작")
_STEPS = Text("steps", "스텝(step)")
_CURVES = Text("Curves", "학습 곡선")
_STEP_LOSS = Text("loss of each step", "스텝마다의 손실")
_LOSS = Text("loss", "손실(loss)")
_LOSS_OF = Text("{split} loss", "{split} 손실")
_METRIC_OF = Text("{split} {metric}", "{split} {metric}")
_DEPTH = Text("Inside, at the last reading, from the first layer to the last", "네트워크 안, 마지막 측정, 첫 층부터 끝 층까지")
_PROBE = Text("probe", "프로브(probe)")
_LAYERS = Text("layers", "층")
_FIRST = Text("first", "첫 층")
_LAST = Text("last", "끝 층")
_DIFFERENCE = Text("What differs", "다른 점")
_SAME = Text("The two recipes are the same.", "두 레시피(recipe)는 같다.")
_VALIDATION = Text("Validation {what}", "검증 {what}")
_REPORT = Text("Report", "보고서")
_PICTURES = Text("Pictures", "그림")
