"""Where nearly all examples are of one class, every class counts alike: in the yardstick, the simple models and the diagnosis."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score

from whynet.data.dataset import Dataset
from whynet.doctor.baseline import errors, simple_baseline
from whynet.doctor.diagnose import diagnose
from whynet.doctor.yardstick import yardstick
from whynet.engine.arm import prepare
from whynet.engine.fit import fit
from whynet.recipe import Given, Recipe, recipe


def rare(share: float, apart: float = 2.5, n: int = 3000) -> Given:
    """Two round clouds of points, one of them rare; rows in a random order."""
    draw = np.random.default_rng(5)
    y = (draw.random(n) < share).astype(np.int64)
    x = draw.normal(size=(n, 2)) + apart * y[:, None]
    return Given((x.astype(np.float32), y), "clouds")


def model(data: Given, **settings: object) -> Recipe:
    return recipe(data, "mlp(widths=[8])", optimizer="adam(lr=0.01)", **{"epochs": 10, "batch_size": 64, **settings})


def loaded(data: Given) -> Dataset:
    return prepare(model(data)).dataset


def test_the_measure_is_that_of_scikit_learn() -> None:
    fitted = fit(model(rare(0.05)))
    test, stick = fitted.dataset.test, yardstick(fitted.dataset)
    answers = fitted.predict(test.x).numpy()
    expected = balanced_accuracy_score(test.y.numpy(), answers)
    assert stick.balanced
    assert stick.value(fitted) == pytest.approx(expected)
    assert 1 - errors(answers, test.y.numpy(), "classify", balanced=True).mean() == pytest.approx(expected)
    assert stick.chance == 0.5
    assert stick.title.en == "balanced accuracy"


def test_recall_is_counted_by_class() -> None:
    fitted = fit(model(rare(0.05)))
    test, answers = fitted.dataset.test, fitted.predict(fitted.dataset.test.x)
    for label in range(2):
        of_it = [int(a) == label for a, y in zip(answers, test.y, strict=True) if int(y) == label]
        assert float(fitted.recall[label]) == pytest.approx(sum(of_it) / len(of_it))


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_where_classes_are_not_that_rare_accuracy_stays(share: float) -> None:
    stick = yardstick(loaded(rare(share)))
    assert not stick.balanced
    assert stick.title.en == "accuracy"


def test_a_class_of_a_few_examples_is_too_little_to_judge_by() -> None:
    assert not yardstick(loaded(rare(0.005, n=1000))).balanced


def test_an_answer_that_ignores_the_input_is_within_the_luck() -> None:
    dataset = loaded(rare(0.05))
    stick, y = yardstick(dataset), dataset.test.y.numpy()
    draw = np.random.default_rng(0)
    guesses = [1 - errors(draw.random(len(y)) < share, y, "classify", balanced=True).mean() for share in (0.05, 0.5) * 200]
    assert np.mean(np.abs(np.array(guesses) - stick.chance) > stick.noise) < 0.02  # three standard errors


def test_simple_models_weigh_classes_alike() -> None:
    dataset = loaded(rare(0.05))
    assert simple_baseline(dataset, balanced=True).metric > 0.9
    constant = [one for one in simple_baseline(dataset, balanced=True).others if one.name.en == "a constant answer"]
    assert constant[0].metric == pytest.approx(0.5)


def test_a_network_that_never_names_the_rare_class_is_sick_and_told_why() -> None:
    """Plain accuracy calls it 0.96 and as good as chance, with nothing to learn in the data."""
    torch.manual_seed(0)
    found = diagnose(model(rare(0.04, apart=1.0)))
    assert found.examination.fitted.score("test") > 0.94
    assert found.examination.metric == pytest.approx(0.5, abs=0.02)
    assert found.state == "mended"
    assert "class-imbalance" in [cause.name for cause in found.confirmed]
    assert "balanced accuracy" in str(found.measured)


def test_one_that_finds_them_is_healthy() -> None:
    assert diagnose(model(rare(0.05, apart=5.0))).state == "healthy"
