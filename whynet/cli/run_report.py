"""What became of a run, in pictures: its curves, what its probes saw by depth, its mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from whynet.cli.keeping import command
from whynet.cli.outcome import METRICS, SPLITS, against_chance
from whynet.cli.screen import metric_text
from whynet.registry import infos
from whynet.text import Text, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from whynet.engine.fit import Fitted
    from whynet.engine.history import History, SplitName
    from whynet.report import Report, Section
    from whynet.report.sights import Draw
    from whynet.runs.run import Run
    from whynet.task import Task

WORST = 24  # examples shown
What = Literal["loss", "metric"]
Lines = list[tuple[Text, str, "SplitName"]]  # label, run, split


def run_report(run: Run, store: str, drawn: Mapping[str, Draw] | None = None) -> Report:
    """One run: curves, probes by depth, its mistakes on the test set where it has ended, and what its network sees."""
    from whynet.report import Note, Report
    from whynet.report.sights import sections as seen

    sections = [_curves({run.id: run.history}, run.task), *_probes(run.history)]
    verdict, better = Text("", ""), False
    if run.status in ("finished", "stopped early"):
        verdict, better = against_chance(run.history.final("test"), run.task, len(run.fitted.dataset.test))
        if run.task.kind == "classify":
            sections.append(_mistakes(run.fitted))
        sections += seen(drawn or {})
    elif run.status == "diverged":
        verdict = _DIVERGED.fill(why=run.why or "")
    else:
        verdict = _UNFINISHED.fill(
            step=run.summary.step, total=run.summary.total_steps, command=command("resume", run.id, store)
        )
    if run.status == "stopped early" and run.why:
        sections[0] = type(sections[0])(sections[0].title, [*sections[0].blocks, Note(run.why)])
    return Report(_TITLE.fill(name=run.name), verdict, "good" if better else "neutral", sections, _facts(run))


def pair_report(before: Run, after: Run, lines: list[str]) -> Report:
    """Two runs: what differs in their recipes, and their curves together."""
    from whynet.report import Code, Paragraph, Report, Section

    same = [Paragraph(_SAME_RECIPE)] if not lines else [Code("\n".join(lines), "diff")]
    histories = {label(before): before.history, label(after): after.history}
    sections = [Section(_DIFFERENCE, same), _curves(histories, before.task)]
    facts = {f"{name} {i}": text for i, run in enumerate((before, after), 1) for name, text in _facts(run).items()}
    return Report(_PAIR.fill(a=before.id, b=after.id), compare_scores(before, after), "neutral", sections, facts)


def label(run: Run) -> str:
    """A run in a legend: the letters by which it can be named."""
    return f"{run.id[-4:]} {run.label}".strip()


def compare_scores(before: Run, after: Run) -> Text:
    """Both scores in a sentence; one run each is no proof, and it says so."""
    a, b = (metric_text(one.score if one.score is not None else float("nan"), one.metric or "") for one in (before, after))
    return _SCORES.fill(a=label(before), x=a, b=label(after), y=b)


# --- sections --------------------------------------------------------------------------------------------------------


def _curves(histories: Mapping[str, History], task: Task) -> Section:
    from whynet.report import Picture, Section

    pictures = [
        Picture(partial(_draw_curves, histories, task, "loss"), _LOSS_SEEN),
        Picture(partial(_draw_curves, histories, task, "metric"), _METRIC_SEEN),
    ]
    return Section(_CURVES, pictures)


def _draw_curves(histories: Mapping[str, History], task: Task, what: What) -> Figure:
    from whynet import figures

    y = _LOSS if what == "loss" else METRICS[task.metric]
    if len(histories) == 1:
        [history] = histories.values()
        splits: tuple[SplitName, ...] = ("train", "validation")
        drawn = {str(SPLITS[split]): [history.curve(split, what)] for split in splits if len(history.curve(split)[0])}
        title = _TRAIN_VALIDATION.fill(what=y)
    else:
        drawn = {name: [history.curve("validation", what)] for name, history in histories.items()}
        title = _VALIDATION.fill(what=y)
    return figures.curves(
        drawn,
        title=title,
        y=y,
        log=what == "loss" and task.kind == "classify",
        chance=task.chance if what == "metric" else None,
    )


def _probes(history: History) -> list[Section]:
    """For each probe with something to see: by depth at the first and last reading, and over time."""
    from whynet.report import Picture, Section

    found = []
    for info in infos("probe"):
        readings = history.probe(info.name)
        if readings.empty or readings.shape[1] < 2 or readings.stack().nunique() < 2:
            continue  # nothing to be seen in one layer, or in a picture of one colour
        blocks = [
            Picture(partial(_draw_depth, history, info.name), info.idea),
            Picture(partial(_draw_heat, history, info.name), _HEAT_SEEN),
        ]
        found.append(Section(plain(info.name.replace("_", " ")), blocks))
    return found


def _draw_depth(history: History, name: str) -> Figure:
    from whynet import figures

    readings = history.probe(name)
    steps = list(dict.fromkeys([readings.index[0], readings.index[-1]]))
    levels = {str(_STEP.fill(step=step)): readings.loc[step] for step in steps}
    words = name.replace("_", " ")
    return figures.by_depth(levels, title=_BY_DEPTH.fill(name=words), quantity=words, log=_spans(readings.to_numpy()))


def _draw_heat(history: History, name: str) -> Figure:
    from whynet import figures

    readings, words = history.probe(name), name.replace("_", " ")
    return figures.heat(readings, title=_OVER_TIME.fill(name=words), quantity=words, log=_spans(readings.to_numpy()))


def _spans(values: object) -> bool:
    """Whether the values are positive and want a logarithmic axis."""
    import numpy as np

    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    return bool(len(known)) and bool((known >= 0).all()) and bool(known.max() > 1.0 or known[known > 0].size == known.size)


def _mistakes(fitted: Fitted) -> Section:
    """The confusion matrix of the test set, and the examples with the greatest loss."""
    import torch

    from whynet.report import Picture, Section

    data = fitted.dataset
    x, y = data.test.x, data.test.y
    module = fitted.module
    with torch.no_grad():
        outputs = torch.cat([module(part) for part in x.split(1024)])
        losses = torch.stack([fitted.loss(outputs[i : i + 1], y[i : i + 1]) for i in range(len(y))])  # one by one: (N,)
    answers = fitted.loss.decide(outputs, data.task)
    k = data.task.outputs
    matrix = (y * k + answers).bincount(minlength=k * k).reshape(k, k).numpy()
    order = losses.nan_to_num(0).argsort(descending=True)[:WORST]
    names = data.task.classes
    true, said = [names[int(i)] for i in y[order]], [names[int(i)] for i in answers[order]]
    cost = losses[order].tolist()
    pictures = [Picture(partial(_draw_confusion, matrix, names), _CONFUSION_SEEN)]
    if len(data.task.inputs) == 3 and data.task.inputs[0] in (1, 3):
        pictures.append(Picture(partial(_draw_worst, x[order].numpy(), true, said, cost), _WORST_SEEN))
    elif len(data.task.inputs) == 1:
        import pandas as pd

        columns = data.task.features or tuple(f"x{i + 1}" for i in range(data.task.inputs[0]))
        frame = pd.DataFrame(x[order].numpy(), columns=list(columns))
        pictures.append(Picture(partial(_draw_worst, frame, true, said, cost), _WORST_SEEN))
    return Section(_MISTAKES, pictures)


def _draw_confusion(matrix: object, names: tuple[str, ...]) -> Figure:
    from whynet import figures

    return figures.confusion(cast("list[list[float]]", matrix), names, title=_CONFUSION)


def _draw_worst(examples: object, true: list[str], said: list[str], cost: list[float]) -> Figure:
    from whynet import figures

    return figures.worst(cast("list[float]", examples), true, said, cost, title=_WORST)


def _facts(run: Run) -> dict[str, str | Text]:
    about = run.environment
    return {
        "recipe": " · ".join(f"{name} {text}" for name, text in run.recipe.written().items()),
        "seeds": str(run.recipe.seed),
        "date": f"{run.created:%Y-%m-%d %H:%M}",
        "versions": f"whynet {about.whynet}, torch {about.torch}, Python {about.python}",
        "machine": f"{about.cpu}, {about.platform}",
    }


_TITLE = Text("Run {name}", "런(run) {name}")
_PAIR = Text("Runs {a} and {b}", "런(run) {a:와} {b}")
_DIVERGED = Text("It diverged. {why}", "발산했다. {why}")
_UNFINISHED = Text(
    "Not at its end: step {step} of {total}. To go on: `{command}`",
    "아직 끝나지 않았다. {total}스텝 가운데 {step}스텝. 이어서 하려면: `{command}`",
)
_CURVES = Text("Curves", "학습 곡선")
_LOSS = Text("loss", "손실(loss)")
_TRAIN_VALIDATION = Text("{what}: training against validation", "{what}: 훈련과 검증")
_VALIDATION = Text("{what} on the validation set", "검증 세트의 {what}")
_LOSS_SEEN = Text(
    "Training falls while validation rises: it learns by heart. Both stand still: it does not learn.",
    "훈련 손실은 내려가는데 검증 손실이 올라가면 외우고 있는 것이다. 둘 다 그대로면 배우지 못하는 것이다.",
)
_METRIC_SEEN = Text(
    "The dotted line is what an answer that ignores the input would reach.",
    "점선은 입력을 보지 않고 답했을 때의 수준이다.",
)
_STEP = Text("step {step}", "{step}번째 스텝")
_BY_DEPTH = Text("{name} by depth, at the first and the last reading", "깊이에 따른 {name}: 처음과 마지막")
_OVER_TIME = Text("{name} over training and depth", "학습 시간과 깊이에 따른 {name}")
_HEAT_SEEN = Text("The first layer is on top.", "맨 위가 첫 번째 층이다.")
_MISTAKES = Text("Mistakes on the test set", "테스트 세트에서 틀린 것")
_CONFUSION = Text("Which class is taken for which", "어느 클래스를 어느 클래스로 답하는가")
_CONFUSION_SEEN = Text("Off the diagonal are the mistakes.", "대각선 밖이 틀린 답이다.")
_WORST = Text("The examples that cost most: true → answered", "손실이 가장 큰 예제: 실제 → 답")
_WORST_SEEN = Text(
    "The examples with the greatest loss: wrong labels show here first.",
    "손실이 가장 큰 예제들이다. 틀린 레이블은 여기서 먼저 드러난다.",
)
_DIFFERENCE = Text("What differs", "다른 점")
_SAME_RECIPE = Text("The two recipes are the same.", "두 레시피(recipe)는 같다.")
_SCORES = Text(
    "{a}: {x}; {b}: {y}. One run each shows no more than that: whynet compare trains both on several seeds.",
    "{a}: {x}, {b}: {y}. 런(run) 하나씩으로는 그 이상을 말할 수 없다. whynet compare는 여러 시드에서 둘을 비교한다.",
)
