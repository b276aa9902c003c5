"""What a network gets wrong, against scikit-learn and against loops that are obviously right."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, recall_score
from torch import nn
from torch.nn import functional as F

from whynet.engine import fit as engine
from whynet.engine.fit import Fitted
from whynet.engine.history import History, Reading, Readings
from whynet.losses.given import GivenLoss
from whynet.recipe import recipe
from whynet.registry import make
from whynet.runs.inspect import by_depth, confusion, probabilities, worst


@pytest.fixture(scope="module")
def digits() -> Fitted:
    return engine.fit(recipe("digits", "mlp(widths=[16])", epochs=2))


@pytest.fixture(scope="module")
def diabetes() -> Fitted:
    return engine.fit(recipe("diabetes", "mlp(widths=[4])", epochs=2))


def test_the_confusion_matrix_is_that_of_scikit_learn(digits: Fitted) -> None:
    test = digits.dataset.test
    answers = digits.predict(test.x)
    matrix = confusion(digits)
    assert matrix is not None
    np.testing.assert_array_equal(matrix.counts, confusion_matrix(test.y, answers))
    np.testing.assert_allclose(matrix.recall, recall_score(test.y, answers, average=None))
    assert matrix.accuracy == pytest.approx(digits.score())
    assert matrix.classes == digits.dataset.task.classes


def test_the_pairs_confused_most_come_first(digits: Fitted) -> None:
    matrix = confusion(digits)
    assert matrix is not None
    pairs = matrix.most_confused(3)
    wrong = [(n, i, j) for (i, j), n in np.ndenumerate(matrix.counts) if i != j]
    assert [n for _, _, n in pairs] == sorted((n for n, _, _ in wrong), reverse=True)[:3]
    for true, taken_for, n in pairs:
        assert matrix.counts[matrix.classes.index(true), matrix.classes.index(taken_for)] == n


def test_values_are_not_confused(diabetes: Fitted) -> None:
    assert confusion(diabetes) is None


def test_the_worst_examples_are_those_with_the_highest_loss(digits: Fitted) -> None:
    test, names = digits.dataset.test, digits.dataset.task.classes
    with torch.no_grad():
        outputs = digits.module(test.x)
    losses = F.cross_entropy(outputs, test.y, reduction="none")
    p = outputs.softmax(dim=1)
    found = worst(digits, n=5)
    assert [example.loss for example in found] == pytest.approx(sorted(losses.tolist(), reverse=True)[:5], rel=1e-5)
    for example in found:
        at = test.index.tolist().index(example.row)
        assert torch.equal(example.x, test.pool_x[example.row])
        assert example.true == names[test.y[at]]
        assert example.predicted == names[outputs[at].argmax()]
        assert example.confidence == pytest.approx(float(p[at].max()), rel=1e-5)
        assert example.probability == pytest.approx(float(p[at, test.y[at]]), rel=1e-5)


def test_the_worst_values_are_the_farthest(diabetes: Fitted) -> None:
    test = diabetes.dataset.test
    errors = (diabetes.predict(test.x) - test.y).square().mean(dim=1)
    first, *_ = worst(diabetes, n=3, split="test")
    at = int(errors.argmax())
    assert first.row == int(test.index[at])
    assert first.loss == pytest.approx(float(errors[at]), rel=1e-5)
    assert first.true == pytest.approx(tuple(test.y[at].tolist()))
    assert (first.confidence, first.probability) == (None, None)


def test_a_network_that_diverged_is_shown_without_complaint() -> None:
    fitted = engine.fit(recipe("moons", "mlp(widths=[4])", loss="mse", optimizer="sgd(lr=1e30)", epochs=1))
    assert fitted.outcome.status == "diverged"
    assert len(worst(fitted, n=4)) == 4
    assert confusion(fitted) is not None


@pytest.mark.parametrize(
    ("loss", "units", "expected"),
    [
        (make("loss", "cross_entropy"), 3, lambda f: f.softmax(dim=1)),
        (make("loss", "binary_cross_entropy"), 1, lambda f: torch.cat([1 - f.sigmoid(), f.sigmoid()], dim=1)),
        (GivenLoss(nn.BCEWithLogitsLoss()), 3, torch.sigmoid),
        (GivenLoss(nn.NLLLoss()), 3, torch.exp),
        (GivenLoss(nn.BCELoss()), 1, lambda f: torch.cat([1 - f, f], dim=1)),
        (make("loss", "hinge"), 3, lambda f: None),
    ],
)
def test_probabilities_are_read_as_the_loss_reads_them(loss, units, expected) -> None:
    outputs = torch.rand(5, units, generator=torch.Generator().manual_seed(0))
    wanted, found = expected(outputs), probabilities(loss, outputs)
    assert (found is None and wanted is None) or torch.allclose(found, wanted)


def test_probes_become_tables_in_the_order_of_the_layers() -> None:
    history = History(
        readings=Readings([
            Reading(1, "norm", "z", 1.0), Reading(1, "norm", "a", 2.0), Reading(1, "dead", "z", 3.0),
            Reading(4, "norm", "z", 4.0), Reading(4, "norm", "a", float("nan")), Reading(4, "dead", "z", 6.0),
        ])
    )  # fmt: skip
    norm, dead = by_depth(history)
    assert (norm.probe, norm.layers, norm.steps.tolist()) == ("norm", ("z", "a"), [1, 4])
    np.testing.assert_array_equal(norm.values, [[1.0, 2.0], [4.0, np.nan]])
    np.testing.assert_array_equal(dead.values, [[3.0], [6.0]])
