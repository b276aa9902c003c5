"""``whynet fit``: train a network and say what it reached, against chance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from whynet.cli.app import StoppedError
from whynet.cli.outcome import SPLITS, against_chance, announce, scores
from whynet.cli.progress import Watcher
from whynet.cli.screen import as_json, head, say, seconds, verbatim
from whynet.cli.settings import Data, Model, Settings
from whynet.cli.verb import option, verb
from whynet.registry import Range
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.engine.fit import Fitted


@verb(
    "Train a network, watch it learn, and keep the run.",
    "네트워크를 학습하고, 배우는 과정을 보여 주고, 실행 기록(run)을 저장한다.",
    place=10,
    examples=[
        "whynet fit digits mlp --epochs 5",
        "whynet fit spirals 'mlp(widths=[32, 32], activation=tanh)' --optimizer 'sgd(lr=0.1)' --epochs 10",
        "whynet fit iris mlp --folds 5 --epochs 10",
    ],
)
def fit(
    data: Data,
    settings: Settings,
    model: Model = "mlp",
    folds: Annotated[
        int | None,
        Range(least=2),
        option("cross-validate with so many folds", "K겹 교차 검증(cross-validation)의 K", metavar="K"),
    ] = None,
    json: Annotated[bool, option("print the result as JSON", "결과를 JSON으로 출력한다")] = False,
) -> int | None:
    """Train and report. 1 where the loss stopped being a number."""
    from whynet.engine.arm import prepare
    from whynet.engine.fit import fit as train

    recipe = settings.recipe(data, model)
    arm = prepare(recipe)
    if not json:
        announce(arm)
    started = time.monotonic()
    with Watcher(arm.dataset.task.metric) as watcher:
        try:
            fitted = train(recipe, watcher)
        except KeyboardInterrupt:
            raise StoppedError(_LOST.fill(step=watcher.step)) from None
    took = time.monotonic() - started
    if json:
        as_json(summary(fitted, took))
    else:
        report(fitted, took)
        head(_NEXT)
        verbatim("  " + settings.command("why", data, model))
    return 1 if fitted.outcome.status == "diverged" else 0


def report(fitted: Fitted, took: float) -> None:
    """Loss and metric on each split, and the sentence that sets them against chance."""
    task, outcome = fitted.dataset.task, fitted.outcome
    scores(fitted.history, task)
    say()
    if outcome.status == "diverged":
        say(_DIVERGED.fill(why=outcome.why or ""), style="bold red")
    else:
        words, better = against_chance(fitted.score("test"), task, len(fitted.dataset.test))
        say(words, style="bold green" if better else "bold yellow")
        if outcome.why:
            say(_EARLY.fill(why=outcome.why))
    steps = fitted.history.steps
    say(_TOOK.fill(time=seconds(took), steps=steps, rate=round(steps / max(took, 1e-9))))


def summary(fitted: Fitted, took: float) -> dict[str, Any]:
    """The result as plain data."""
    history, task = fitted.history, fitted.dataset.task
    return {
        "recipe": fitted.recipe.written(),
        "status": fitted.outcome.status,
        "why": str(fitted.outcome.why) if fitted.outcome.why else None,
        "parameters": fitted.arm.network.size,
        "steps": history.steps,
        "seconds": took,
        "metric": task.metric,
        "chance": task.chance,
        **{split: {"loss": history.final(split, "loss"), task.metric: history.final(split)} for split in SPLITS},
    }


_NEXT = Text("Next", "다음에 할 일")
_DIVERGED = Text("It diverged. {why}", "발산했다. {why}")
_EARLY = Text("Stopped early. {why}", "일찍 멈췄다. {why}")
_TOOK = Text("{time}, {steps} steps, {rate} a second.", "{time}, {steps}스텝, 초당 {rate}스텝.")
_LOST = Text(
    "Interrupted after step {step}. Nothing was kept.",
    "{step}번째 스텝 뒤에 중단했다. 남긴 것은 없다.",
)
