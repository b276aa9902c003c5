"""What a task picks: loss, metric, chance, and the loss of knowing nothing."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import accuracy_score, r2_score
from torch.nn.functional import cross_entropy

from whynet.task import Task
from whynet.text import use_language


def test_classification() -> None:
    task = Task("classify", (1, 28, 28), 10)
    assert (task.loss, task.metric, task.chance) == ("cross_entropy", "accuracy", 0.1)
    assert str(task.words) == "classification into 10 classes"
    with use_language("ko"):
        assert str(task.words) == "10개 클래스 분류"


def test_regression() -> None:
    task = Task("regress", (13,), 1)
    assert (task.loss, task.metric, task.chance, task.uniform_loss) == ("mse", "r2", 0.0, None)
    assert str(task.words) == "regression of 1 value(s)"
    with use_language("ko"):
        assert str(task.words) == "값 1개 회귀"


def test_chance_is_what_ignoring_the_input_reaches() -> None:
    labels = [0] * 7 + [1] * 3
    task = Task("classify", (2,), 2, largest_class=0.7)
    assert task.chance == pytest.approx(accuracy_score(labels, [0] * 10))
    values = [1.0, 2.0, 6.0]
    assert Task("regress", (2,), 1).chance == pytest.approx(r2_score(values, [3.0] * 3))


def test_a_largest_class_of_zero_is_taken_at_its_word() -> None:
    assert Task("classify", (2,), 4, largest_class=0.0).chance == 0.0


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_the_loss_of_answering_every_class_alike(classes: int) -> None:
    expected = cross_entropy(torch.zeros(5, classes), torch.arange(5) % classes).item()
    assert Task("classify", (2,), classes).uniform_loss == pytest.approx(expected, rel=1e-6)


def test_tasks_can_be_compared_and_hashed() -> None:
    assert Task("classify", (2,), 2) == Task("classify", (2,), 2)
    assert len({Task("classify", (2,), 2), Task("classify", (2,), 3)}) == 2
