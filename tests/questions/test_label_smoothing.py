"""The claims on label smoothing, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch.nn import functional as F

from whynet.errors import RecipeError
from whynet.questions import Answer, ask
from whynet.questions.generalisation.label_smoothing import best_margin, calibration_error, margin, probabilities

Answered = Callable[[str], Answer]
NAME = "label-smoothing"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("wrong-labels", "held", 0.02, 0.015),
        ("less-sure", "held", -0.155, 0.02),
        ("calibrated", "did not hold", 0.117, 0.02),
        ("margin", "held", 1.03, 0.03),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


@pytest.mark.parametrize(("key", "value", "within"), [("true-labels", 0.008, 0.012), ("gap", -0.016, 0.02)])
def test_what_stays_near_zero(answered: Answered, key: str, value: float, within: float) -> None:
    assert answered(NAME).claim(key).measured.interval.mean == pytest.approx(value, abs=within)


# --- what they are measured with -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "smoothing"), [(10, 0.1), (3, 0.3), (2, 0.01)])
def test_the_margin_foretold_is_where_torchs_loss_is_lowest(classes: int, smoothing: float) -> None:
    def loss(z: float) -> float:
        logits = torch.zeros(1, classes, dtype=torch.float64)
        logits[0, 0] = z
        return F.cross_entropy(logits, torch.tensor([0]), label_smoothing=smoothing).item()

    assert best_margin(classes, smoothing) == pytest.approx(minimize_scalar(loss, bounds=(0, 30), method="bounded").x, abs=1e-3)


def test_the_calibration_error_is_that_of_a_slow_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    p = (2 * torch.randn(500, 4, generator=generator, dtype=torch.float64)).softmax(1)
    y = torch.randint(4, (500,), generator=generator)
    total = 0.0
    for b in range(10):
        inside = [i for i in range(500) if b / 10 <= p[i].max() < (b + 1) / 10]
        if inside:
            right = np.mean([float(p[i].argmax() == y[i]) for i in inside])
            total += len(inside) / 500 * abs(right - np.mean([float(p[i].max()) for i in inside]))
    assert calibration_error(p, y) == pytest.approx(total)


def test_a_perfectly_sure_and_right_network_has_no_calibration_error() -> None:
    y = torch.arange(5) % 3
    assert calibration_error(F.one_hot(y, 3).double(), y) == 0
    assert calibration_error(F.one_hot((y + 1) % 3, 3).double(), y) == 1


def test_probabilities_and_margin_are_those_of_the_logits(answered: Answered) -> None:
    fitted = answered(NAME).evidence.comparisons["true"].arms["label_smoothing=0.1"][0]
    p = probabilities(fitted)
    assert (p.argmax(1) == fitted.dataset.test.y).float().mean().item() == pytest.approx(fitted.score("test"))
    with torch.no_grad():
        z = fitted.module(fitted.dataset.train.x).double().numpy()
    y = fitted.dataset.train.y.tolist()
    slow = np.mean([row[label] - np.mean(np.delete(row, label)) for row, label in zip(z, y, strict=True)])
    assert margin(fitted) == pytest.approx(slow)


def test_values_have_no_labels_to_smooth() -> None:
    with pytest.raises(RecipeError, match="cross_entropy"):
        ask(NAME, quick=True, data="diabetes", seeds=2, steps=5)
