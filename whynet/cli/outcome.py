"""What is said before a training, and of what came out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from whynet.cli.screen import Cell, count, metric_text, number, pairs, say, seconds, table, verbatim
from whynet.text import Text, plain

if TYPE_CHECKING:
    from pathlib import Path

    from whynet.engine.arm import Arm
    from whynet.engine.fit import Fitted
    from whynet.engine.history import History, SplitName
    from whynet.task import Task

SPLITS: dict[SplitName, Text] = {
    "train": Text("train", "훈련(train)"),
    "validation": Text("validation", "검증(validation)"),
    "test": Text("test", "테스트(test)"),
}
METRICS = {
    "accuracy": Text("accuracy", "정확도(accuracy)"),
    "r2": Text("r2", "결정계수(r2)"),
    "mean_iou": Text("mean IoU", "평균 IoU(mean IoU)"),
    "map50": plain("mAP@0.5"),
}


def announce(arm: Arm) -> None:
    """The task, what was done to the data, the size of the model, and what chance alone would reach."""
    data, recipe, task = arm.dataset, arm.recipe, arm.dataset.task
    rows: list[tuple[Cell, Cell]] = [
        (_DATA, _DATA_IS.fill(name=data.name, task=task.words, shape=task.inputs)),
        ("", _SIZES.fill(train=count(len(data.train)), val=count(len(data.validation)), test=count(len(data.test)))),
    ]
    rows += [("", note) for note in data.notes]
    rows += [
        (_MODEL, _size(arm)),
        (_LOSS, str(recipe.loss or loss_name(arm))),
        (_OPTIMIZER, str(recipe.optimizer)),
        (_TRAINING, _TRAINING_IS.fill(steps=count(arm.total_steps), size=arm.batch_size, epochs=_epochs(arm))),
        (_CHANCE, chance(task)),
    ]
    pairs(rows)
    say()


def _size(arm: Arm) -> Text:
    """The model and its parameters, and how many of them are trained where some are frozen."""
    trained, every = arm.network.size, sum(one.numel() for one in arm.network.template.parameters())
    words = _MODEL_IS if trained == every else _MODEL_PARTLY
    return words.fill(model=str(arm.recipe.model), n=count(every), trained=count(trained))


def loss_name(arm: Arm) -> str:
    """The loss of a recipe that names none."""
    from whynet.recipe import default_loss

    return str(default_loss(arm.recipe.model, arm.dataset.task.loss))


def chance(task: Task) -> Text:
    """What is reached without looking at the input."""
    if task.kind == "detect":
        return _CHANCE_BOXES
    if task.uniform_loss is None:
        return _CHANCE_VALUES
    level = metric_text(task.chance, task.metric)
    words = _CHANCE_PIXELS if task.kind == "segment" else _CHANCE_CLASSES
    return words.fill(level=level, k=task.outputs, loss=number(task.uniform_loss))


def scores(history: History, task: Task) -> None:
    """A table of loss and metric on each split."""
    rows: list[list[Cell]] = [
        [SPLITS[split], number(history.final(split, "loss")), metric_text(history.final(split), task.metric)]
        for split in SPLITS
        if split in {one.split for one in history.evaluations}
    ]
    table(["", Text("loss", "손실(loss)"), METRICS.get(task.metric, task.metric)], rows, right=(1, 2))


def report(fitted: Fitted, took: float, folder: Path | None = None, steps: int | None = None) -> None:
    """Loss and metric on each split, the sentence that sets them against chance, the time, and where it is kept."""
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
    steps = fitted.history.steps if steps is None else steps
    if steps:
        say(_TOOK.fill(time=seconds(took), steps=count(steps), rate=number(round(steps / max(took, 1e-9)))))
    if folder:
        verbatim(str(_KEPT.fill(folder=folder)))


def learned(fitted: Fitted) -> bool:
    """Whether it is better than chance by more than luck."""
    score, n = fitted.score("test"), len(fitted.dataset.test)
    return fitted.outcome.status != "diverged" and against_chance(score, fitted.dataset.task, n)[1]


def summary(fitted: Fitted, took: float, run: str | None) -> dict[str, Any]:
    """The result as plain data."""
    history, task = fitted.history, fitted.dataset.task
    return {
        "run": run,
        "recipe": fitted.recipe.written(),
        "status": fitted.outcome.status,
        "why": str(fitted.outcome.why) if fitted.outcome.why else None,
        "parameters": sum(one.numel() for one in fitted.arm.network.template.parameters()),
        "trained_parameters": fitted.arm.network.size,
        "steps": history.steps,
        "seconds": took,
        "metric": task.metric,
        "chance": task.chance,
        **{split: {"loss": history.final(split, "loss"), task.metric: history.final(split)} for split in SPLITS},
    }


def against_chance(score: float, task: Task, n: int) -> tuple[Text, bool]:
    """The test score beside chance in a sentence, and whether it is better by more than luck.

    Luck: two standard errors of a share of n, √(p (1 - p) / n), in which a share of overlaps or of found objects is taken for at
    least one of n; for a regression, any r2 above 0.
    """
    words: dict[str, Any] = {"score": metric_text(score, task.metric), "chance": metric_text(task.chance, task.metric)}
    if not math.isfinite(score):
        return _NO_SCORE, False
    if task.kind == "regress":
        better = score > task.chance
        return (_EXPLAINS if better else _EXPLAINS_NOTHING).fill(**words), better
    p = task.chance if task.kind == "classify" else max(task.chance, 1 / max(2, n))
    margin = 2 * math.sqrt(p * (1 - p) / max(1, n))
    better = score > task.chance + margin
    words |= {"margin": metric_text(margin, task.metric), "metric": METRICS[task.metric]}
    if task.kind == "classify":
        return (_LEARNED if better else _NOT_LEARNED).fill(**words), better
    return (_LEARNED_PICTURES if better else _NOT_LEARNED_PICTURES).fill(**words), better


def _epochs(arm: Arm) -> str:
    epochs = arm.total_steps / arm.steps_per_epoch
    return f"{epochs:.3g}"


_DATA = Text("data", "데이터")
_DATA_IS = Text("{name}: {task}, inputs of shape {shape}", "{name}: {task}, 입력 모양 {shape}")
_SIZES = Text(
    "{train} training, {val} validation, {test} test examples",
    "예제: 훈련(train) {train}개, 검증(validation) {val}개, 테스트(test) {test}개",
)
_MODEL = Text("model", "모델")
_MODEL_PARTLY = Text(
    "{model}, {n} parameters, of which {trained} are trained",
    "{model}, 매개변수(parameter) {n}개, 그 가운데 {trained}개를 학습한다",
)
_MODEL_IS = Text("{model}, {n} parameters", "{model}, 매개변수(parameter) {n}개")
_LOSS = Text("loss", "손실 함수(loss)")
_OPTIMIZER = Text("optimizer", "옵티마이저(optimizer)")
_TRAINING = Text("training", "학습")
_TRAINING_IS = Text("{steps} steps of {size} examples, {epochs} epochs", "{size}개씩 {steps}스텝(step), {epochs} 에포크(epoch)")
_CHANCE = Text("chance", "우연 수준(chance)")
_CHANCE_CLASSES = Text(
    "{level} of the test set by always answering its largest class; loss ln {k} = {loss} by answering all alike",
    "가장 많은 클래스만 답하면 테스트 세트의 {level}, 모든 클래스에 같은 확률을 주면 손실 ln {k} = {loss}",
)
_CHANCE_PIXELS = Text(
    "mean IoU {level} by always answering the most frequent class; loss ln {k} = {loss} by answering all alike",
    "가장 많은 클래스만 답하면 평균 IoU {level}, 모든 클래스에 같은 확률을 주면 손실 ln {k} = {loss}",
)
_CHANCE_BOXES = Text("mAP 0: no box is hit without looking", "보지 않고는 박스를 맞힐 수 없으므로 mAP 0")
_LEARNED_PICTURES = Text(
    "It learned: {metric} {score} on the test set, where an answer without looking gets {chance}.",
    "배웠다: 테스트 세트에서 {metric} {score}. 보지 않고 답하면 {chance}.",
)
_NOT_LEARNED_PICTURES = Text(
    "Not shown to have learned: {metric} {score} on the test set, where an answer without looking gets {chance}, give or take {margin}.",
    "배웠다고 할 수 없다: 테스트 세트에서 {metric} {score}. 보지 않고 답하면 {chance}(오차 {margin}).",
)
_CHANCE_VALUES = Text("r2 = 0 by always answering the mean", "언제나 평균을 답하면 r2 = 0")
_LEARNED = Text(
    "It learned: {score} of the test set, where chance gives {chance}.",
    "배웠다: 테스트 세트의 {score:을} 맞힌다. 우연 수준은 {chance}.",
)
_NOT_LEARNED = Text(
    "Not shown to have learned: {score} of the test set, where chance gives {chance} ± {margin} on so few examples.",
    "배웠다고 할 수 없다: 테스트 세트의 {score}. 이만한 예제 수에서 우연 수준은 {chance} ± {margin}.",
)
_EXPLAINS = Text(
    "It learned: r2 = {score} on the test set, where answering the mean gives 0.",
    "배웠다: 테스트 세트에서 r2 = {score}. 평균만 답하면 0이다.",
)
_EXPLAINS_NOTHING = Text(
    "It did not learn: r2 = {score} on the test set is no better than answering the mean, 0.",
    "배우지 못했다: 테스트 세트에서 r2 = {score}. 평균만 답하는 것(0)보다 낫지 않다.",
)
_NO_SCORE = Text("It has no score: the loss stopped being a number.", "점수가 없다: 손실이 수가 아니게 되었다.")
_DIVERGED = Text("It diverged. {why}", "발산했다. {why}")
_EARLY = Text("Stopped early. {why}", "일찍 멈췄다. {why}")
_TOOK = Text("{time}, {steps} steps, {rate} a second.", "{time}, {steps}스텝, 초당 {rate}스텝.")
_KEPT = Text("Kept in {folder}", "저장한 곳: {folder}")
