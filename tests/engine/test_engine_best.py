"""Early stopping and keep="best": which weights a run ends with, checked by evaluating them again."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from whynet.engine.arm import prepare
from whynet.engine.fit import Fitted, fit
from whynet.engine.metrics import score
from whynet.engine.train import Watching
from whynet.recipe import Recipe, recipe


def overfitting(points: Any, **settings: Any) -> Recipe:
    """Its validation loss falls and then rises."""
    return recipe(points, "mlp(widths=[32])", batch_size=10, **{"optimizer": "sgd(lr=1.0)", "epochs": 30, **settings})


def evaluated(fitted: Fitted) -> float:
    """The validation loss of the module that came out."""
    with torch.no_grad():
        outputs = fitted.module(fitted.dataset.validation.x)
    return score(outputs, fitted.dataset.validation.y, fitted.loss, fitted.dataset.task)[0]


def test_best_weights_are_those_of_the_least_validation_loss(points: Any) -> None:
    fitted = fit(overfitting(points, keep="best"), tier="eager")
    steps, losses = fitted.history.curve("validation", "loss")
    best = 1 + losses[1:].argmin()  # what a network is before training is not kept
    assert 0 < steps[best] < fitted.history.steps
    assert fitted.outcome.step == steps[best]
    assert fitted.outcome.status == "finished"
    assert evaluated(fitted) == pytest.approx(losses[best], rel=1e-6)
    [tested] = [e for e in fitted.history.evaluations if e.split == "test"]
    assert tested.step == steps[best]
    outputs = fitted.module(fitted.dataset.test.x).detach()
    assert score(outputs, fitted.dataset.test.y, fitted.loss, fitted.dataset.task) == pytest.approx(
        (tested.loss, tested.metric)
    )


def test_last_weights_are_the_last(points: Any) -> None:
    fitted = fit(overfitting(points), tier="eager")
    assert fitted.outcome.step == fitted.history.steps == 150
    assert evaluated(fitted) == pytest.approx(fitted.history.final("validation", "loss"), rel=1e-6)


@pytest.mark.parametrize("keep", ["last", "best"])
@pytest.mark.parametrize("patience", [1, 3])
def test_it_stops_when_patience_is_at_an_end(points: Any, keep: str, patience: int) -> None:
    fitted = fit(overfitting(points, early_stopping=patience, keep=keep), tier="eager")
    steps, losses = fitted.history.curve("validation", "loss")
    whole = fit(overfitting(points), tier="eager").history
    _, all_losses = whole.curve("validation", "loss")
    best, at = float("inf"), 0
    for epoch in range(1, len(all_losses)):  # the rule, said plainly
        if all_losses[epoch] < best:
            best, at = all_losses[epoch], epoch
        if epoch - at >= patience:
            break
    assert steps[-1] == 5 * epoch < 150
    assert fitted.outcome.status == "stopped early"
    assert fitted.outcome.step == 5 * (at if keep == "best" else epoch)
    assert evaluated(fitted) == pytest.approx(losses[at if keep == "best" else epoch], rel=1e-6)
    assert f"lowest at step {5 * at} and did not fall in the {patience} epochs since" in fitted.outcome.why.show("en")
    assert f"{5 * at}번째 스텝에서 가장 낮았고 그 뒤 {patience}에포크 동안" in fitted.outcome.why.show("ko")
    assert fitted.history.loss == whole.loss[: 5 * epoch]


def test_patience_counts_epochs_however_often_it_is_evaluated(points: Any) -> None:
    """Five evaluations an epoch are not five epochs."""
    fitted = fit(overfitting(points, early_stopping=4), watching=Watching(evaluations=150), tier="eager")
    steps, losses = fitted.history.curve("validation", "loss")
    best = 1 + losses[1:].argmin()
    assert fitted.outcome.status == "stopped early"
    assert steps[-1] - steps[best] == 4 * 5


def test_the_end_of_training_is_no_early_stop(points: Any) -> None:
    fitted = fit(overfitting(points, epochs=2, early_stopping=1, optimizer="sgd(lr=1e-3)"), tier="eager")
    assert fitted.outcome.status == "finished"
    assert fitted.outcome.why is None


def test_a_diverged_run_keeps_its_best(points: Any) -> None:
    one = recipe(
        points,
        "mlp(widths=[32])",
        "mse",
        "sgd(lr=0.6)",
        batch_size=10,
        epochs=60,
        schedule="step(every=1, factor=1.3)",
        keep="best",
    )
    fitted = fit(one, tier="eager")
    assert fitted.outcome.status == "diverged"
    steps, losses = fitted.history.curve("validation", "loss")
    best = 1 + losses[1:].argmin()
    assert fitted.outcome.step == steps[best]
    assert evaluated(fitted) == pytest.approx(losses[best], rel=1e-5)
    assert prepare(one).total_steps > fitted.history.steps
